"""Verdicts built by hand: what the judge would need hundreds of trials to arrive at, and what it may never give."""

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from suite.report.scale import sign
from suite.spec.metrics import METRICS
from suite.verdict.models import (
    AblationVerdict,
    ArmTuning,
    ClaimVerdict,
    DefaultComparison,
    FailureCount,
    Interval,
    Look,
    Pair,
    SweepPoint,
    WorkloadEffect,
)

NAN = math.nan
NO_INTERVAL = Interval(low=NAN, high=NAN)
NO_FAILURES = FailureCount(failures=0, runs=5, share_95=Interval(low=0.0, high=0.52))


def pair(seed: int, variant: float | None, reference: float | None, *, metric: str, margin: float) -> Pair:
    """A pair as the judge would make it: clamped at +-10, a missing variant -10, a missing reference +10."""
    if variant is None or reference is None:
        effect = 10.0 * ((reference is None) - (variant is None))
    elif METRICS[metric].unit == "log_ratio":
        effect = sign(metric) * math.log(variant / reference) / margin
    else:
        effect = sign(metric) * (100 if METRICS[metric].unit == "points" else 1) * (variant - reference) / margin
    return Pair(
        seed=seed,
        variant_trial_id=f"{seed:08x}aaaaaaaa",
        reference_trial_id=f"{seed:08x}bbbbbbbb",
        variant=variant,
        reference=reference,
        effect=max(-10.0, min(10.0, effect)),
    )


def workload(
    values: Sequence[tuple[float | None, float | None]],
    *,
    metric: str = "test_accuracy",
    margin: float = 0.5,
    name: str = "digits_cnn",
) -> WorkloadEffect:
    """One claim on one workload from (variant, reference) values by seed."""
    pairs = tuple(pair(seed, *both, metric=metric, margin=margin) for seed, both in enumerate(values))
    effects = [item.effect for item in pairs]
    n, mean = len(effects), sum(effects) / len(effects) if effects else NAN
    variance = sum((x - mean) ** 2 for x in effects) / (n - 1) / n if n > 1 else NAN
    error = math.sqrt(variance)
    whole = [item for item in pairs if item.variant is not None and item.reference is not None]
    raw = [sign(metric) * item.effect * margin for item in whole]
    if METRICS[metric].unit == "log_ratio":
        raw = [math.log(item.variant / item.reference) for item in whole]  # type: ignore[operator]
    return WorkloadEffect(
        workload=name,
        margin=margin,
        target=0.93 if METRICS[metric].from_curve else None,
        pairs=pairs,
        effect=mean,
        raw_effect=sum(raw) / len(raw) if raw else NAN,
        standard_error=error,
        degrees_of_freedom=n - 1.0,
        interval_95=Interval(low=mean - 2.78 * error, high=mean + 2.78 * error),
        seed_variance=variance,
        test_set_variance=None,
        test_examples=None,
        variant_failures=_failures([item.variant for item in pairs]),
        reference_failures=_failures([item.reference for item in pairs]),
        mcnemar_p=1.0,
        significantly_opposite=False,
    )


def _failures(values: Sequence[float | None]) -> FailureCount:
    return FailureCount(
        failures=sum(value is None for value in values), runs=len(values), share_95=Interval(low=0.0, high=0.52)
    )


def claim(*effects: WorkloadEffect, t: float = 4.0, **changes: Any) -> ClaimVerdict:
    """A claim pooled over the workloads, with whatever else a test wants to set."""
    mean = sum(effect.effect for effect in effects) / len(effects) if effects else NAN
    error = math.sqrt(sum(effect.standard_error**2 for effect in effects)) / len(effects) if effects else NAN
    repeated = Interval(low=mean - t * error, high=mean + t * error)
    pairs = min((len(effect.pairs) for effect in effects), default=0)
    look = Look(
        pairs=pairs, alpha=0.002, effect=mean, standard_error=error, degrees_of_freedom=7.0, repeated_interval=repeated,
        p_difference=0.001, p_equivalence=0.9, decision=changes.get("verdict", "helps"),
    )  # fmt: skip
    start = ClaimVerdict(
        name="it_helps", variant="bn", reference="neither", metric="test_accuracy", unit="points", expect="better",
        primary=True, verdict="helps", strong=False, outcome="supported", reason="p 0.001 at 5 pairs", decided=True,
        pairs=pairs, planned_looks=(5, 10, 20), looks=(look,) if effects else (), workloads=effects, effect=mean,
        raw_effect=sum(effect.raw_effect for effect in effects) / len(effects) if effects else NAN,
        standard_error=error, degrees_of_freedom=7.0, repeated_interval=repeated,
        interval_95=Interval(low=mean - 2.4 * error, high=mean + 2.4 * error), p_verdict=0.001,
        probability_of_improvement=0.9, probability_of_improvement_95=Interval(low=0.7, high=0.98),
        minimum_detectable_effect=2.2, at_default=None, warnings=(),
    )  # fmt: skip
    changes.setdefault("unit", METRICS[changes.get("metric", "test_accuracy")].unit)
    return replace(start, **changes)


def open_claim(**changes: Any) -> ClaimVerdict:
    """A claim before its first look."""
    start = claim(
        verdict="inconclusive", outcome="undecided", decided=False, reason="the sweep is not complete: 3 of 24 trials",
        repeated_interval=NO_INTERVAL, interval_95=NO_INTERVAL, p_verdict=1.0, probability_of_improvement=NAN,
        probability_of_improvement_95=NO_INTERVAL, minimum_detectable_effect=NAN,
    )  # fmt: skip
    return replace(start, **changes)


def default_comparison(effect: float, raw: float) -> DefaultComparison:
    """Five pairs at the untuned default."""
    return DefaultComparison(
        pairs=5, effect=effect, raw_effect=raw, interval_95=Interval(low=effect - 0.8, high=effect + 0.8)
    )


def tuning(name: str, arm: str, scores: dict[Any, Sequence[float | None]], *, key: str = "optimizer.lr") -> ArmTuning:
    """One arm's sweep over one key; the best mean is chosen."""
    points = tuple(
        SweepPoint(
            point=((key, value),),
            scores=tuple(of_seed),
            score=sum(score or 0.0 for score in of_seed) / len(of_seed),
            trial_ids=tuple(f"{arm[:4]:_<4}{index:04x}{seed:08x}" for seed in range(len(of_seed))),
        )
        for index, (value, of_seed) in enumerate(scores.items())
    )
    best = max(points, key=lambda point: point.score)
    means = sorted(point.score for point in points)
    curve = tuple(
        sum(means[i - 1] * math.comb(i - 1, k - 1) / math.comb(len(means), k) for i in range(k, len(means) + 1))
        for k in range(1, len(means) + 1)
    )
    values = list(scores)
    on_edge = len(values) > 1 and best.point[0][1] in (values[0], values[-1])
    return ArmTuning(
        workload=name,
        arm=arm,
        points=points,
        selected=best.point,
        edge_keys=(key,) if on_edge else (),
        budget_curve=curve,
    )


def verdict(*claims: ClaimVerdict, tunings: Sequence[ArmTuning] = (), **changes: Any) -> AblationVerdict:
    """An ablation's verdict."""
    start = AblationVerdict(
        ablation="bn_vs_dropout", scale="quick", claims=claims, tunings=tuple(tunings), trials_done=40, trials_failed=()
    )
    return replace(start, **changes)
