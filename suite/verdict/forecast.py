"""What each look will be able to see, before it is taken."""

import math
from dataclasses import dataclass

from suite.verdict import looks
from suite.verdict.claims import minimum_detectable_effect
from suite.verdict.models import ClaimVerdict


@dataclass(frozen=True, kw_only=True)
class Forecast:
    """The smallest effect that a look finds with 80 % power."""

    pairs: int
    per_deviation: float
    """In standard deviations of one pair's effect, taken as equal on all workloads, without test-set noise."""
    margins: float | None
    """In margins, from the spread measured so far; None before anything has been measured."""


def forecasts(claim: ClaimVerdict, workloads: int) -> tuple[Forecast, ...]:
    """One per planned look."""
    return tuple(_forecast(claim, workloads, look) for look in looks.plan(claim.planned_looks, workloads))


def _forecast(claim: ClaimVerdict, workloads: int, look: looks.PlannedLook) -> Forecast:
    freedom = workloads * (look.pairs - 1)
    unit = minimum_detectable_effect(1 / math.sqrt(workloads * look.pairs), freedom, look.alpha)
    return Forecast(pairs=look.pairs, per_deviation=unit, margins=_measured(claim, look, freedom))


def _measured(claim: ClaimVerdict, look: looks.PlannedLook, freedom: int) -> float | None:
    """Seeds count for more as they grow in number, the test set does not."""
    if not claim.workloads or not math.isfinite(claim.standard_error):
        return None
    variances = [
        effect.seed_variance * len(effect.pairs) / look.pairs + max(0.0, effect.test_set_variance or 0.0)
        for effect in claim.workloads
    ]
    return minimum_detectable_effect(math.sqrt(math.fsum(variances)) / len(variances), freedom, look.alpha)
