"""What a reader should know before trusting a claim's verdict, in plain words."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

import numpy as np

from suite.spec.ablation import Claim
from suite.spec.metrics import METRICS
from suite.trial_result import TrialResult
from suite.verdict.models import ArmTuning
from suite.verdict.samples import PairRuns, Sample

NEAR_CEILING = 0.01
"""Validation error of the reference arm, a fraction, below which 10 % of it is too little to be seen."""

LONG_APART = 1.0
"""Hours between the two runs of a pair, from which on their times are no longer taken under the same load."""

_MACHINE = {"torch": "torch versions", "cpu": "processors", "gpu": "GPUs", "device": "devices"}


def cautions(
    claim: Claim, samples: Sequence[Sample], tunings: Sequence[ArmTuning], unequal_budgets: str | None = None
) -> tuple[str, ...]:
    """One sentence per caution, most consequential first; `tunings` of other arms do not matter.

    `unequal_budgets` is the spec's reason why arms may be tuned unequally.
    """
    found: list[str] = []
    for sample in samples:
        found += _fallen(claim, sample)
    for sample in samples:
        found += [*_resolution(claim, sample), *_ceiling(claim, sample), *_test_set(claim, sample)]
        found += [*_machines(claim, sample), *_hours_apart(claim, sample)]
    ours = [tuning for tuning in tunings if tuning.arm in (claim.variant, claim.reference)]
    return tuple(dict.fromkeys([*_budgets(claim, ours, unequal_budgets), *found, *_edges(ours), *_hopeless(ours)]))


def _fallen(claim: Claim, sample: Sample) -> Iterator[str]:
    """Runs that diverged, and runs that never reached the target, apart."""
    n = len(sample.runs)
    for arm, results, values in (
        (claim.variant, [run.variant for run in sample.runs], sample.variant),
        (claim.reference, [run.reference for run in sample.runs], sample.reference),
    ):
        diverged = sum(result.status == "diverged" for result in results)
        if diverged:
            runs = f"{diverged} of {n} runs of {arm} on {sample.workload}"
            yield f"{runs} diverged; each counts as 10 margins unless both did"
        without = int(np.isnan(values).sum()) - diverged
        if without and sample.scale.target is not None:
            yield (
                f"{without} of {n} runs of {arm} on {sample.workload} never reached the target of "
                f"{sample.scale.target:.4g}; each counts as 10 margins unless both did"
            )
        elif without:
            yield f"{without} of {n} runs of {arm} on {sample.workload} have a {claim.metric} that is not finite"


def _resolution(claim: Claim, sample: Sample) -> Iterator[str]:
    early = int(sample.both_within_first_epoch.sum())
    if early:
        yield (
            f"in {early} of {len(sample.runs)} pairs on {sample.workload} both runs reached the target within the "
            "first epoch, so that the curve cannot tell them apart: use shorter epochs or a harder target"
        )


def _ceiling(claim: Claim, sample: Sample) -> Iterator[str]:
    error = sample.scale.reference_error
    metric = METRICS[claim.metric]
    if claim.margin is not None or metric.unit != "points" or metric.fixed_margin:
        return
    if error is None or error >= NEAR_CEILING:
        return
    yield (
        f"{claim.reference} is near the ceiling of {sample.workload} ({100 * error:.2g} % validation error), which "
        f"makes one margin {sample.scale.margin:.2g} points"
        + (f"; one test example is {100 / sample.test_examples:.2g} points" if sample.test_examples else "")
    )


def _test_set(claim: Claim, sample: Sample) -> Iterator[str]:
    """Where nothing is known of how the test examples vary, the verdict speaks of these examples only."""
    completed = np.isfinite(sample.variant) & np.isfinite(sample.reference)
    if METRICS[claim.metric].of_test_examples and sample.test_set_variance is None and completed.sum() >= 2:
        yield (
            f"on this test set: {sample.workload} has no per-example record of {METRICS[claim.metric].label}, so that "
            "the interval does not hold for another test set"
        )


def _machines(claim: Claim, sample: Sample) -> Iterator[str]:
    for key, name in _MACHINE.items():
        differing = [
            both[0]
            for run in sample.runs
            if (both := [*_different(run.variant, run.reference, key), *_different_sweeps(run, key)])
        ]
        if differing:
            theirs, ours = differing[0]
            yield (
                f"{len(differing)} of {len(sample.runs)} pairs on {sample.workload} ran on different {name}, "
                f"e.g. {claim.variant} on {theirs} and {claim.reference} on {ours}"
            )


def _hours_apart(claim: Claim, sample: Sample) -> Iterator[str]:
    """Stored trials are used again: one side's times may come from an hour in which the machine had more to do."""
    if not METRICS[claim.metric].timed:
        return
    moments = [(_moment(run.variant), _moment(run.reference)) for run in sample.runs]
    hours = [abs((one - other).total_seconds()) / 3600 for one, other in moments if one and other]
    if max(hours, default=0.0) > LONG_APART:
        yield (
            f"times of {claim.variant} and {claim.reference} on {sample.workload} were taken up to {max(hours):.0f} h "
            "apart: the machine may have had more to do in one of these hours"
        )


def _different(variant: TrialResult, reference: TrialResult, key: str) -> list[tuple[Any, Any]]:
    theirs, ours = _origin(variant, key), _origin(reference, key)
    return [(theirs, ours)] if theirs is not None and ours is not None and theirs != ours else []


def _different_sweeps(run: PairRuns, key: str) -> list[tuple[Any, Any]]:
    """Where the sweeps were measured, for claims about them."""
    return [
        found
        for variant, reference in zip(run.variant_sweep, run.reference_sweep, strict=False)
        for found in _different(variant, reference, key)
    ]


def _moment(result: TrialResult) -> datetime | None:
    """When the trial ended; None where its record does not say it in a form that can be read."""
    try:
        found = datetime.fromisoformat(str(result.provenance.get("recorded_at")))
    except ValueError:
        return None
    return found if found.tzinfo else None


def _origin(result: TrialResult, key: str) -> Any:
    return result.settings.get("engine.device") if key == "device" else result.provenance.get(key)


def _budgets(claim: Claim, tunings: Sequence[ArmTuning], reason: str | None) -> Iterator[str]:
    points = {tuning.arm: len(tuning.points) for tuning in tunings}
    if len(set(points.values())) > 1:
        counts = [f"{arm} from {points[arm]}" for arm in (claim.variant, claim.reference)]
        yield f"the budgets are unequal on purpose, settings were chosen for {' and for '.join(counts)}: {reason}"


def _edges(tunings: Sequence[ArmTuning]) -> Iterator[str]:
    for tuning in tunings:
        for key in tuning.edge_keys:
            value = dict(tuning.selected)[key]
            yield (
                f"the best {key} of arm {tuning.arm} on {tuning.workload} is {value:g}, the edge of its grid: widen it"
            )


def _hopeless(tunings: Sequence[ArmTuning]) -> Iterator[str]:
    for tuning in tunings:
        if all(score is None for point in tuning.points for score in point.scores):
            yield f"every tuning run of arm {tuning.arm} on {tuning.workload} diverged"
