"""What a data set of images with boxes is made of: objects, their sizes, boxes that cannot be right; in words."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from suite.errors import DataError
from suite.report import numbers
from suite.report.data_profile import (
    Classes,
    Copies,
    Finding,
    balance,
    classes_by_amount,
    copies_of,
    copy_findings,
    finding,
    kinds_of,
    span,
)
from suite.report.image_profile import Images, check_images, image_findings, images_of

Boxes = NDArray[np.floating[Any]]
"""(N, M, 5): class, left, top, right, bottom in pixels; class -1 where there is none."""
_TWICE = 0.9
"""Intersection over union from which on two boxes of a class are taken to mean one object."""
_EVEN_ENOUGH = 0.2
"""Objects come as they come: classes count as a problem only where they are very uneven."""
_PERCENTILES = (10, 50, 90)
_PARTS = ("training pool", "test part")


@dataclass(frozen=True, kw_only=True)
class Sizes:
    """Percentiles 10, 50 and 90 over the pool's objects of a class; NaN where it has none."""

    sides: tuple[float, ...]
    """Square root of the area, in pixels."""
    elongations: tuple[float, ...]
    """Width over height."""


@dataclass(frozen=True, kw_only=True)
class BoxProfile:
    """A data set of images with boxes in numbers."""

    pool: int
    """Images from which each trial draws its training and validation parts."""
    test: int
    classes: Classes
    """Of the objects."""
    pictures: tuple[int, ...]
    """By class, in how many images of the pool it occurs."""
    sizes: tuple[Sizes, ...]
    """By class."""
    all_sizes: Sizes
    per_image: tuple[tuple[int, int, int], tuple[int, int, int]]
    """Fewest, median and most objects of an image, in the pool and in the test part."""
    without: tuple[int, int]
    """Images without any, likewise."""
    empty: int
    """Boxes of no area, in both parts; so the next two."""
    beyond: int
    """Boxes that reach beyond their image."""
    twice: int
    """Boxes that are nearly the same as another one of their class in their image."""
    copies: Copies
    """Of images; their labels are all of their boxes."""
    images: Images


def profile(
    inputs: NDArray[np.uint8],
    boxes: Boxes,
    test_inputs: NDArray[np.uint8],
    test_boxes: Boxes,
    classes: Sequence[str],
) -> BoxProfile:
    """Inputs are (N, H, W, C), boxes of `classes`. Raises DataError for anything else."""
    for part, images, targets in (("pool", inputs, boxes), ("test part", test_inputs, test_boxes)):
        check_images(part, images)
        _check_boxes(part, images, targets, len(classes))
    kinds = np.arange(len(classes))
    by_image = (boxes[..., 0, None] == kinds).sum(axis=1)  # (N, classes)
    test_by_image = (test_boxes[..., 0, None] == kinds).sum(axis=1)
    objects = boxes[boxes[..., 0] >= 0]
    both = [*boxes, *test_boxes]
    present = np.concatenate([objects, test_boxes[test_boxes[..., 0] >= 0]])
    height, width = inputs.shape[1:3]
    return BoxProfile(
        pool=len(inputs),
        test=len(test_inputs),
        classes=classes_by_amount(classes, by_image, test_by_image.sum(axis=0)),
        pictures=tuple((by_image > 0).sum(axis=0).tolist()),
        sizes=tuple(_sizes(objects[objects[:, 0] == kind]) for kind in kinds),
        all_sizes=_sizes(objects),
        per_image=(_per_image(by_image), _per_image(test_by_image)),
        without=(int((by_image.sum(axis=1) == 0).sum()), int((test_by_image.sum(axis=1) == 0).sum())),
        empty=int(((present[:, 3] <= present[:, 1]) | (present[:, 4] <= present[:, 2])).sum()),
        beyond=int(((present[:, 1:3] < 0).any(axis=1) | (present[:, 3:] > (width, height)).any(axis=1)).sum()),
        twice=sum(_doubles(each[each[:, 0] >= 0]) for each in both),
        copies=copies_of(inputs, test_inputs, *kinds_of(both, "boxes")),
        images=images_of(inputs),
    )


def findings(found: BoxProfile) -> tuple[Finding, ...]:
    """In words, most important first: what spoils the measurement, then what the model meets, then what is well."""
    said = [
        *copy_findings(found.copies, found.pool, found.test),
        *_box_findings(found),
        *_class_findings(found.classes),
        *image_findings(found.images),
    ]
    return tuple(sorted(said, key=lambda one: not one.is_problem))


def _check_boxes(part: str, inputs: NDArray[Any], boxes: Boxes, classes: int) -> None:
    if boxes.ndim != 3 or len(boxes) != len(inputs) or boxes.shape[2] != 5 or boxes.dtype.kind != "f":
        raise DataError(f"boxes of the {part}: {boxes.dtype} {boxes.shape}; accepted: floats (images, boxes, 5)")
    if not np.isfinite(boxes).all():
        raise DataError(f"boxes of the {part}: not all numbers are finite")
    if boxes.size and (boxes[..., 0].min() < -1 or boxes[..., 0].max() >= classes):
        raise DataError(
            f"boxes of the {part}: classes {boxes[..., 0].min():g} to {boxes[..., 0].max():g}; "
            f"accepted: -1 to {classes - 1}"
        )


def _sizes(objects: Boxes) -> Sizes:
    """Of boxes (n, 5)."""
    if not len(objects):
        return Sizes(sides=(np.nan,) * 3, elongations=(np.nan,) * 3)
    width, height = np.maximum(objects[:, 3:] - objects[:, 1:3], 1e-9).astype(np.float64).T
    return Sizes(
        sides=tuple(np.percentile(np.sqrt(width * height), _PERCENTILES).tolist()),
        elongations=tuple(np.percentile(width / height, _PERCENTILES).tolist()),
    )


def _per_image(by_image: NDArray[np.int64]) -> tuple[int, int, int]:
    counts = by_image.sum(axis=1)
    return int(counts.min()), int(np.median(counts)), int(counts.max())


def _doubles(boxes: Boxes) -> int:
    """Of boxes (n, 5), how many agree with an earlier one of their class."""
    left_top = np.maximum(boxes[:, None, 1:3], boxes[None, :, 1:3])
    right_bottom = np.minimum(boxes[:, None, 3:], boxes[None, :, 3:])
    shared = (right_bottom - left_top).clip(min=0).prod(axis=2)
    area = (boxes[:, 3:] - boxes[:, 1:3]).clip(min=0).prod(axis=1)
    union = area[:, None] + area - shared
    alike = (shared >= _TWICE * union) & (union > 0) & (boxes[:, None, 0] == boxes[None, :, 0])
    return int(np.tril(alike, k=-1).any(axis=1).sum())


def _box_findings(found: BoxProfile) -> Iterator[Finding]:
    boxes = sum(found.classes.pool) + sum(found.classes.test)
    for count, what, so in (
        (found.empty, "of no area", "nothing can be found there"),
        (found.beyond, "that reach beyond their image", "the rest of the object cannot be seen"),
        (found.twice, "that nearly agree with another one of their class", "one object counted twice"),
    ):
        yield finding(count, f"{count:,} of the {boxes:,} boxes are ones {what}: {so}", f"no boxes {what}")
    low, middle, high = found.all_sizes.sides
    height, width = found.images.height, found.images.width
    yield Finding(
        text=(
            f"objects are {low:.0f} pixels wide and high (10th percentile) to {high:.0f} (90th), {middle:.0f} in the "
            f"middle, on images of {height} × {width}: {numbers.percent(middle / (height * width) ** 0.5)} of a side"
        ),
        is_problem=False,
    )
    for part, count, of in zip(_PARTS, found.without, (found.pool, found.test), strict=True):
        if count:
            text = f"{count:,} of the {of:,} images of the {part} have no object: whatever is found there is wrong"
            yield Finding(text=text, is_problem=False)


def _class_findings(classes: Classes) -> Iterator[Finding]:
    for part, counts in zip(_PARTS, (classes.pool, classes.test), strict=True):
        empty = [f"“{name}”" for name, count in zip(classes.names, counts, strict=True) if count == 0]
        if empty:
            yield Finding(text=f"no object in the {part}: {', '.join(empty)}", is_problem=True)
    ratio = min(classes.pool_ratio, classes.test_ratio)
    yield Finding(
        text=(
            f"classes are {balance(ratio)}: {span(classes.pool)} objects each in the training pool, "
            f"{span(classes.test)} in the test part"
        ),
        is_problem=ratio < _EVEN_ENOUGH,
    )
