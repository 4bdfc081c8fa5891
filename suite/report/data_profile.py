"""What a data set is made of, measured before anything is trained on it, and the findings in words.

`Classes` and `Copies` hold for examples of any kind; `Images` is what only pictures have.
"""

import hashlib
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from suite.errors import DataError
from suite.report import numbers

_EXAMPLES = 10
_MOST_GROUPS = 10
_CHUNK = 4096
_LEVELS = 256
_BALANCE = ((0.9, "balanced"), (0.75, "nearly balanced"), (0.2, "uneven"), (0.0, "very uneven"))
"""Examples of the smallest class over those of the largest, from which on the word holds."""
_EVEN_ENOUGH = 0.75
_CHANNELS = {1: ("grey",), 3: ("red", "green", "blue")}


@dataclass(frozen=True, kw_only=True)
class Classes:
    """The balance of the classes; tuples go by class."""

    names: tuple[str, ...]
    pool: tuple[int, ...]
    test: tuple[int, ...]
    pool_ratio: float
    """Examples of the smallest class over those of the largest, in the pool: 1 is perfect balance, 0 an empty class."""
    test_ratio: float
    guess: str
    """The largest class of the pool."""
    guess_accuracy: float
    """Of always guessing it, on the test part."""
    examples: tuple[tuple[int, ...], ...]
    """A few places in the pool per class, spread over it."""


@dataclass(frozen=True, kw_only=True)
class Group:
    """One content and everywhere it occurs."""

    pool: tuple[int, ...]
    test: tuple[int, ...]
    labels: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Copies:
    """Examples that agree in every byte."""

    in_pool: int
    """Examples of the pool that repeat an earlier one of the pool."""
    in_test: int
    test_in_pool: int
    """Examples of the test part that occur in the pool."""
    contradictions: int
    """Contents that carry more than one label, over both parts."""
    groups: tuple[Group, ...]
    """At most ten, the worst first: several labels, then pool and test, then within one part."""


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
class DataProfile:
    """A data set in numbers."""

    pool: int
    """Examples from which each trial draws its training and validation parts."""
    test: int
    classes: Classes
    copies: Copies
    images: Images


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One sentence about the data."""

    text: str
    is_problem: bool
    """Something to think about before training."""


def profile(
    inputs: NDArray[np.uint8],
    targets: NDArray[np.int64],
    test_inputs: NDArray[np.uint8],
    test_targets: NDArray[np.int64],
    classes: Sequence[str],
) -> DataProfile:
    """Inputs are (N, H, W, C), targets (N,) places in `classes`. Raises DataError for anything else."""
    _check("pool", inputs, targets, len(classes))
    _check("test part", test_inputs, test_targets, len(classes))
    if inputs.shape[1:] != test_inputs.shape[1:]:
        raise DataError(f"images: {inputs.shape[1:]} in the pool, {test_inputs.shape[1:]} in the test part")
    return DataProfile(
        pool=len(inputs),
        test=len(test_inputs),
        classes=_classes(targets, test_targets, classes),
        copies=_copies(inputs, test_inputs, [*targets.tolist(), *test_targets.tolist()], classes),
        images=_images(inputs),
    )


def findings(found: DataProfile) -> tuple[Finding, ...]:
    """In words, most important first: what spoils the measurement, then what the model meets, then what is well."""
    said = [
        *_copy_findings(found.copies, found.pool, found.test),
        *_class_findings(found.classes),
        *_image_findings(found.images),
    ]
    return tuple(sorted(said, key=lambda finding: not finding.is_problem))


def balance(ratio: float) -> str:
    """`balanced`, `nearly balanced`, `uneven` or `very uneven`."""
    return next(word for least, word in _BALANCE if ratio >= least)


def span(counts: Sequence[int]) -> str:
    """`88 to 93`, or `5,000` where all agree."""
    least, most = min(counts), max(counts)
    return f"{least:,}" if least == most else f"{least:,} to {most:,}"


def _check(part: str, inputs: NDArray[Any], targets: NDArray[Any], classes: int) -> None:
    if inputs.dtype != np.uint8 or inputs.ndim != 4 or not inputs.size:
        raise DataError(f"{part}: {inputs.dtype} {inputs.shape}; accepted: images, uint8 (N, H, W, C), at least one")
    if targets.shape != inputs.shape[:1] or targets.dtype.kind not in "iu":
        raise DataError(f"labels of the {part}: {targets.dtype} {targets.shape}; accepted: one integer per image")
    if targets.min() < 0 or targets.max() >= classes:
        raise DataError(f"labels of the {part}: {targets.min()} to {targets.max()}; accepted: 0 to {classes - 1}")


def _classes(targets: NDArray[np.int64], test_targets: NDArray[np.int64], names: Sequence[str]) -> Classes:
    pool, test = (np.bincount(part, minlength=len(names)) for part in (targets, test_targets))
    most = int(pool.argmax())
    return Classes(
        names=tuple(names),
        pool=tuple(pool.tolist()),
        test=tuple(test.tolist()),
        pool_ratio=float(pool.min() / pool.max()),
        test_ratio=float(test.min() / test.max()),
        guess=names[most],
        guess_accuracy=float(test[most] / test.sum()),
        examples=tuple(_spread(targets == place) for place in range(len(names))),
    )


def _spread(members: NDArray[np.bool_]) -> tuple[int, ...]:
    """Not the first ones: many data sets are sorted by where their examples come from."""
    places = np.flatnonzero(members)
    chosen = np.linspace(0, len(places) - 1, min(_EXAMPLES, len(places))).astype(int)
    return tuple(places[chosen].tolist())


def _copies(
    inputs: NDArray[np.uint8], test_inputs: NDArray[np.uint8], labels: Sequence[int], classes: Sequence[str]
) -> Copies:
    pool = len(inputs)
    found: defaultdict[bytes, list[int]] = defaultdict(list)
    for part, first in ((inputs, 0), (test_inputs, pool)):
        for place, example in enumerate(part):
            found[hashlib.blake2b(example.tobytes(), digest_size=16).digest()].append(first + place)
    groups = [_group(places, pool, labels, classes) for places in found.values() if len(places) > 1]
    worst = sorted(groups, key=lambda group: (-len(group.labels), not (group.pool and group.test)))
    return Copies(
        in_pool=sum(max(0, len(group.pool) - 1) for group in groups),
        in_test=sum(max(0, len(group.test) - 1) for group in groups),
        test_in_pool=sum(len(group.test) for group in groups if group.pool),
        contradictions=sum(len(group.labels) > 1 for group in groups),
        groups=tuple(worst[:_MOST_GROUPS]),
    )


def _group(places: Sequence[int], pool: int, labels: Sequence[int], classes: Sequence[str]) -> Group:
    return Group(
        pool=tuple(place for place in places if place < pool),
        test=tuple(place - pool for place in places if place >= pool),
        labels=tuple(classes[label] for label in sorted({labels[place] for place in places})),
    )


def _images(inputs: NDArray[np.uint8]) -> Images:
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


def _copy_findings(copies: Copies, pool: int, test: int) -> Iterator[Finding]:
    seen, cases = copies.test_in_pool, copies.contradictions
    yield _finding(
        seen,
        f"{seen:,} of the {test:,} examples of the test part occur{'s' * (seen == 1)} in the training pool: there the "
        "test measures memory, not generalisation",
        "no example of the test part occurs in the training pool, byte for byte",
    )
    yield _finding(
        cases,
        f"the same content carries different labels in {cases:,} case{'s' * (cases != 1)}: "
        "no model can be right on every copy",
        "no content carries different labels",
    )
    split, twice = "copies can land on both sides of the split into training and validation", "they weigh double"
    parts = ("training pool", copies.in_pool, pool, split), ("test part", copies.in_test, test, twice)
    for part, count, of, so in parts:
        text = f"{count:,} of the {of:,} examples of the {part} repeat{'s' * (count == 1)} an earlier one: {so}"
        yield _finding(count, text, f"no example of the {part} repeats another")


def _class_findings(classes: Classes) -> Iterator[Finding]:
    for part, counts in (("training pool", classes.pool), ("test part", classes.test)):
        empty = [f"“{name}”" for name, count in zip(classes.names, counts, strict=True) if count == 0]
        if empty:
            more = f" and {len(empty) - 5} more" if len(empty) > 5 else ""
            yield Finding(text=f"no example in the {part}: {', '.join(empty[:5])}{more}", is_problem=True)
    ratio = min(classes.pool_ratio, classes.test_ratio)
    counted = (
        f"classes are {balance(ratio)}: {span(classes.pool)} examples each in the training pool, "
        f"{span(classes.test)} in the test part"
    )
    guess = f"always guessing “{classes.guess}” is right on {numbers.percent(classes.guess_accuracy, 1)} of the latter"
    yield _finding(ratio < _EVEN_ENOUGH, f"{counted}; {guess}", counted)


def _image_findings(images: Images) -> Iterator[Finding]:
    for channel in images.channels:
        if channel.maximum - channel.minimum < _LEVELS // 2:
            used = f"{channel.minimum} to {channel.maximum}"
            yield Finding(text=f"the values ({channel.name}) fill only {used} of 0 to 255", is_problem=True)
    constant, pixels = images.constant_pixels, images.height * images.width
    yield _finding(
        constant,
        f"{constant:,} of the {pixels:,} pixels {'is' if constant == 1 else 'are'} the same in every "
        "image of the training pool: standardising pixel by pixel would divide by zero there",
        "no pixel is the same in every image",
    )


def _finding(problem: float, text: str, otherwise: str) -> Finding:
    return Finding(text=text if problem else otherwise, is_problem=bool(problem))
