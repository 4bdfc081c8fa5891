"""What a data set of images with a class for every pixel is made of: shares of pixels, copies, values; in words."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from suite.errors import DataError
from suite.report import numbers
from suite.report.data_profile import Classes, Copies, Finding, copies_of, copy_findings, kinds_of, rich_examples
from suite.report.image_profile import Images, check_images, image_findings, images_of

_COMMON = 0.75
"""Share of a single class from which on pixel accuracy says little."""


@dataclass(frozen=True, kw_only=True)
class MapProfile:
    """A data set of images with maps of classes in numbers."""

    pool: int
    """Images from which each trial draws its training and validation parts."""
    test: int
    classes: Classes
    """Of the pixels that have one."""
    pictures: tuple[int, ...]
    """By class, in how many images of the pool it occurs."""
    void: tuple[float, float]
    """Share of the pixels without a class, in the pool and in the test part."""
    guess_iou: float
    """Mean IoU of always guessing the commonest class, on the test part."""
    copies: Copies
    """Of images; their labels are whole maps."""
    images: Images


def profile(
    inputs: NDArray[np.uint8],
    maps: NDArray[np.integer[Any]],
    test_inputs: NDArray[np.uint8],
    test_maps: NDArray[np.integer[Any]],
    classes: Sequence[str],
) -> MapProfile:
    """Inputs are (N, H, W, C), maps (N, H, W) places in `classes`, or -1. Raises DataError for anything else."""
    for part, images, labels in (("pool", inputs, maps), ("test part", test_inputs, test_maps)):
        check_images(part, images)
        _check_maps(part, images, labels, len(classes))
    by_image = np.stack([np.bincount(each[each >= 0], minlength=len(classes)) for each in maps])
    counts = (by_image.sum(axis=0), np.bincount(test_maps[test_maps >= 0], minlength=len(classes)))
    found = _classes(classes, *counts, by_image)
    occurring = int(((counts[1] > 0) | (np.arange(len(classes)) == counts[0].argmax())).sum())
    return MapProfile(
        pool=len(inputs),
        test=len(test_inputs),
        classes=found,
        pictures=tuple((by_image > 0).sum(axis=0).tolist()),
        void=(float((maps < 0).mean()), float((test_maps < 0).mean())),
        guess_iou=found.guess_accuracy / occurring,
        copies=copies_of(inputs, test_inputs, *kinds_of([*maps, *test_maps], "map")),
        images=images_of(inputs),
    )


def findings(found: MapProfile) -> tuple[Finding, ...]:
    """In words, most important first: what spoils the measurement, then what the model meets, then what is well."""
    said = [
        *copy_findings(found.copies, found.pool, found.test),
        *_class_findings(found),
        *image_findings(found.images),
    ]
    return tuple(sorted(said, key=lambda one: not one.is_problem))


def _check_maps(part: str, inputs: NDArray[Any], maps: NDArray[Any], classes: int) -> None:
    if maps.shape != inputs.shape[:3] or maps.dtype.kind not in "iu":
        raise DataError(f"maps of the {part}: {maps.dtype} {maps.shape}; accepted: one integer per pixel")
    if maps.min() < -1 or maps.max() >= classes:
        raise DataError(f"maps of the {part}: {maps.min()} to {maps.max()}; accepted: -1 to {classes - 1}")


def _classes(
    names: Sequence[str], pool: NDArray[np.int64], test: NDArray[np.int64], by_image: NDArray[np.int64]
) -> Classes:
    """`pool` and `test` are (classes,) pixels, `by_image` (N, classes)."""
    most = int(pool.argmax())
    return Classes(
        names=tuple(names),
        pool=tuple(pool.tolist()),
        test=tuple(test.tolist()),
        pool_ratio=float(pool.min() / max(1, pool.max())),
        test_ratio=float(test.min() / max(1, test.max())),
        guess=names[most],
        guess_accuracy=float(test[most] / max(1, test.sum())),
        examples=tuple(rich_examples(by_image[:, place]) for place in range(len(names))),
    )


def _class_findings(found: MapProfile) -> Iterator[Finding]:
    classes = found.classes
    for part, counts in (("training pool", classes.pool), ("test part", classes.test)):
        empty = [f"“{name}”" for name, count in zip(classes.names, counts, strict=True) if count == 0]
        if empty:
            yield Finding(text=f"no pixel in the {part}: {', '.join(empty)}", is_problem=True)
    total = sum(classes.pool)
    least = min(range(len(classes.names)), key=lambda place: classes.pool[place])
    share = max(classes.pool) / max(1, total)
    yield Finding(
        text=(
            f"classes have {numbers.percent(classes.pool[least] / max(1, total), 1)} (“{classes.names[least]}”) to "
            f"{numbers.percent(share, 1)} (“{classes.guess}”) of the pixels; always guessing “{classes.guess}” is "
            f"right on {numbers.percent(classes.guess_accuracy, 1)} of those of the test part, a mean IoU of "
            f"{numbers.percent(found.guess_iou, 1)}"
        ),
        is_problem=share > _COMMON,
    )
    if any(found.void):
        pool, test = (numbers.percent(share, 1) for share in found.void)
        yield Finding(
            text=f"{pool} of the pixels of the training pool and {test} of the test part have no class: not judged",
            is_problem=False,
        )
