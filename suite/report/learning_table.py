"""What the arms reached, and what was recorded while they learnt.

How large gradients were before clipping, and how often embeddings collapsed.
"""

import math
from collections.abc import Sequence
from statistics import median

from suite.report import numbers
from suite.report.evidence import Evidence, mean_of, measurement
from suite.report.tables import Cell, Table, number, text
from suite.spec.metrics import METRICS
from suite.trial_result import TrialResult


def reached(evidence: Evidence) -> Table:
    """A row per arm and workload: means of what was measured on each part, over the seeds that all arms have.

    The gap between training and test is seen nowhere else: a diagnosis goes by how the curves run.
    """
    runs = [run for by_arm in evidence.shared_runs.values() for kept in by_arm.values() for run in kept]
    own = list(dict.fromkeys(run.metric_name for run in runs))
    tested = [name for name in METRICS if name.startswith("test_") and any(name in run.measurements for run in runs)]
    names = [*(f"{part}_{name}" for name in own for part in ("train", "val")), *tested]
    columns = ("workload", "arm", "seeds", *map(_heading, names))
    rows = tuple(
        (
            text(workload),
            text(arm),
            _seeds(len(evidence.completed(workload, arm)), len(kept)),
            *(number(numbers.measured(_as_test(name), mean_of(kept, measurement(name)))) for name in names),
        )
        for workload, by_arm in evidence.shared_runs.items()
        for arm, kept in by_arm.items()
    )
    return Table(caption="What the arms reached at the selected settings", columns=columns, rows=rows)


def _seeds(completed: int, kept: int) -> Cell:
    """Means are of the runs that did not diverge: no other number would say that some did."""
    return number(str(kept)) if completed == kept else number(f"{completed} of {kept}, the others diverged", "warn")


def _as_test(name: str) -> str:
    return f"test_{name.partition('_')[2]}"


def _heading(name: str) -> str:
    part = {"train": "training", "val": "validation", "test": "test"}[name.partition("_")[0]]
    known = METRICS.get(_as_test(name))
    return known.label.replace("test", part, 1) if known else f"{part} {name.partition('_')[2].replace('_', ' ')}"


def along_the_way(evidence: Evidence) -> Table:
    """A row per arm and workload; no rows if the ablation is about neither.

    Gradient norms: where an arm clips them. Collapse: where it was measured, in tuning runs as well, because a
    setting at which embeddings collapse is not chosen; on the first tuning seed alone, which all settings have.
    """
    clips = any(changes.get("gradients") == "clip_norm" for changes in evidence.design.ablation.arms.values())
    design = evidence.design
    first_seeds = {design.tuning_seeds(pair)[0] for pair in range(design.looks[-1])}
    collapses = any("val_collapsed" in row.result.measurements for row in evidence.rows)
    columns = (
        *("workload", "arm"),
        *(("gradient norm before clipping: median over epochs", "the same: largest epoch") if clips else ()),
        *(("collapsed while tuning", "collapsed when scored") if collapses else ()),
    )
    rows = []
    for workload in evidence.workloads:
        for arm in evidence.shown_arms:
            scored = evidence.completed(workload, arm)
            tuned = [
                row.result
                for row in evidence.rows
                if row.result.seed in first_seeds and row.workload == workload and arm in row.arms
            ]
            norms = _norms(evidence.shared_runs.get(workload, {}).get(arm, ())) if clips else ()
            counts = [_collapsed(tuned, "val_collapsed"), _collapsed(scored, "test_collapsed")] if collapses else ()
            rows.append((text(workload), text(arm), *norms, *counts))
    return Table(caption="Recorded along the way", columns=columns, rows=tuple(rows) if clips or collapses else ())


def _norms(runs: Sequence[TrialResult]) -> tuple[Cell, Cell]:
    """Medians over the runs, those that diverged among them: their gradients are what clipping is about."""
    found = [[_or_infinite(epoch.gradient_norm) for epoch in run.epochs] for run in runs if run.epochs]
    if not found:
        return number(numbers.NOTHING), number(numbers.NOTHING)
    return _norm(median(map(median, found))), _norm(median(map(max, found)))


def _norm(value: float) -> Cell:
    return number(f"{value:.3g}") if math.isfinite(value) else number("not finite", "warn")


def _or_infinite(norm: float) -> float:
    return norm if math.isfinite(norm) else math.inf


def _collapsed(runs: Sequence[TrialResult], name: str) -> Cell:
    known = [run.measurements[name] for run in runs if name in run.measurements]
    count = sum(value > 0.5 for value in known)
    return number(f"{count} of {len(known)}", "warn" if count else None)
