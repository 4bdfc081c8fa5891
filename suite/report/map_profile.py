"""What a data set of images with a class for every pixel is made of: shares of pixels, copies, values; in words."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from suite.errors import DataError
from suite.report import numbers
from suite.report.data_profile import Classes, Copies, Finding, classes_by_amount, copies_of, copy_findings, kinds_of
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
    test = np.bincount(test_maps[test_maps >= 0], minlength=len(classes))
    found = classes_by_amount(classes, by_image, test)
    occurring = int(((test > 0) | (np.arange(len(classes)) == by_image.sum(axis=0).argmax())).sum())
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
