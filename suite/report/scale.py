"""From margins back to the units people think in: points, nats, per cent."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from suite.spec.metrics import METRICS, Unit
from suite.verdict.claims import interval
from suite.verdict.models import ClaimVerdict, Interval, Pair, WorkloadEffect
from suite.verdict.pooling import pool, seed_variance
from suite.verdict.units import CLAMP


@dataclass(frozen=True, kw_only=True)
class RawEffect:
    """Variant against reference in the metric's unit, signed as measured; NaN and None where nothing can be said."""

    centre: float
    repeated: Interval | None
    """At the level of the latest look; stays valid however often one looks."""
    plain_95: Interval | None
    partial: bool
    """Some pairs are left out because a run diverged or never reached the target."""


def sign(metric: str) -> int:
    """+1 where more is better, else -1: `margins = sign * raw / margin`."""
    return 1 if METRICS[metric].higher_is_better else -1


def raw_difference(pair: Pair, unit: Unit) -> float | None:
    """One pair in the unit; None unless both runs have a value (and, for a ratio, a positive one)."""
    variant, reference = pair.variant, pair.reference
    if variant is None or reference is None or not math.isfinite(variant) or not math.isfinite(reference):
        return None
    if unit == "log_ratio":
        return math.log(variant / reference) if variant > 0 and reference > 0 else None
    return (100 if unit == "points" else 1) * (variant - reference)


def is_clamped(pair: Pair) -> bool:
    """The effect was cut off at +-10 margins, or stands for a run that failed."""
    return is_failed(pair) or abs(pair.effect) >= CLAMP


def is_failed(pair: Pair) -> bool:
    """One of its runs diverged or never reached the target."""
    return pair.variant is None or pair.reference is None


def raw_effect(claim: ClaimVerdict) -> RawEffect:
    """The pooled effect in the unit: the mean over workloads of the mean over pairs, pooled as the judge pools margins.

    Where a pair is cut off at +-10 margins or failed, the raw differences of the pairs in which both runs have a value
    are used instead of the judged effects; the test-set variance stays.
    """
    alpha = claim.looks[-1].alpha if claim.looks else math.nan
    return _pooled(claim.workloads, claim.unit, alpha)


def workload_raw_effect(effect: WorkloadEffect, unit: Unit) -> RawEffect:
    """The same for one workload, without a repeated interval."""
    return _pooled((effect,), unit, math.nan)


def _pooled(effects: Sequence[WorkloadEffect], unit: Unit, alpha: float) -> RawEffect:
    centre = math.fsum(effect.raw_effect for effect in effects) / len(effects) if effects else math.nan
    partial = any(raw_difference(pair, unit) is None for effect in effects for pair in effect.pairs)
    parts = [_variances(effect, unit) for effect in effects]
    if not effects or not math.isfinite(centre) or not all(math.isfinite(sum(part)) for part in parts):
        return RawEffect(centre=centre, repeated=None, plain_95=None, partial=partial)
    seeds, test_sets, counts = (np.array(column) for column in zip(*parts, strict=True))
    if not (seeds + test_sets).any():
        exact = Interval(low=centre, high=centre)
        return RawEffect(
            centre=centre, repeated=exact if math.isfinite(alpha) else None, plain_95=exact, partial=partial
        )
    with np.errstate(divide="ignore"):  # no spread over seeds at all: as many degrees of freedom as there can be
        pooled = pool(np.array([effect.raw_effect for effect in effects]), seeds + test_sets, seeds, counts)
    error, freedom = float(pooled.standard_error), float(pooled.degrees_of_freedom)
    return RawEffect(
        centre=centre,
        repeated=interval(centre, error, freedom, alpha) if math.isfinite(alpha) else None,
        plain_95=interval(centre, error, freedom, 0.05),
        partial=partial,
    )


def _variances(effect: WorkloadEffect, unit: Unit) -> tuple[float, float, float]:
    """Of the workload's raw effect in the squared unit: from seeds, from the test set; and the number of pairs used.

    NaN with fewer than two usable pairs.
    """
    test_set = max(0.0, effect.test_set_variance or 0.0) * effect.margin**2
    if not any(is_clamped(pair) for pair in effect.pairs):
        return effect.seed_variance * effect.margin**2, test_set, float(len(effect.pairs))
    differences = [value for pair in effect.pairs if (value := raw_difference(pair, unit)) is not None]
    if len(differences) < 2:
        return math.nan, test_set, math.nan
    return float(seed_variance(np.array(differences), 0.0)), test_set, float(len(differences))


def detectable(claim: ClaimVerdict) -> float:
    """The smallest effect that would have been seen with 80 % power, in the unit.

    NaN before the first look, and where every pair is cut off: the spread of effects is then not known.
    """
    if not claim.looks or all(is_clamped(pair) for effect in claim.workloads for pair in effect.pairs):
        return math.nan
    margin = math.fsum(effect.margin for effect in claim.workloads) / len(claim.workloads)
    return claim.minimum_detectable_effect * margin
