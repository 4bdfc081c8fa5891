"""What a data set of images is made of: classes, copies, values; and the findings in words."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from suite.errors import DataError
from suite.report.data_profile import (
    Classes,
    Copies,
    Finding,
    check_labels,
    class_balance,
    class_findings,
    copies_of,
    copy_findings,
    finding,
)

_CHUNK = 4096
_LEVELS = 256
_CHANNELS = {1: ("grey",), 3: ("red", "green", "blue")}


@dataclass(frozen=True, kw_only=True)
class Channel:
    """The values of one channel over the whole pool."""

    name: str
    minimum: int
    quartiles: tuple[int, int, int]
    maximum: int
    mean: float
    standard_deviation: float


@dataclass(frozen=True, kw_only=True)
class Images:
    """What only pictures have; values are those of the pool, since nothing may be learnt from the test part."""

    height: int
    width: int
    channels: tuple[Channel, ...]
    constant_pixels: int
    """Pixels that are the same in every picture of the pool, in all channels."""


@dataclass(frozen=True, kw_only=True)
class ImageProfile:
    """A data set of images in numbers."""

    pool: int
    """Examples from which each trial draws its training and validation parts."""
    test: int
    classes: Classes
    copies: Copies
    images: Images


def profile(
    inputs: NDArray[np.uint8],
    targets: NDArray[np.int64],
    test_inputs: NDArray[np.uint8],
    test_targets: NDArray[np.int64],
    classes: Sequence[str],
) -> ImageProfile:
    """Inputs are (N, H, W, C), targets (N,) places in `classes`. Raises DataError for anything else."""
    for part, images, labels in (("pool", inputs, targets), ("test part", test_inputs, test_targets)):
        check_images(part, images)
        check_labels(part, images, labels, len(classes))
    if inputs.shape[1:] != test_inputs.shape[1:]:
        raise DataError(f"images: {inputs.shape[1:]} in the pool, {test_inputs.shape[1:]} in the test part")
    return ImageProfile(
        pool=len(inputs),
        test=len(test_inputs),
        classes=class_balance(targets, test_targets, classes),
        copies=copies_of(inputs, test_inputs, [*targets.tolist(), *test_targets.tolist()], classes),
        images=images_of(inputs),
    )


def findings(found: ImageProfile) -> tuple[Finding, ...]:
    """In words, most important first: what spoils the measurement, then what the model meets, then what is well."""
    said = [
        *copy_findings(found.copies, found.pool, found.test),
        *class_findings(found.classes),
        *image_findings(found.images),
    ]
    return tuple(sorted(said, key=lambda one: not one.is_problem))


def check_images(part: str, inputs: NDArray[Any]) -> None:
    """Raises DataError unless it is a part of a data set of images."""
    if inputs.dtype != np.uint8 or inputs.ndim != 4 or not inputs.size:
        raise DataError(f"{part}: {inputs.dtype} {inputs.shape}; accepted: images, uint8 (N, H, W, C), at least one")


def images_of(inputs: NDArray[np.uint8]) -> Images:
    """Of the pool (N, H, W, C)."""
    _, height, width, depth = inputs.shape
    names = _CHANNELS.get(depth) or tuple(f"channel {place + 1}" for place in range(depth))
    # Counted level by level: the whole pool as floating point numbers would not fit beside it.
    counts = np.zeros((depth, _LEVELS), dtype=np.int64)
    for start in range(0, len(inputs), _CHUNK):
        part = inputs[start : start + _CHUNK]
        for place in range(depth):
            counts[place] += np.bincount(part[..., place].ravel(), minlength=_LEVELS)
    constant = (inputs.min(axis=0) == inputs.max(axis=0)).all(axis=-1)
    return Images(
        height=height,
        width=width,
        channels=tuple(_channel(name, levels) for name, levels in zip(names, counts, strict=True)),
        constant_pixels=int(constant.sum()),
    )


def _channel(name: str, counts: NDArray[np.int64]) -> Channel:
    """`counts` is (256,): how often each level occurs."""
    levels, total = np.arange(_LEVELS), counts.sum()
    mean = float(counts @ levels / total)
    lower, median, upper = np.searchsorted(np.cumsum(counts), total * np.array([0.25, 0.5, 0.75]))
    present = np.flatnonzero(counts)
    return Channel(
        name=name,
        minimum=int(present[0]),
        quartiles=(int(lower), int(median), int(upper)),
        maximum=int(present[-1]),
        mean=mean,
        standard_deviation=float(np.sqrt(counts @ (levels - mean) ** 2 / total)),
    )


def image_findings(images: Images) -> Iterator[Finding]:
    """Values that fill little of their range, pixels that never vary."""
    for channel in images.channels:
        if channel.maximum - channel.minimum < _LEVELS // 2:
            used = f"{channel.minimum} to {channel.maximum}"
            yield Finding(text=f"the values ({channel.name}) fill only {used} of 0 to 255", is_problem=True)
    constant, pixels = images.constant_pixels, images.height * images.width
    yield finding(
        constant,
        f"{constant:,} of the {pixels:,} pixels {'is' if constant == 1 else 'are'} the same in every "
        "image of the training pool: standardising pixel by pixel would divide by zero there",
        "no pixel is the same in every image",
    )
