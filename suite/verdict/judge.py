"""The verdict of an ablation, replayed from whatever has been measured. Pure, and fast enough for a live display."""

import math
from collections.abc import Mapping, Sequence

from suite.spec.ablation import Claim
from suite.spec.design import Design
from suite.spec.metrics import METRICS
from suite.trial_result import TrialResult
from suite.verdict import claims, probability
from suite.verdict.cautions import cautions
from suite.verdict.default import at_default
from suite.verdict.doubts import doubtful_choices
from suite.verdict.models import AblationVerdict, ArmTuning, ClaimVerdict, WorkloadEffect
from suite.verdict.readings import Readings
from suite.verdict.replay import Standing, replay
from suite.verdict.samples import workload_effect
from suite.verdict.tuning import arm_tuning


def judge(design: Design, results: Mapping[str, TrialResult]) -> AblationVerdict:
    """Every claim at its latest possible look, and how the arms were tuned. `results` maps trial ids to records."""
    readings = Readings(design, results)
    tunings = tuple(
        tuning
        for workload in design.workloads
        for arm in design.ablation.arms
        if (tuning := arm_tuning(readings, workload.id, arm))
    )
    judged = tuple(_judge_claim(readings, name, claim, tunings) for name, claim in design.ablation.claims.items())
    measured = [asked.result for asked in readings.asked() if asked.result is not None]
    return AblationVerdict(
        ablation=design.ablation.id,
        scale=design.scale,
        claims=judged,
        tunings=tunings,
        trials_done=sum(result.status != "failed" for result in measured),
        trials_failed=tuple(
            (result.trial_id, result.reason or "no reason is recorded")
            for result in measured
            if result.status == "failed"
        ),
    )


def _judge_claim(readings: Readings, name: str, claim: Claim, tunings: Sequence[ArmTuning]) -> ClaimVerdict:
    standing = replay(readings, claim)
    workloads = _workloads(claim, standing)
    improvement = probability.paired([sample.effects for sample in standing.samples])
    effect, error, freedom = standing.estimate
    doubts = doubtful_choices(readings, claim, effect, tunings) if standing.verdict in ("helps", "hurts") else ()
    return ClaimVerdict(
        name=name,
        variant=claim.variant,
        reference=claim.reference,
        metric=claim.metric,
        unit=METRICS[claim.metric].unit,
        expect=claim.expect,
        primary=claim.primary,
        verdict=standing.verdict,
        strong=_is_strong(standing),
        outcome=claims.outcome(standing.verdict, claim.expect),
        reason=standing.reason,
        decided=standing.decided,
        pairs=standing.pairs,
        planned_looks=tuple(readings.design.looks),
        looks=standing.looks,
        workloads=workloads,
        effect=effect,
        raw_effect=_mean([item.raw_effect for item in workloads]),
        standard_error=error,
        degrees_of_freedom=freedom,
        repeated_interval=standing.repeated_interval,
        interval_95=claims.interval(effect, error, freedom, 0.05),
        p_verdict=standing.p_verdict,
        probability_of_improvement=improvement.probability,
        probability_of_improvement_95=improvement.interval_95,
        minimum_detectable_effect=claims.minimum_detectable_effect(error, freedom, standing.alpha),
        at_default=at_default(readings, claim),
        in_doubt=bool(doubts),
        warnings=(*doubts, *cautions(claim, standing.samples, tunings, readings.design.ablation.unequal_budgets)),
    )


def _workloads(claim: Claim, standing: Standing) -> tuple[WorkloadEffect, ...]:
    opposite = standing.assessment.opposite.tolist() if standing.assessment else [False] * len(standing.samples)
    both = zip(standing.samples, opposite, strict=True)
    return tuple(workload_effect(claim, sample, against) for sample, against in both)


def _is_strong(standing: Standing) -> bool:
    low, high = standing.repeated_interval.low, standing.repeated_interval.high
    return (standing.verdict == "helps" and low > 1) or (standing.verdict == "hurts" and high < -1)


def _mean(values: Sequence[float]) -> float:
    return math.fsum(values) / len(values) if values else math.nan
