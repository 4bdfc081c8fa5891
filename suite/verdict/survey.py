"""Which pairs of a claim are there, which are missing, and what can never be had."""

from dataclasses import dataclass

from suite.spec.ablation import Claim
from suite.trial_result import TrialResult
from suite.verdict.readings import Readings
from suite.verdict.samples import PairRuns, Sample, take, unmeasured
from suite.verdict.selection import Point
from suite.verdict.tuning import Gap, Scale, scale_of, tuned


@dataclass(frozen=True, kw_only=True)
class Survey:
    """A claim with the first n pairs of every workload."""

    complete: dict[str, tuple[PairRuns, ...]]
    """By workload id: the pairs of which both runs are there."""
    scales: dict[str, Scale]
    """By workload id, where tuning is complete."""
    missing_tuning: int
    failures: tuple[str, ...]
    """Missing measurements that no waiting will bring: the claim cannot be judged with n pairs."""

    @property
    def scarcest(self) -> tuple[str, int]:
        """The workload with the fewest complete pairs, and how many."""
        workload = min(self.complete, key=lambda w: len(self.complete[w]))
        return workload, len(self.complete[workload])


def survey(readings: Readings, claim: Claim, pairs: int) -> Survey:
    """Looks up everything that judging `claim` with `pairs` pairs rests on."""
    complete: dict[str, tuple[PairRuns, ...]] = {}
    scales: dict[str, Scale] = {}
    failures: list[str] = []
    missing = 0
    for workload in (item.id for item in readings.design.workloads):
        gaps, points = _settings(readings, claim, workload, pairs)
        missing += sum(gap.missing for gap in gaps)
        scale = scale_of(readings, claim, workload)
        if isinstance(scale, Gap):
            gaps.append(scale)
            points = {}
        else:
            scales[workload] = scale
        runs = [pair_runs(readings, claim, workload, pair, chosen) for pair, chosen in points.items()]
        complete[workload] = tuple(run for run in runs if isinstance(run, PairRuns))
        failures += [failure for gap in gaps for failure in gap.failures]
        failures += [failure for run in runs if not isinstance(run, PairRuns) for failure in run]
    distinct = tuple(dict.fromkeys(failures))
    return Survey(complete=complete, scales=scales, missing_tuning=missing, failures=distinct)


def samples(readings: Readings, claim: Claim, found: Survey) -> tuple[Sample, ...]:
    """Measures the complete pairs, one sample per workload that has any."""
    return tuple(
        take(readings, claim, workload, found.scales[workload], runs)
        for workload, runs in found.complete.items()
        if runs
    )


def _settings(
    readings: Readings, claim: Claim, workload: str, pairs: int
) -> tuple[list[Gap], dict[int, tuple[Point, Point]]]:
    """The selected points of both arms for each pair, and the sweeps that are not complete."""
    gaps: dict[tuple[str, tuple[int, ...]], Gap] = {}
    points: dict[int, tuple[Point, Point]] = {}
    memo = {
        (arm, seeds): tuned(readings, workload, arm, seeds)
        for seeds in dict.fromkeys(readings.design.tuning_seeds(pair) for pair in range(pairs))
        for arm in (claim.variant, claim.reference)
    }
    for pair in range(pairs):
        seeds = readings.design.tuning_seeds(pair)
        variant, reference = memo[claim.variant, seeds], memo[claim.reference, seeds]
        for arm, sweep in ((claim.variant, variant), (claim.reference, reference)):
            if isinstance(sweep, Gap):
                gaps[arm, seeds] = sweep
        if not isinstance(variant, Gap) and not isinstance(reference, Gap):
            points[pair] = variant.best.point, reference.best.point
    return list(gaps.values()), points


def pair_runs(
    readings: Readings, claim: Claim, workload: str, pair: int, points: tuple[Point, Point]
) -> PairRuns | tuple[str, ...]:
    """Both runs of a pair with the (variant's, reference's) settings, or why they can't be had; () if yet to come."""
    arms = (claim.variant, claim.reference)
    asked = [readings.evaluation(workload, arm, point, pair) for arm, point in zip(arms, points, strict=True)]
    failures = [failure for trial in asked if (failure := trial.failure)]
    for trial in asked:
        if trial.result is not None and trial.result.status != "failed":
            reason = unmeasured(trial.result, claim.metric)
            failures += [f"{trial.label} cannot be used: {reason}"] if reason else []
    variant, reference = (trial.result for trial in asked)
    if failures or variant is None or reference is None:
        return tuple(failures)
    sweeps = [_sweep(readings, workload, arm, pair) if claim.metric == "tuning_seconds" else () for arm in arms]
    if untimed := _untimed([*sweeps[0], *sweeps[1]]):
        return (f"tuning trial {untimed[0]} cannot be used: it recorded no train_seconds",)
    return PairRuns(
        seed=readings.design.evaluation_seed(pair),
        variant=variant,
        reference=reference,
        variant_sweep=sweeps[0],
        reference_sweep=sweeps[1],
    )


def _sweep(readings: Readings, workload: str, arm: str, pair: int) -> tuple[TrialResult, ...]:
    """The tuning trials that the pair's setting of the arm was chosen from."""
    design = readings.design
    asked = [
        readings.tuning(workload, arm, point, seed)
        for point in design.points(arm)
        for seed in design.tuning_seeds(pair)
    ]
    return tuple(trial.result for trial in asked if trial.result is not None)


def _untimed(sweep: list[TrialResult]) -> list[str]:
    """Ids of trials without a time: missing it must not look cheap."""
    return [trial.trial_id for trial in sweep if not trial.measurements.get("train_seconds", 0.0) > 0]
