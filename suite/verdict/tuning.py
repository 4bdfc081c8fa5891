"""What tuning trials settle before anything is scored: each arm's setting, the margin, the target of speed claims."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from suite.spec.ablation import Claim
from suite.spec.design import Design
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


def selected_point(
    design: Design, results: Mapping[str, TrialResult], workload: str, arm: str, pair: int
) -> Point | None:
    """The arm's setting for this pair; None until every tuning trial that it rests on is there."""
    found = tuned(Readings(design, results), workload, arm, design.tuning_seeds(pair))
    return found.best.point if isinstance(found, Tuned) else None


def tuned(readings: Readings, workload: str, arm: str, seeds: Sequence[int]) -> Tuned | Gap:
    """The arm's sweep on these tuning seeds. An arm without a sweep has one empty point."""
    rows = {
        point: [readings.tuning(workload, arm, point, seed) for seed in mine]
        for point, mine in halved(readings, workload, arm, seeds).items()
    }
    asked = [trial for trials in rows.values() for trial in trials]
    failures = tuple(failure for trial in asked if (failure := trial.failure))
    missing = sum(trial.result is None for trial in asked)
    if missing or failures:
        return Gap(missing=missing, failures=failures)
    runs = {point: [trial.result for trial in trials if trial.result] for point, trials in rows.items()}
    whole = {point: results for point, results in runs.items() if len(results) == len(seeds)}
    points = tuple(selection.sweep_point(point, results) for point, results in runs.items())
    return Tuned(points=points, best=selection.ranked(whole)[0])


def halved(
    readings: Readings, workload: str, arm: str, seeds: Sequence[int], expected: Collection[Point] = ()
) -> dict[Point, Sequence[int]]:
    """By point of the arm's sweep, in the spec's order, the tuning seeds that it is trained on.

    All points have the first seed; the better half of them, and what the arm has untuned, have the others too:
    successive halving (Karnin et al., 2013; Jamieson and Talwalkar, 2016) with one cut. The untuned point stays so that
    a choice that is luck is seen to be (`doubts.py`). Nothing is cut where every pair has a sweep, of one seed, of its
    own. While runs of the first seed are missing, the points that are `expected` are taken to stay.
    """
    design = readings.design
    points = design.points(arm)
    kept: Collection[Point] = expected
    if design.ablation.tuning == "per_pair" or selection.half(len(points)) >= len(points):
        kept = points
    else:
        first = {point: readings.tuning(workload, arm, point, seeds[0]) for point in points}
        runs = {point: [asked.result] for point, asked in first.items() if asked.result and not asked.failure}
        if len(runs) == len(points):
            better = selection.ranked(runs)[: selection.half(len(points))]
            kept = {*design.untuned(workload, arm), *(found.point for found in better)}
    return {point: seeds if point in kept else seeds[:1] for point in points}


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
    scores = [point.score for point in found.points]
    return ArmTuning(
        workload=workload,
        arm=arm,
        points=found.points,
        selected=found.best.point,
        edge_keys=selection.edge_keys(found.best.point, found.points),
        budget_curve=selection.budget_curve(scores, scores),
    )
