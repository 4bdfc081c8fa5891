"""Error control over the catalogue: many claims, few false discoveries.

Benjamini and Hochberg (1995), Journal of the Royal Statistical Society B 57, 289-300; Holm (1979), Scandinavian Journal
of Statistics 6, 65-70. The number of tests is the catalogue's size: claims without a verdict count as p = 1.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from suite.verdict.units import Floats

FALSE_DISCOVERY_RATE = 0.05
"""q over the primary claims of the catalogue."""


@dataclass(frozen=True, kw_only=True)
class Corrected:
    """In the order of the p-values given."""

    adjusted: tuple[float, ...]
    rejected: tuple[bool, ...]


def benjamini_hochberg(
    p_values: Sequence[float], *, catalogue_size: int | None = None, q: float = FALSE_DISCOVERY_RATE
) -> Corrected:
    """Controls the expected share of false discoveries at q; adjusted_(i) = min over k >= i of p_(k) m / k."""
    p, size = _checked(p_values, catalogue_size)
    order = np.argsort(p, kind="stable")
    scaled = p[order] * size / np.arange(1, p.size + 1)
    return _corrected(np.minimum.accumulate(scaled[::-1])[::-1], order, q)


def over_catalogue(p_values: Sequence[float], size: int | None) -> Corrected:
    """Of the primary claims, by `benjamini_hochberg` over a catalogue of so many; NaN, not known yet, counts as 1."""
    known = [min(1.0, p) if math.isfinite(p) else 1.0 for p in p_values]
    return benjamini_hochberg(known, catalogue_size=max(len(known), size or 0))


def holm(p_values: Sequence[float], *, catalogue_size: int | None = None, alpha: float = 0.05) -> Corrected:
    """Controls the probability of any false discovery at alpha; adjusted_(i) = max over k <= i of p_(k) (m - k + 1)."""
    p, size = _checked(p_values, catalogue_size)
    order = np.argsort(p, kind="stable")
    scaled = p[order] * (size - np.arange(p.size))
    return _corrected(np.maximum.accumulate(scaled), order, alpha)


def _checked(p_values: Sequence[float], catalogue_size: int | None) -> tuple[Floats, int]:
    p = np.asarray(p_values, dtype=np.float64)
    size = p.size if catalogue_size is None else catalogue_size
    if not np.all((p >= 0) & (p <= 1)):
        raise ValueError(f"p-values must lie in [0, 1]: {list(p_values)}")
    if size < p.size:
        raise ValueError(f"a catalogue of {size} claims cannot have {p.size} p-values")
    return p, size


def _corrected(in_order: Floats, order: np.ndarray, level: float) -> Corrected:
    adjusted = np.empty_like(in_order)
    adjusted[order] = np.minimum(in_order, 1.0)
    return Corrected(adjusted=tuple(adjusted.tolist()), rejected=tuple((adjusted <= level).tolist()))
