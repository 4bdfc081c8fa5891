"""What a data set of series is made of: classes, copies, lengths, the values of each channel; findings in words."""

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
from suite.report.sequence_profile import Lengths, length_findings, lengths_in, lengths_of

_UNLIKE = 10.0
"""Largest standard deviation of a channel over the smallest, from which on it is told."""


@dataclass(frozen=True, kw_only=True)
class Channel:
    """Its values at all places of the pool that hold something."""

    name: str
    minimum: float
    quartiles: tuple[float, float, float]
    maximum: float
    mean: float
    standard_deviation: float


@dataclass(frozen=True, kw_only=True)
class SeriesProfile:
    """A data set of series in numbers."""

    pool: int
    """Examples from which each trial draws its training and validation parts."""
    test: int
    classes: Classes
    copies: Copies
    lengths: Lengths
    channels: tuple[Channel, ...]
    missing: int
    """Values of both parts that are no number, before the end of their series."""


def profile(
    inputs: NDArray[np.float32],
    targets: NDArray[np.int64],
    test_inputs: NDArray[np.float32],
    test_targets: NDArray[np.int64],
    classes: Sequence[str],
) -> SeriesProfile:
    """Inputs are (N, T, C), NaN where a series has ended, targets (N,). Raises DataError for anything else."""
    _check("pool", inputs, targets, len(classes))
    _check("test part", test_inputs, test_targets, len(classes))
    parts = tuple(_Part(part) for part in (inputs, test_inputs))
    return SeriesProfile(
        pool=len(inputs),
        test=len(test_inputs),
        classes=class_balance(targets, test_targets, classes),
        copies=copies_of(inputs, test_inputs, [*targets.tolist(), *test_targets.tolist()], classes),
        lengths=lengths_of(parts[0].lengths, parts[1].lengths),
        channels=tuple(_channel(place + 1, values) for place, values in enumerate(parts[0].values.T)),
        missing=sum(int((~np.isfinite(part.values)).sum()) for part in parts),
    )


def findings(found: SeriesProfile) -> tuple[Finding, ...]:
    """In words: problems first."""
    said = [
        *copy_findings(found.copies, found.pool, found.test),
        *class_findings(found.classes),
        *length_findings(found.lengths, "places"),
        *_value_findings(found),
    ]
    return tuple(sorted(said, key=lambda one: not one.is_problem))


class _Part:
    """One part of the data set without its padding."""

    def __init__(self, inputs: NDArray[np.float32]) -> None:
        there = np.any(~np.isnan(inputs), axis=2)
        self.lengths = lengths_in(there)
        self.values = inputs[np.arange(inputs.shape[1]) < self.lengths[:, None]].astype(np.float64)
        """(places, C)."""


def _check(part: str, inputs: NDArray[Any], targets: NDArray[Any], classes: int) -> None:
    if inputs.dtype.kind != "f" or inputs.ndim != 3 or not inputs.size:
        raise DataError(f"{part}: {inputs.dtype} {inputs.shape}; accepted: series, float32 (N, T, C), at least one")
    check_labels(part, inputs, targets, classes)


def _channel(number: int, values: NDArray[np.float64]) -> Channel:
    known = values[np.isfinite(values)]
    known = known if known.size else np.zeros(1)
    lower, median, upper = (float(value) for value in np.percentile(known, (25, 50, 75)))
    return Channel(
        name=f"channel {number}",
        minimum=float(known.min()),
        quartiles=(lower, median, upper),
        maximum=float(known.max()),
        mean=float(known.mean()),
        standard_deviation=float(known.std()),
    )


def _value_findings(found: SeriesProfile) -> Iterator[Finding]:
    missing = found.missing
    text = f"{missing:,} value{'s are' if missing > 1 else ' is'} no number, before the end of the series"
    yield finding(missing, text, "no value is missing before the end of its series")
    constant = [channel.name for channel in found.channels if channel.minimum == channel.maximum]
    if constant:
        are = "are" if len(constant) > 1 else "is"
        yield Finding(text=f"{', '.join(constant)} {are} the same everywhere in the training pool", is_problem=True)
    scales = sorted(channel.standard_deviation for channel in found.channels if channel.name not in constant)
    if scales and scales[-1] > _UNLIKE * scales[0]:
        text = (
            f"the channels' standard deviations go from {scales[0]:.3g} to {scales[-1]:.3g}: unless each is divided by "
            "its own, the large ones speak alone"
        )
        yield Finding(text=text, is_problem=True)
