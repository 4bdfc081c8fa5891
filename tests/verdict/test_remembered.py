"""Answers that are remembered are the answers."""

import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from suite.spec.design import Design
from suite.spec.trials import Trial
from suite.trial_result import TrialResult
from suite.verdict.needs import needed_trials
from suite.verdict.remembered import Remembered

sys.path.append(str(Path(__file__).parents[1] / "report"))
import report_study
import synthetic_trials


def test_at_every_step_of_a_run_it_says_what_the_function_says_and_asks_it_no_oftener_than_needed() -> None:
    single = report_study.design(workloads=("digits_cnn",))
    other = replace(single, ablation=single.ablation.model_copy(update={"id": "other"}))
    designs = [report_study.design(), other]
    asked: list[str] = []

    def counted(design: Design, results: Mapping[str, TrialResult]) -> tuple[Trial, ...]:
        asked.append(design.ablation.id)
        return needed_trials(design, results)

    needed, results = Remembered(counted), dict[str, TrialResult]()
    for _ in range(30):
        for design in designs:
            assert needed(design, results) == needed_trials(design, results)
        now = len(asked)
        for design in designs:
            needed(design, results)
        assert len(asked) == now, "nothing new, nothing asked"
        trial = (*needed(designs[0], results), *needed(designs[1], results))[0]
        results[trial.id] = synthetic_trials.result(trial, synthetic_trials.bn_and_dropout)
    strangers = dict(results) | {"0" * 16: next(iter(results.values()))}
    now = len(asked)
    needed(designs[0], results)
    needed(designs[0], strangers)
    assert len(asked) <= now + 1, "other ablations' trials change nothing"
