"""How long a trial takes: by its passes of examples, at the pace of what is most like it."""

from dataclasses import replace
from pathlib import Path

import pytest
from stand_ins import design_of, made_up

from suite.scheduling.estimate import passes, seconds_per_trial
from suite.spec.design import Design
from suite.spec.trials import Trial
from suite.trial_result import Status, TrialResult

SPEC = """
tip: A tip
quote: a tip
source: test
workloads: {quick: [digits_cnn, glyphs_cnn]}
arms:
  plain: {}
  twice_as_long: {engine.epochs: 24}
  wide: {model.hidden: 256}
  large_batches: {engine.batch_size: 256}
claims:
  longer_is_better: {variant: twice_as_long, reference: plain, metric: test_accuracy, expect: better, primary: true}
  wide_is_better: {variant: wide, reference: plain, metric: test_accuracy, expect: better}
  batches_do_not_matter: {variant: large_batches, reference: plain, metric: test_accuracy, expect: same}
"""
GUESS = 0.4
"""Of digits_cnn, which has 12 epochs."""
GLYPHS_GUESS = 0.8
BASE = {"engine.epochs": 10, "engine.train_examples": 900, "engine.validation_examples": 300}


@pytest.fixture
def design(tmp_path: Path) -> Design:
    return design_of(SPEC, tmp_path, device="cpu")


def trial(design: Design, arm: str, workload: str = "digits_cnn", pair: int = 0) -> Trial:
    return design.evaluation_trial(workload, arm, (), pair)


def stored(of: Trial, seconds: float, status: Status = "completed") -> dict[str, TrialResult]:
    return {of.id: made_up(of, seconds=seconds, status=status)}


def test_an_example_that_is_scored_is_a_third_of_one_that_is_trained_on() -> None:
    assert passes(BASE) == 10 * (900 + 100)
    assert passes({**BASE, "engine.train_share": 0.5, "engine.validation_share": 0.1}) == 10 * (450 + 10)


def test_pre_training_adds_its_epochs_on_the_tasks_examples_or_on_as_many_of_other_classes() -> None:
    few = {**BASE, "engine.train_share": 0.1, "pretraining.epochs": 5}
    assert passes(few) == 10 * (90 + 100) + 5 * 90
    assert passes({**few, "pretraining.examples": 600}) == 10 * (90 + 100) + 5 * 600
    assert passes({**few, "pretraining.examples": 20_000}) == 10 * (90 + 100) + 5 * 900, "there are hardly as many"


def test_the_workloads_guess_is_for_the_workload_as_it_stands(design: Design) -> None:
    design = design.with_fingerprints({workload.id: "not prepared" for workload in design.workloads})
    estimate = seconds_per_trial([design], {})
    assert estimate(trial(design, "plain")) == pytest.approx(GUESS)
    assert estimate(trial(design, "twice_as_long")) == pytest.approx(2 * GUESS)
    other = estimate(trial(design, "plain", "glyphs_cnn"))
    assert other == pytest.approx(GLYPHS_GUESS), "each its own, though neither data set has been prepared"


def test_stored_trials_of_the_same_network_count_before_others_of_its_name_on_the_same_data(design: Design) -> None:
    wide = stored(trial(design, "wide"), 9.0)
    estimate = seconds_per_trial([design], wide)
    assert estimate(trial(design, "wide", pair=1)) == pytest.approx(9.0)
    assert estimate(trial(design, "plain")) == pytest.approx(9.0), "nothing nearer is known"
    estimate = seconds_per_trial([design], wide | stored(trial(design, "twice_as_long"), 2.0))
    assert estimate(trial(design, "wide", pair=1)) == pytest.approx(9.0)
    assert estimate(trial(design, "plain")) == pytest.approx(1.0)
    batches = estimate(trial(design, "large_batches"))
    assert batches == pytest.approx((9.0 + 2.0) / 3), "of all of its name: no stored trial has its batch size"
    assert estimate(trial(design, "plain", "glyphs_cnn")) == pytest.approx(GLYPHS_GUESS), (
        "of its data nothing is stored"
    )


def test_another_network_on_the_same_data_does_not_replace_the_guess(design: Design) -> None:
    plain = trial(design, "plain")
    deep = made_up(plain, seconds=50.0)
    deep = replace(deep, trial_id="another", settings={**deep.settings, "model": "deep_cnn"})
    assert seconds_per_trial([design], {deep.trial_id: deep})(plain) == pytest.approx(GUESS)


def test_trials_that_broke_off_tell_nothing(design: Design) -> None:
    estimate = seconds_per_trial([design], stored(trial(design, "plain"), 0.01, status="diverged"))
    assert estimate(trial(design, "plain", pair=1)) == pytest.approx(GUESS)


def test_a_workload_that_guesses_nothing_leaves_it_open(design: Design) -> None:
    silent = tuple(workload.model_copy(update={"seconds": {}}) for workload in design.workloads)
    unknown = Design(
        ablation=design.ablation, scale="quick", workloads=silent, device="cpu", fingerprints=design.fingerprints
    )
    assert seconds_per_trial([unknown], {})(trial(unknown, "plain")) is None
