"""What a data set is made of, measured before anything is trained on it, and the findings in words.

Classes and copies, which examples of any kind have; what only images, series or texts have is in modules of their own.
"""

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from suite.errors import DataError
from suite.report import numbers

_EXAMPLES = 10
_RICH = 8
_MOST_GROUPS = 10
_BALANCE = ((0.9, "balanced"), (0.75, "nearly balanced"), (0.2, "uneven"), (0.0, "very uneven"))
"""Examples of the smallest class over those of the largest, from which on the word holds."""
_EVEN_ENOUGH = 0.75


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
class Finding:
    """One sentence about the data."""

    text: str
    is_problem: bool
    """Something to think about before training."""


def balance(ratio: float) -> str:
    """`balanced`, `nearly balanced`, `uneven` or `very uneven`."""
    return next(word for least, word in _BALANCE if ratio >= least)


def span(counts: Sequence[int]) -> str:
    """`88 to 93`, or `5,000` where all agree."""
    least, most = min(counts), max(counts)
    return f"{least:,}" if least == most else f"{least:,} to {most:,}"


def check_labels(part: str, inputs: NDArray[Any], targets: NDArray[Any], classes: int) -> None:
    """Raises DataError unless every example has a class."""
    if targets.shape != inputs.shape[:1] or targets.dtype.kind not in "iu":
        raise DataError(f"labels of the {part}: {targets.dtype} {targets.shape}; accepted: one integer per example")
    if targets.min() < 0 or targets.max() >= classes:
        raise DataError(f"labels of the {part}: {targets.min()} to {targets.max()}; accepted: 0 to {classes - 1}")


def class_balance(targets: NDArray[np.int64], test_targets: NDArray[np.int64], names: Sequence[str]) -> Classes:
    """Of labels (N,), places in `names`."""
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


def classes_by_amount(names: Sequence[str], by_image: NDArray[np.int64], test: NDArray[np.int64]) -> Classes:
    """Of pixels or objects: how many each image of the pool has of each class (N, classes), and the test (classes,)."""
    pool = by_image.sum(axis=0)
    most = int(pool.argmax())
    return Classes(
        names=tuple(names),
        pool=tuple(pool.tolist()),
        test=tuple(test.tolist()),
        pool_ratio=float(pool.min() / max(1, pool.max())),
        test_ratio=float(test.min() / max(1, test.max())),
        guess=names[most],
        guess_accuracy=float(test[most] / max(1, test.sum())),
        examples=tuple(_rich(by_image[:, place]) for place in range(len(names))),
    )


def _rich(amounts: NDArray[np.integer[Any]]) -> tuple[int, ...]:
    """Of the examples that have some of a class, a few places from all over the half with most; amounts are (N,)."""
    there = np.flatnonzero(amounts)
    rich = np.sort(there[np.argsort(-amounts[there], kind="stable")][: max(_RICH, len(there) // 2)])
    return tuple(rich[np.linspace(0, len(rich) - 1, min(_RICH, len(rich))).astype(int)].tolist())


def kinds_of(targets: Iterable[NDArray[Any]], noun: str) -> tuple[list[int], list[str]]:
    """The number of each target among the different ones, and a name for each of those: for `copies_of`."""
    seen: dict[bytes, int] = {}
    labels = [seen.setdefault(hashlib.blake2b(each.tobytes(), digest_size=16).digest(), len(seen)) for each in targets]
    return labels, [f"{noun} {number + 1}" for number in range(len(seen))]


def copies_of(inputs: NDArray[Any], test_inputs: NDArray[Any], labels: Sequence[int], classes: Sequence[str]) -> Copies:
    """`labels` are those of both parts, one after the other."""
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


def copy_findings(copies: Copies, pool: int, test: int) -> Iterator[Finding]:
    """`pool` and `test` are the numbers of examples."""
    seen, cases = copies.test_in_pool, copies.contradictions
    yield finding(
        seen,
        f"{seen:,} of the {test:,} examples of the test part occur{'s' * (seen == 1)} in the training pool: there the "
        "test measures memory, not generalisation",
        "no example of the test part occurs in the training pool, byte for byte",
    )
    yield finding(
        cases,
        f"the same content carries different labels in {cases:,} case{'s' * (cases != 1)}: "
        "no model can be right on every copy",
        "no content carries different labels",
    )
    split, twice = "copies can land on both sides of the split into training and validation", "they weigh double"
    parts = ("training pool", copies.in_pool, pool, split), ("test part", copies.in_test, test, twice)
    for part, count, of, so in parts:
        text = f"{count:,} of the {of:,} examples of the {part} repeat{'s' * (count == 1)} an earlier one: {so}"
        yield finding(count, text, f"no example of the {part} repeats another")


def class_findings(classes: Classes) -> Iterator[Finding]:
    """Empty classes, then how even they are."""
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
    yield finding(ratio < _EVEN_ENOUGH, f"{counted}; {guess}", counted)


def finding(problem: float, text: str, otherwise: str) -> Finding:
    """One or the other."""
    return Finding(text=text if problem else otherwise, is_problem=bool(problem))
