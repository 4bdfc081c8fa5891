"""How an arm's nuisance settings are chosen: on validation data, over tuning seeds, never on a run that is scored."""

import math
from collections.abc import Mapping, Sequence

import numpy as np

from suite.trial_result import TrialResult, Value
from suite.verdict.models import SweepPoint

Point = tuple[tuple[str, Value], ...]
"""Swept keys and their values; empty where nothing is tuned."""

WORST = 0.0
"""Validation metrics are fractions, larger is better; a run that diverged counts as this."""


def validation_score(result: TrialResult, metric: str = "") -> float | None:
    """The validation metric of the kept weights, a fraction; None when the run diverged.

    `metric` names another than the one that settings are selected by; a task that does not have it gives that one.
    """
    value = result.measurements.get(f"val_{metric}", result.measurements.get(f"val_{result.metric_name}"))
    if value is None:
        value = next((epoch.val_metric for epoch in result.epochs if epoch.epoch == result.selected_epoch), None)
    return float(value) if result.status == "completed" and value is not None and math.isfinite(value) else None


def sweep_point(point: Point, runs: Sequence[TrialResult], *, out: bool = False) -> SweepPoint:
    """One point of a sweep from its runs, one per tuning seed, none of them failed."""
    scores = tuple(validation_score(run) for run in runs)
    score = math.fsum(WORST if s is None else s for s in scores) / len(scores)
    trial_ids = tuple(run.trial_id for run in runs)
    return SweepPoint(point=point, scores=scores, score=score, trial_ids=trial_ids, out=out)


def ranked(runs: Mapping[Point, Sequence[TrialResult]]) -> list[SweepPoint]:
    """A sweep's points, given in the spec's order with their runs, from the best mean score to the worst.

    Ties go to fewer divergences, then the smaller validation loss, then the spec's order.
    """
    losses = {point: mean_loss(results) for point, results in runs.items()}
    points = [sweep_point(point, results) for point, results in runs.items()]
    return sorted(points, key=lambda p: (-p.score, p.scores.count(None), losses[p.point]))


def half(points: int) -> int:
    """How many points of a sweep go on after its first tuning seed; of two both do."""
    return min(points, max(2, math.ceil(points / 2)))


def comparable_scores(points: Sequence[SweepPoint]) -> list[float]:
    """Scores over all seeds: a point that is out has its first one and what the others gained since, on average.

    Each seed has a validation split of its own, and one is easier than another.
    """
    stayed = [point for point in points if not point.out]
    gain = math.fsum(point.score - _first_score(point) for point in stayed) / len(stayed)
    return [max(WORST, _first_score(point) + gain) if point.out else point.score for point in points]


def _first_score(point: SweepPoint) -> float:
    return WORST if point.scores[0] is None else point.scores[0]


def mean_loss(runs: Sequence[TrialResult]) -> float:
    """Mean validation loss in nats over the runs; infinite when one has none."""
    losses = [run.measurements.get("val_loss", math.inf) for run in runs]
    return math.fsum(losses) / len(losses) if all(map(math.isfinite, losses)) else math.inf


def edge_keys(selected: Point, points: Sequence[SweepPoint]) -> tuple[str, ...]:
    """Swept keys whose chosen number is the smallest or largest of its grid; 0 ends a scale, not a grid.

    None where all points score alike, such as of an arm that learns at no rate: then nothing says where to look.
    """
    if len({point.scores[0] for point in points}) == 1 and len({p.scores for p in points if not p.out}) == 1:
        return ()
    edges = []
    for key, value in selected:
        grid = {v for point in points for k, v in point.point if k == key and _is_number(v)}
        if value in grid and len(grid) > 1 and value != 0 and value in (min(grid), max(grid)):  # type: ignore[type-var]
            edges.append(key)
    return tuple(edges)


def _is_number(value: Value) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def budget_curve(validation: Sequence[float], values: Sequence[float]) -> tuple[float, ...]:
    """Expected value of the best-on-validation of k points drawn without replacement, for k = 1..B.

    sum_i value_(i) C(i - 1, k - 1) / C(B, k), ordered by validation score. Dodge et al. (2019), Show Your Work, drawn
    without replacement.
    """
    ordered = [values[i] for i in np.argsort(validation, kind="stable")]
    budget = len(ordered)
    return tuple(
        math.fsum(math.comb(i, k - 1) * value for i, value in enumerate(ordered)) / math.comb(budget, k)
        for k in range(1, budget + 1)
    )
