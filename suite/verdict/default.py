"""The same claim at other settings than the chosen ones: untuned (tip C18: tune before you compare), or any."""

import math
from collections.abc import Callable

from suite.spec.ablation import Claim
from suite.verdict import claims, looks
from suite.verdict.models import DefaultComparison
from suite.verdict.readings import Readings
from suite.verdict.samples import PairRuns, assess, take, workload_effect
from suite.verdict.selection import Point
from suite.verdict.survey import pair_runs
from suite.verdict.tuning import Gap, scale_of


def at_default(readings: Readings, claim: Claim) -> DefaultComparison | None:
    """Both arms untuned on every workload."""
    untuned = readings.design.default_point
    return at_points(readings, claim, lambda workload: (untuned, untuned))


def at_points(
    readings: Readings, claim: Claim, points: Callable[[str], tuple[Point, Point]]
) -> DefaultComparison | None:
    """An estimate with its plain 95 % interval and no verdict, on the pairs of the first look.

    `points` gives of a workload the (variant's, reference's) settings. None until all those runs are there, and where
    one could not be run.
    """
    design = readings.design
    pairs = max(design.looks[:1], default=0)
    taken = []
    for workload in (item.id for item in design.workloads):
        scale = scale_of(readings, claim, workload)
        if isinstance(scale, Gap) or pairs < 2:
            return None
        runs: list[PairRuns] = []
        for pair in range(pairs):
            both = pair_runs(readings, claim, workload, pair, points(workload))
            if not isinstance(both, PairRuns):
                return None
            runs.append(both)
        taken.append(take(readings, claim, workload, scale, runs))
    pooled = assess(taken, looks.ALPHA).pooled
    estimate = float(pooled.effect), float(pooled.standard_error), float(pooled.degrees_of_freedom)
    raw = [workload_effect(claim, sample, False).raw_effect for sample in taken]
    return DefaultComparison(
        pairs=pairs,
        effect=estimate[0],
        raw_effect=math.fsum(raw) / len(raw),
        interval_95=claims.interval(*estimate, 0.05),
    )
