"""The stored trials that a verdict rests on, sorted for tables and figures."""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from suite.spec.design import Design
from suite.spec.metrics import METRICS
from suite.trial_result import Settings, TrialResult
from suite.verdict.models import AblationVerdict, ClaimVerdict, Pair

COSTS = (
    "train_seconds",
    "scoring_seconds",
    "flops_per_example",
    "parameters",
    "peak_memory_bytes",
    "tokens_per_second",
    "padding_share",
)
"""Of which a run has those that were measured: only sequences have tokens and padding."""


@dataclass(frozen=True, kw_only=True)
class Row:
    """One stored trial and its places in the ablation: several arms may ask for the same trial."""

    result: TrialResult
    workload: str
    arms: tuple[str, ...]
    point: tuple[tuple[str, object], ...]

    @property
    def is_tuning(self) -> bool:
        """It chose settings and never saw the test set."""
        return self.result.purpose == "tuning"


@dataclass(frozen=True)
class Evidence:
    """A design, its verdict and the results, with what the page asks of them."""

    design: Design
    verdict: AblationVerdict
    results: Mapping[str, TrialResult]

    @cached_property
    def arms(self) -> tuple[str, ...]:
        """Every arm of the spec, in its order."""
        return tuple(self.design.ablation.arms)

    @cached_property
    def workloads(self) -> tuple[str, ...]:
        """Ids, in the spec's order."""
        return tuple(workload.id for workload in self.design.workloads)

    @cached_property
    def rows(self) -> tuple[Row, ...]:
        """Each stored trial of the ablation once: by workload, evaluation before tuning, then as the design goes."""
        found: dict[str, Row] = {}
        for entry in self.design.roster():
            result = self.results.get(entry.trial.id)
            if result is None:
                continue
            known = found.get(entry.trial.id)
            arms = (
                (*known.arms, entry.arm)
                if known and entry.arm not in known.arms
                else (known.arms if known else (entry.arm,))
            )
            point = known.point if known and known.point else tuple(entry.point)
            found[entry.trial.id] = Row(result=result, workload=entry.workload, arms=arms, point=point)
        order = {workload: index for index, workload in enumerate(self.workloads)}
        return tuple(sorted(found.values(), key=lambda row: (order[row.workload], row.is_tuning)))

    @cached_property
    def selected_runs(self) -> dict[str, dict[str, tuple[TrialResult, ...]]]:
        """workload -> arm -> the evaluation trials that claims were judged on, by seed; arms without any left out."""
        found: dict[str, dict[str, dict[str, TrialResult]]] = {workload: {} for workload in self.workloads}
        for claim in self.verdict.claims:
            for effect in claim.workloads:
                for arm, trial_ids in _trials_of(claim, effect.pairs):
                    for trial_id in trial_ids:
                        if trial_id in self.results and effect.workload in found:
                            found[effect.workload].setdefault(arm, {})[trial_id] = self.results[trial_id]
        return {
            workload: {
                arm: tuple(sorted(by_arm[arm].values(), key=lambda result: (result.seed, result.trial_id)))
                for arm in self.arms
                if arm in by_arm
            }
            for workload, by_arm in found.items()
        }

    @cached_property
    def shared_runs(self) -> dict[str, dict[str, tuple[TrialResult, ...]]]:
        """Of `selected_runs` those with seeds that all arms of a workload have: only their means can be compared.

        Claims stop at looks of their own, so that arms have unequally many. All runs where no seed is shared.
        """
        return {workload: _of_shared_seeds(by_arm) for workload, by_arm in self.selected_runs.items()}

    @cached_property
    def shown_arms(self) -> tuple[str, ...]:
        """Arms with at least one evaluation trial, in the spec's order."""
        return tuple(arm for arm in self.arms if any(arm in by_arm for by_arm in self.selected_runs.values()))

    @cached_property
    def tuned_claims(self) -> tuple[ClaimVerdict, ...]:
        """Claims of which there is something to say about tuning.

        An arm was tuned, both were run untuned as well, untuned they are not one and the same, and something else was
        chosen for one of them: else two numbers of seeds would be compared.
        """
        tuned = {tuning.arm for tuning in self.verdict.tunings if len(tuning.points) > 1}
        swept = [claim for claim in self.verdict.claims if {claim.variant, claim.reference} & tuned]
        return tuple(
            claim
            for claim in swept
            if claim.at_default and math.isfinite(claim.effect) and math.isfinite(claim.at_default.raw_effect)
            if self._untuned_settings(claim.variant) != self._untuned_settings(claim.reference)
            if any(self._tuned_settings(arm) != self._untuned_settings(arm) for arm in (claim.variant, claim.reference))
        )

    def _untuned_settings(self, arm: str) -> list[Settings]:
        return [self.design.settings(workload, arm, self.design.default_point) for workload in self.workloads]

    def _tuned_settings(self, arm: str) -> list[Settings]:
        chosen = {tuning.workload: tuning.selected for tuning in self.verdict.tunings if tuning.arm == arm}
        return [
            self.design.settings(workload, arm, chosen.get(workload, self.design.default_point))
            for workload in self.workloads
        ]

    def metric_name(self, workload: str) -> str:
        """The workload's validation metric in words, e.g. `mean IoU`; all of them, if arms have different ones."""
        names = {row.result.metric_name for row in self.rows if row.workload == workload}
        return " or ".join(sorted(_in_words(name) for name in names)) or "metric"

    def test_metric(self, workload: str) -> str:
        """By which all arms are compared: the primary claim's, if it is of the test set, else the workload's own."""
        primary = next((claim.metric for claim in self.verdict.claims if claim.primary), "")
        runs = [run for by_arm in self.selected_runs.get(workload, {}).values() for run in by_arm]
        if primary.startswith("test_") or not runs:
            return primary
        return f"test_{runs[0].metric_name}"

    def costs(self, workload: str, arm: str) -> dict[str, float]:
        """Mean of each cost over the arm's completed runs; costs that were not measured are left out."""
        runs = self.completed(workload, arm)
        return {name: mean for name in COSTS if math.isfinite(mean := mean_of(runs, measurement(name)))}

    def completed(self, workload: str, arm: str) -> tuple[TrialResult, ...]:
        """The arm's runs of shared seeds that did not diverge."""
        return tuple(run for run in self.shared_runs.get(workload, {}).get(arm, ()) if run.status == "completed")


def those_with(
    selected: Mapping[str, Mapping[str, Sequence[TrialResult]]], has: Callable[[TrialResult], object]
) -> dict[str, dict[str, Sequence[TrialResult]]]:
    """Of `selected_runs`, the workloads and their arms in which some run has it."""
    found = {
        workload: {arm: runs for arm, runs in by_arm.items() if any(map(has, runs))}
        for workload, by_arm in selected.items()
    }
    return {workload: by_arm for workload, by_arm in found.items() if by_arm}


def _of_shared_seeds(by_arm: Mapping[str, tuple[TrialResult, ...]]) -> dict[str, tuple[TrialResult, ...]]:
    seeds = [{run.seed for run in runs} for runs in by_arm.values()]
    shared = set.intersection(*seeds) if seeds else set()
    return {arm: tuple(run for run in runs if run.seed in shared or not shared) for arm, runs in by_arm.items()}


def measurement(name: str) -> Callable[[TrialResult], float]:
    """Reads one measurement; NaN where it is missing."""
    return lambda result: float(result.measurements.get(name, math.nan))


def mean_of(runs: Iterable[TrialResult], value: Callable[[TrialResult], float]) -> float:
    """Mean over the runs whose value is finite; NaN if there is none."""
    finite = [x for run in runs if math.isfinite(x := value(run))]
    return math.fsum(finite) / len(finite) if finite else math.nan


def spread_of(runs: Iterable[TrialResult], value: Callable[[TrialResult], float]) -> float:
    """Standard deviation over the runs whose value is finite; 0 for fewer than two."""
    finite = [x for run in runs if math.isfinite(x := value(run))]
    if len(finite) < 2:
        return 0.0
    mean = math.fsum(finite) / len(finite)
    return math.sqrt(math.fsum((x - mean) ** 2 for x in finite) / (len(finite) - 1))


def _trials_of(claim: ClaimVerdict, pairs: Iterable[Pair]) -> tuple[tuple[str, list[str]], ...]:
    pairs = tuple(pairs)
    return (
        (claim.variant, [pair.variant_trial_id for pair in pairs]),
        (claim.reference, [pair.reference_trial_id for pair in pairs]),
    )


def _in_words(metric: str) -> str:
    test = METRICS.get(f"test_{metric}")
    return test.label.removeprefix("test ") if test else metric.replace("_", " ")
