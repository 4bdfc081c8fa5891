"""From a claim's pairs on one workload to effects in margins and the two parts of their variance."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from suite.spec.ablation import Claim
from suite.spec.metrics import METRICS
from suite.trial_result import TrialResult
from suite.verdict import claims, curves, failures, pooling, units
from suite.verdict.diagnosis import ABNORMAL, diagnose
from suite.verdict.models import Pair, WorkloadEffect
from suite.verdict.readings import Readings
from suite.verdict.tuning import Scale
from suite.verdict.units import Floats


@dataclass(frozen=True, kw_only=True)
class PairRuns:
    """The two trials of one pair, both measured."""

    seed: int
    variant: TrialResult
    reference: TrialResult
    variant_sweep: tuple[TrialResult, ...] = ()
    """The tuning trials from which its setting was chosen."""
    reference_sweep: tuple[TrialResult, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Sample:
    """One claim on one workload with n pairs; arrays have shape (n,)."""

    workload: str
    scale: Scale
    runs: tuple[PairRuns, ...]
    variant: Floats
    """The metric as measured; NaN where the run diverged or never reached the target."""
    reference: Floats
    effects: Floats
    """In margins, clamped."""
    raw: Floats
    """In the unit, signed as measured; NaN where a run failed."""
    both_within_first_epoch: npt.NDArray[np.bool_]
    seed_variance: float
    """Squared margins; NaN with a single pair."""
    test_set_variance: float | None

    @property
    def test_examples(self) -> int | None:
        """N; None where no run was scored on a test set."""
        return (
            max((max(run.variant.test_examples, run.reference.test_examples) for run in self.runs), default=0) or None
        )

    @property
    def is_empty(self) -> bool:
        """Every run of both arms failed: equal failures are no evidence that the arms are equal."""
        return bool(np.isnan(self.variant).all() and np.isnan(self.reference).all())

    @property
    def mean(self) -> float:
        """In margins; NaN without pairs."""
        return float(self.effects.mean()) if self.effects.size else math.nan

    @property
    def variance(self) -> float:
        """v_j = A + (T - C), in squared margins."""
        return self.seed_variance + (self.test_set_variance or 0.0)


def unmeasured(result: TrialResult, metric: str) -> str | None:
    """Why a trial that ran has no value for this metric at all; None when it has one, or failed to get one."""
    if METRICS[metric].from_curve or METRICS[metric].derived or result.status == "diverged":
        return None
    value = result.measurements.get(metric)
    if value is None:
        return f"it recorded no {metric}"
    if METRICS[metric].unit == "log_ratio" and value <= 0:
        return f"its {metric} is {value:g}, and a ratio needs more than 0"
    return None


def take(readings: Readings, claim: Claim, workload: str, scale: Scale, runs: Sequence[PairRuns]) -> Sample:
    """Measures the pairs; every run must have a value or have failed (`unmeasured` is None)."""
    metric = METRICS[claim.metric]
    variant, variant_first = _values([(run.variant, run.variant_sweep) for run in runs], claim.metric, scale.target)
    reference, reference_first = _values(
        [(run.reference, run.reference_sweep) for run in runs], claim.metric, scale.target
    )
    effects = units.effects(variant, reference, metric=metric, margin=scale.margin)
    wide = units.effects(variant, reference, metric=metric, margin=scale.margin, clamp=units.SPREAD_CLAMP)
    both_first = variant_first & reference_first
    examples = max(
        (_examples(result, claim.metric) for run in runs for result in (run.variant, run.reference)), default=0
    )
    resolution = units.resolutions(metric, scale.margin, test_examples=examples, unresolved=both_first)
    enough = len(runs) >= 2
    failed = ~np.isfinite(variant) | ~np.isfinite(reference)
    by_example = metric.evaluation_only and metric.unit == "points" and enough
    records = _example_effects(readings, claim, runs, effects, failed, scale.margin) if by_example else None
    return Sample(
        workload=workload,
        scale=scale,
        runs=tuple(runs),
        variant=variant,
        reference=reference,
        effects=effects,
        raw=units.raw_differences(variant, reference, metric.unit),
        both_within_first_epoch=both_first,
        seed_variance=float(pooling.seed_variance(wide, resolution)) if enough else math.nan,
        test_set_variance=float(pooling.test_set_variance(records)) if records is not None else None,
    )


def _values(
    runs: Sequence[tuple[TrialResult, Sequence[TrialResult]]], metric: str, target: float | None
) -> tuple[Floats, npt.NDArray[np.bool_]]:
    """The metric of each run with its sweep, NaN for a failure, and whether a target was reached in the first epoch."""
    values, first = np.full(len(runs), np.nan), np.zeros(len(runs), dtype=bool)
    for i, (result, sweep) in enumerate(runs):
        if METRICS[metric].derived:
            values[i] = _DERIVED[metric](result, sweep)
        elif result.status != "completed":
            continue
        elif target is None:
            values[i] = result.measurements[metric]
        else:
            clock = "seconds" if metric == "seconds_to_target" else "epochs"
            arrival = curves.time_to_target(result.epochs, target, clock)  # type: ignore[arg-type]
            if arrival is not None:
                before = result.measurements.get("pretraining_seconds", 0.0) if clock == "seconds" else 0.0
                values[i], first[i] = before + arrival.time, arrival.within_first_epoch
    values[~np.isfinite(values)] = np.nan
    return values, first


def _examples(result: TrialResult, metric: str) -> int:
    """Of how many examples the metric is a share; 0 where that is not known."""
    if metric == "train_accuracy":
        return result.epochs[-1].examples if result.epochs else 0
    return result.test_examples


def _abnormal_curve(result: TrialResult, sweep: Sequence[TrialResult]) -> float:
    """1 or 0."""
    return float(diagnose(result).kind in ABNORMAL)


def _tuning_seconds(result: TrialResult, sweep: Sequence[TrialResult]) -> float:
    return math.fsum(trial.measurements.get("train_seconds", math.nan) for trial in sweep)


_DERIVED = {"abnormal_curve": _abnormal_curve, "tuning_seconds": _tuning_seconds}


def _example_effects(
    readings: Readings,
    claim: Claim,
    runs: Sequence[PairRuns],
    effects: Floats,
    failed: npt.NDArray[np.bool_],
    margin: float,
) -> Floats | None:
    """Each test example's share of each pair's effect, shape (n, N), with row means `effects`; None without records.

    A row is the difference in correctness, or in the examples' parts in the metric, in margins. Where the effect is
    clamped the row shrinks with it, so that its relative precision stays. A pair in which a run failed has the same
    share for every example: its effect is no accident of the test set.
    """
    rows: list[Floats | float] = []
    count: int | None = None
    for run, effect, fell in zip(runs, effects, failed, strict=True):
        if fell:
            rows.append(float(effect))
            continue
        variant, reference = (readings.per_example(side, claim.metric) for side in (run.variant, run.reference))
        if variant is None or reference is None or variant.size != reference.size or count not in (None, variant.size):
            return None
        count = variant.size
        row: Floats = (variant - reference) * np.float64(100 / margin)
        rows.append(row * (units.CLAMP / max(units.CLAMP, abs(float(row.mean())))))
    return np.stack([np.broadcast_to(row, (count,)) for row in rows]) if count is not None and count >= 2 else None


def assess(samples: Sequence[Sample], alpha: float) -> claims.Assessment:
    """Judges the workloads together at level `alpha`; each sample needs at least two pairs."""
    columns = [(sample.mean, sample.variance, sample.seed_variance) for sample in samples]
    means, variances, seed_variances = (np.array(column) for column in zip(*columns, strict=True))
    return claims.assess(means, variances, seed_variances, [len(sample.runs) for sample in samples], alpha)


def workload_effect(claim: Claim, sample: Sample, opposite: bool) -> WorkloadEffect:
    """The claim on this workload, for the report."""
    metric = METRICS[claim.metric]
    variant_failed, reference_failed = ~np.isfinite(sample.variant), ~np.isfinite(sample.reference)
    alone = _alone(sample)
    finite = sample.raw[np.isfinite(sample.raw)]
    return WorkloadEffect(
        workload=sample.workload,
        margin=sample.scale.margin,
        target=sample.scale.target,
        pairs=_pairs(sample),
        effect=sample.mean,
        raw_effect=float(finite.mean()) if finite.size else math.nan,
        standard_error=alone[0],
        degrees_of_freedom=alone[1],
        interval_95=claims.interval(sample.mean, *alone, 0.05),
        seed_variance=sample.seed_variance,
        test_set_variance=sample.test_set_variance,
        test_examples=sample.test_examples if metric.evaluation_only else None,
        variant_failures=failures.failure_count(int(variant_failed.sum()), len(sample.runs)),
        reference_failures=failures.failure_count(int(reference_failed.sum()), len(sample.runs)),
        mcnemar_p=failures.mcnemar(
            int((variant_failed & ~reference_failed).sum()), int((reference_failed & ~variant_failed).sum())
        ),
        significantly_opposite=opposite,
    )


def _alone(sample: Sample) -> tuple[float, float]:
    """Standard error and degrees of freedom on this workload by itself."""
    if len(sample.runs) < 2:
        return math.nan, math.nan
    mean, variance, seeds = (np.array([value]) for value in (sample.mean, sample.variance, sample.seed_variance))
    pooled = pooling.pool(mean, variance, seeds, len(sample.runs))
    return float(pooled.standard_error), float(pooled.degrees_of_freedom)


def _pairs(sample: Sample) -> tuple[Pair, ...]:
    columns = zip(sample.runs, sample.variant.tolist(), sample.reference.tolist(), sample.effects.tolist(), strict=True)
    return tuple(
        Pair(
            seed=run.seed,
            variant_trial_id=run.variant.trial_id,
            reference_trial_id=run.reference.trial_id,
            variant=None if math.isnan(variant) else variant,
            reference=None if math.isnan(reference) else reference,
            effect=effect,
        )
        for run, variant, reference, effect in columns
    )
