"""How long the sequences of a data set are, and what a pad to a length would keep of them."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from suite.report import numbers
from suite.report.data_profile import Finding

PERCENTILES = (50, 75, 90, 95, 99, 100)
_USUAL = 90
"""The percentile that findings speak of."""
_MUCH_PADDING = 0.5


@dataclass(frozen=True, kw_only=True)
class Pad:
    """All sequences cut off, or padded, to the length that a share of those of the pool do not exceed."""

    percentile: int
    length: int
    whole: float
    """Share of the examples that lose nothing."""
    kept: float
    """Share of the tokens, or values in time, that are kept."""
    padding: float
    """Share of the places that would hold nothing."""


@dataclass(frozen=True, kw_only=True)
class Lengths:
    """Of the pool, since nothing may be learnt from the test part, but for its longest."""

    shortest: int
    mean: float
    longest: int
    test_longest: int
    empty: int
    """Examples with nothing in them, of both parts."""
    total: int
    test_total: int
    pads: tuple[Pad, ...]
    """At `PERCENTILES`."""


def lengths_of(pool: NDArray[np.int64], test: NDArray[np.int64]) -> Lengths:
    """Of how many places of each example (N,) hold something."""
    return Lengths(
        shortest=int(pool.min()),
        mean=float(pool.mean()),
        longest=int(pool.max()),
        test_longest=int(test.max()),
        empty=int((pool == 0).sum() + (test == 0).sum()),
        total=int(pool.sum()),
        test_total=int(test.sum()),
        pads=tuple(_pad(pool, percentile) for percentile in PERCENTILES),
    )


def _pad(lengths: NDArray[np.int64], percentile: int) -> Pad:
    length = max(1, int(np.percentile(lengths, percentile, method="higher")))
    kept = int(np.minimum(lengths, length).sum())
    return Pad(
        percentile=percentile,
        length=length,
        whole=float((lengths <= length).mean()),
        kept=kept / max(1, int(lengths.sum())),
        padding=1 - kept / (len(lengths) * length),
    )


def length_findings(found: Lengths, what: str) -> Iterator[Finding]:
    """`what` are the things that a sequence is made of, such as words."""
    if found.empty:
        are = "examples have" if found.empty > 1 else "example has"
        yield Finding(text=f"{found.empty:,} {are} nothing in {'them' if found.empty > 1 else 'it'}", is_problem=True)
    if found.shortest == found.longest:
        yield Finding(text=f"all examples have {found.longest:,} {what}: nothing is padding", is_problem=False)
        return
    usual, longest = (next(pad for pad in found.pads if pad.percentile == wanted) for wanted in (_USUAL, 100))
    yield Finding(
        text=(
            f"examples have {found.shortest:,} to {found.longest:,} {what}: padded to the longest, "
            f"{numbers.percent(longest.padding)} of all places would hold nothing; {usual.length:,} {what} keep "
            f"{numbers.percent(usual.whole)} of the examples whole and {numbers.percent(usual.kept)} of the {what}"
        ),
        is_problem=longest.padding > _MUCH_PADDING,
    )


def lengths_in(there: NDArray[Any]) -> NDArray[np.int64]:
    """Places up to the last that holds something; `there` is bool (N, T)."""
    backwards = there[:, ::-1]
    found: NDArray[np.int64] = np.where(there.any(axis=1), there.shape[1] - backwards.argmax(axis=1), 0)
    return found
