"""What is stored, asked for in a design's words: one look-up per trial, bits unpacked once."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy.typing as npt

from suite.spec.design import Design
from suite.spec.trials import Trial
from suite.trial_result import TrialResult
from suite.verdict.selection import Point


@dataclass(frozen=True, kw_only=True)
class Asked:
    """A trial that was asked for, and its result where there is one."""

    trial_id: str
    label: str
    """Which trial it is, for people."""
    result: TrialResult | None

    @property
    def failure(self) -> str | None:
        """One sentence for a trial that could not be run; None for one that was, or is still to come."""
        if self.result is None or self.result.status != "failed":
            return None
        return f"{self.label} could not be run: {self.result.reason or 'no reason is recorded'}"


class Readings:
    """A design and its results, memoised; lives for one judgement."""

    def __init__(self, design: Design, results: Mapping[str, TrialResult]) -> None:
        self.design = design
        self.results = results
        self._asked: dict[tuple[str, str, Point, str, int], Asked] = {}
        self._per_example: dict[tuple[str, str], npt.NDArray[Any] | None] = {}

    def tuning(self, workload: str, arm: str, point: Point, seed: int) -> Asked:
        """A trial of the arm's sweep."""
        key = (workload, arm, point, "tuning", seed)
        if key not in self._asked:
            self._asked[key] = self._ask(self.design.tuning_trial(workload, arm, point, seed), workload, arm)
        return self._asked[key]

    def evaluation(self, workload: str, arm: str, point: Point, pair: int) -> Asked:
        """A trial that is scored."""
        key = (workload, arm, point, "evaluation", pair)
        if key not in self._asked:
            self._asked[key] = self._ask(self.design.evaluation_trial(workload, arm, point, pair), workload, arm)
        return self._asked[key]

    def per_example(self, result: TrialResult, metric: str) -> npt.NDArray[Any] | None:
        """Each test example's part in the metric, shape (test_examples,); None where it was not recorded."""
        key = (result.trial_id, metric)
        if key not in self._per_example:
            self._per_example[key] = result.per_example(metric)
        return self._per_example[key]

    def asked(self) -> tuple[Asked, ...]:
        """Every trial asked for so far, once."""
        return tuple({asked.trial_id: asked for asked in self._asked.values()}.values())

    def _ask(self, trial: Trial, workload: str, arm: str) -> Asked:
        label = f"{trial.purpose} trial {trial.id} ({arm} on {workload}, seed {trial.seed})"
        return Asked(trial_id=trial.id, label=label, result=self.results.get(trial.id))
