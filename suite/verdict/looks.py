"""When a claim is judged, and how much of its error budget each look may spend.

The shares belong to the numbers of pairs and are never handed on: a plan cut short by a cap spends less than alpha, and
raising the cap later goes on with shares that nobody has spent. A look outside the plan has none and decides nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass

ALPHA = 0.01
"""The probability of any false verdict on one claim, over all its looks."""

SHARES = {5: 0.2, 10: 0.3, 20: 0.5}
SHARES_SINGLE_WORKLOAD = {10: 0.4, 20: 0.6}
"""A rare divergence is invisible in 5 pairs, and one workload offers no more of them."""


@dataclass(frozen=True, kw_only=True)
class PlannedLook:
    """Judging with `pairs` pairs per workload, at level alpha = 0.01 `weight`."""

    pairs: int
    weight: float

    @property
    def alpha(self) -> float:
        """The share of the claim's error probability that this look may spend."""
        return ALPHA * self.weight


def plan(pairs: Sequence[int], workloads: int) -> tuple[PlannedLook, ...]:
    """The looks at these numbers of pairs that have a share; in all they spend at most 0.01."""
    shares = SHARES_SINGLE_WORKLOAD if workloads == 1 else SHARES
    return tuple(PlannedLook(pairs=n, weight=shares[n]) for n in sorted(set(pairs)) if n in shares)


def first_planned(workloads: int) -> PlannedLook:
    """The first look without any cap."""
    return plan((5, 10, 20), workloads)[0]
