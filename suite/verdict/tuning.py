"""What tuning trials settle before anything is scored: each arm's setting, the margin, the target of speed claims."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from suite.spec.ablation import Claim
from suite.spec.metrics import METRICS
from suite.trial_result import TrialResult
from suite.verdict import curves, selection, units
from suite.verdict.models import ArmTuning, SweepPoint
from suite.verdict.readings import Readings
from suite.verdict.selection import Point


@dataclass(frozen=True, kw_only=True)
class Gap:
    """Tuning trials that are not there."""

    missing: int
    failures: tuple[str, ...]
    """Trials that could not be run: no setting can be chosen fairly without them."""


@dataclass(frozen=True, kw_only=True)
class Tuned:
    """A complete sweep of one arm on one workload."""

    points: tuple[SweepPoint, ...]
    best: SweepPoint


@dataclass(frozen=True, kw_only=True)
class Scale:
    """What one margin is on one workload, and what a speed claim waits for."""

    margin: float
    """In the metric's unit."""
    target: float | None
    """Validation metric, a fraction; None for claims that are not about speed."""
    reference_error: float | None
    """Mean validation error of the reference arm's tuning runs, a fraction; None if none completed."""


def selected_point(readings: Readings, workload: str, arm: str, pair: int) -> Point | None:
    """The arm's setting for this pair; None until every tuning trial that it rests on is there."""
    found = tuned(readings, workload, arm, readings.design.tuning_seeds(pair))
    return found.best.point if isinstance(found, Tuned) else None


def tuned(readings: Readings, workload: str, arm: str, seeds: Sequence[int]) -> Tuned | Gap:
    """The arm's sweep on these tuning seeds. An arm without a sweep has one empty point."""
    rows = {
        point: [readings.tuning(workload, arm, point, seed) for seed in mine]
        for point, mine in seeds_by_point(readings, workload, arm, seeds).items()
    }
    asked = [trial for trials in rows.values() for trial in trials]
    failures = tuple(failure for trial in asked if (failure := trial.failure))
    stay = better_half(readings, workload, arm, seeds)
    missing = sum(trial.result is None for trial in asked)
    if missing or failures or stay is None:
        return Gap(missing=missing, failures=failures)
    runs = {point: [trial.result for trial in trials if trial.result] for point, trials in rows.items()}
    points = tuple(selection.sweep_point(point, results, out=point not in stay) for point, results in runs.items())
    best, *_ = selection.ranked({point: results for point, results in runs.items() if point in stay})
    return Tuned(points=points, best=best)


def seeds_by_point(readings: Readings, workload: str, arm: str, seeds: Sequence[int]) -> dict[Point, Sequence[int]]:
    """Which of the tuning seeds each point of the arm's sweep is trained on, as far as is known; in the spec's order.

    The first, and then all of them where the point stays. What the arm has untuned is trained on all of them in any
    case: without it nobody could say whether the choice was luck (`doubts.py`).
    """
    design = readings.design
    stay = better_half(readings, workload, arm, seeds)
    more = () if stay is None else (*stay, design.untuned(workload, arm))
    return {point: seeds if point in more else seeds[:1] for point in design.points(arm)}


def better_half(readings: Readings, workload: str, arm: str, seeds: Sequence[int]) -> Sequence[Point] | None:
    """The points to choose from: those that the first tuning seed left. None until its runs are there, all sound.

    Successive halving with one cut (Karnin et al., 2013; Jamieson and Talwalkar, 2016). Nothing is cut where each pair
    has a sweep of its own, which has one seed.
    """
    design = readings.design
    points = design.points(arm)
    if design.ablation.tuning == "per_pair" or selection.half(len(points)) == len(points):
        return points
    first = [readings.tuning(workload, arm, point, seeds[0]) for point in points]
    if any(asked.result is None or asked.failure for asked in first):
        return None
    runs = {point: [asked.result] for point, asked in zip(points, first, strict=True) if asked.result}
    return [found.point for found in selection.ranked(runs)[: selection.half(len(points))]]


def scale_of(readings: Readings, claim: Claim, workload: str) -> Scale | Gap:
    """Margin and target, frozen on the tuning seeds of the pairs of the first look, at the reference arm's setting.

    A Gap without missing trials and failures never comes back; a target that cannot be frozen is a failure.
    """
    metric = METRICS[claim.metric]
    runs = _reference_runs(readings, workload, claim.reference)
    if isinstance(runs, Gap):
        return runs
    completed = [run for run in runs if run.status == "completed"]
    # a share's margin is a part of its own error, not of that which settings are selected by
    name = claim.metric.removeprefix("test_") if metric.unit == "points" and metric.higher_is_better else ""
    scores = [score for run in completed if (score := selection.validation_score(run, name)) is not None]
    error = 1 - float(np.mean(scores)) if scores else None
    target = None
    if metric.from_curve:
        bests = [best for run in completed if (best := curves.best_value(run.epochs)) is not None]
        target = curves.frozen_target(bests)
        if target is None:
            reason = f"no target for {workload}: fewer than two tuning runs of {claim.reference} completed"
            return Gap(missing=0, failures=(reason,))
    return Scale(margin=units.margin_in_unit(metric, claim.margin, error), target=target, reference_error=error)


def _reference_runs(readings: Readings, workload: str, arm: str) -> list[TrialResult] | Gap:
    """The arm's tuning runs at its selected setting, over the first look's pairs."""
    design = readings.design
    runs: dict[str, TrialResult] = {}
    for seeds in dict.fromkeys(design.tuning_seeds(pair) for pair in range(max(design.looks[:1], default=1))):
        found = tuned(readings, workload, arm, seeds)
        if isinstance(found, Gap):
            return found
        runs |= {trial_id: readings.results[trial_id] for trial_id in found.best.trial_ids}
    return list(runs.values())


def arm_tuning(readings: Readings, workload: str, arm: str) -> ArmTuning | None:
    """The arm's sweep for the report; None until it is complete.

    With tuning per pair it covers every pair whose sweep is complete, and `selected` is the best on average: each pair
    used its own.
    """
    design = readings.design
    per_pair = dict.fromkeys(design.tuning_seeds(pair) for pair in range(max(design.looks, default=1)))
    complete = [seeds for seeds in per_pair if isinstance(tuned(readings, workload, arm, seeds), Tuned)]
    found = tuned(readings, workload, arm, [seed for seeds in complete for seed in seeds]) if complete else None
    if not isinstance(found, Tuned):
        return None
    scores = selection.comparable_scores(found.points)
    return ArmTuning(
        workload=workload,
        arm=arm,
        points=found.points,
        selected=found.best.point,
        edge_keys=selection.edge_keys(found.best.point, found.points),
        budget_curve=selection.budget_curve(scores, scores),
    )
