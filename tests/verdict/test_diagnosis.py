import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from suite.spec import slots
from suite.spec.trials import Trial
from suite.spec.workload import load_workload
from suite.trial_result import EpochRecord, Status, TrialResult
from suite.verdict.diagnosis import diagnose, falls_steadily, scatter, steadiness

GUESSING = math.log(10)
SETTINGS = {"engine.validation_examples": 1000, "augment": "none", "model.dropout": 0.0}


def run(
    train: Any,
    val: Any,
    *,
    accuracy: Any = 0.9,
    status: Status = "completed",
    **settings: Any,
) -> TrialResult:
    """A run with these losses; `accuracy` on validation is one number or one per epoch."""
    accuracies = np.broadcast_to(np.asarray(accuracy, dtype=float), np.shape(train))
    epochs = tuple(
        EpochRecord(
            epoch=index + 1, train_loss=float(one), train_metric=0.9, val_loss=float(other),
            val_metric=float(right), learning_rate=0.1, gradient_norm=1.0, seconds=1.0, examples=1000,
        )
        for index, (one, other, right) in enumerate(zip(train, val, accuracies, strict=True))
    )  # fmt: skip
    return TrialResult(
        trial_id="0" * 16, settings=SETTINGS | settings, seed=0, purpose="evaluation", data_fingerprint="",
        status=status, reason=None, epochs=epochs, metric_name="accuracy", selected_epoch=None, measurements={},
        test_correct=None, test_examples=0,
    )  # fmt: skip


def falling(end: float, epochs: int = 20, *, start: float = GUESSING, rate: float = 0.5) -> np.ndarray:
    """From `start` towards `end`, as a loss falls."""
    return end + (start - end) * np.exp(-rate * np.arange(epochs))


def noise(size: float, epochs: int = 20, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(0, size, epochs)


def told_of(classes: int, result: TrialResult) -> TrialResult:
    return replace(
        result, settings={**result.settings, "loss": "cross_entropy"}, measurements={"classes": float(classes)}
    )


def kind(result: TrialResult) -> str:
    """The diagnosis, which must be the same whether or not the number of classes is told."""
    told, untold = diagnose(told_of(10, result)).kind, diagnose(result).kind
    assert told == untold
    return told


def test_losses_that_fall_and_settle_are_healthy() -> None:
    assert kind(run(falling(0.1), falling(0.3))) == "healthy"


def test_a_validation_loss_that_rises_is_overfitting_from_its_lowest_epoch_on() -> None:
    val = np.concatenate([falling(0.4, 8), 0.42 + 0.05 * np.arange(12)])
    found = diagnose(run(falling(0.001), val))
    assert (found.kind, found.epoch) == ("overfitting", 9)
    assert "epoch 9" in found.sentence


def test_the_same_rise_on_few_validation_examples_is_noise() -> None:
    val = np.concatenate([falling(0.4, 8), np.full(12, 0.55)])
    assert kind(run(falling(0.01), val, **{"engine.validation_examples": 2000})) == "overfitting"
    assert kind(run(falling(0.01), val, **{"engine.validation_examples": 50})) == "healthy"


def test_weights_are_to_be_kept_only_where_accuracy_does_not_go_on_rising() -> None:
    """Over-confidence raises the loss while ever more examples are right."""
    val = np.concatenate([falling(0.3, 10), np.linspace(0.35, 1.2, 10)])
    said = [
        diagnose(told_of(10, run(falling(0.01), val, accuracy=accuracy))).sentence
        for accuracy in (0.9, np.linspace(0.5, 0.9, 20))
    ]
    assert said[0].endswith(": keep the weights of epoch 10.")
    assert said[1].endswith(": what is right still becomes more: the network grows too sure of itself, not worse.")


@pytest.mark.parametrize("seed", range(20))
def test_a_noisy_validation_curve_that_stays_level_is_not_overfitting(seed: int) -> None:
    val = falling(0.4) * (1 + noise(0.1, seed=seed))
    assert kind(run(falling(0.05), val)) == "healthy"


def test_one_lucky_epoch_is_not_overfitting() -> None:
    val = falling(0.5)
    val[10] = 0.2
    assert kind(run(falling(0.05), val, **{"engine.validation_examples": 10_000})) == "healthy"


def test_a_training_that_has_not_begun_is_underfitting() -> None:
    assert kind(run(2.31 - 0.0002 * np.arange(6), 2.32 - 0.0003 * np.arange(6), accuracy=0.1)) == "underfitting"


def test_a_high_loss_that_still_falls_is_underfitting_and_one_that_stopped_a_plateau() -> None:
    still = GUESSING - 0.04 * np.arange(20)
    assert kind(run(still, still + 0.05, accuracy=0.4)) == "underfitting"
    stopped = falling(1.5)
    found = diagnose(run(stopped, stopped + 0.05, accuracy=0.4))
    assert (found.kind, found.epoch) == ("plateau", 14)


def test_a_loss_that_hovers_above_guessing_has_too_high_a_rate() -> None:
    train, val = 2.34 + noise(0.02), 2.35 + noise(0.03, seed=1)
    assert kind(run(train, val, accuracy=0.1)) == "rate too high"


def test_a_training_loss_that_jumps_has_too_high_a_rate() -> None:
    train, val = falling(0.1), falling(0.3)
    train[9] += 1.0
    found = diagnose(run(train, val))
    assert (found.kind, found.epoch) == ("rate too high", 10)


def test_a_loss_that_stays_high_without_a_jump_is_not_said_to_have_jumped() -> None:
    found = diagnose(run(np.full(10, 2.0), np.full(10, 2.0), accuracy=0.4))
    assert found.kind == "rate too high"
    assert "stays around 2" in found.sentence
    assert "jumped" not in found.sentence


def test_a_loss_above_guessing_of_a_run_that_is_often_right_has_too_high_a_rate() -> None:
    restless = np.array([3.3, 2.6, 2.5, 2.45, 2.5, 2.44, 2.48, 2.43, 2.46, 2.47])
    found = diagnose(told_of(10, run(restless, restless, accuracy=0.35)))
    assert found.kind == "rate too high"
    assert "above that of guessing (2.3)" in found.sentence
    assert diagnose(told_of(10, run(restless, restless, accuracy=0.35, augment="shift_flip"))).kind != "rate too high"
    enormous = np.array([2271.0, 1340.0, 688.0, 202.0])  # Adam at a rate of 1000, where cells are bounded
    assert diagnose(told_of(10, run(enormous, enormous, accuracy=0.35))).kind == "rate too high"
    barely_begun = np.array([2.36, 2.345, 2.335, 2.33, 2.328])
    assert diagnose(told_of(10, run(barely_begun, barely_begun, accuracy=0.2))).kind == "underfitting"


def test_a_loss_that_is_not_a_number_or_that_explodes_is_divergence() -> None:
    found = diagnose(run([2.0, math.nan], [2.0, math.nan], status="diverged"))
    assert (found.kind, found.epoch) == ("diverged", 2)
    train = [1e20, 1800.0, 1500.0, 900.0, 300.0, 50.0]
    assert kind(run(train, [2000.0, 1500.0, 1100.0, 500.0, 100.0, 40.0], accuracy=0.1)) == "diverged"


def test_a_peak_from_which_the_run_recovers_is_not_divergence() -> None:
    train = falling(0.1)
    train[2] = 60.0
    assert kind(run(train, falling(0.3))) == "rate too high"


def test_training_that_falls_while_validation_stays_at_guessing_suggests_a_data_fault() -> None:
    val = 2.31 + noise(0.002) + 0.01 * np.arange(20)
    assert kind(run(falling(1.4, rate=0.1), val, accuracy=0.1)) == "suspected data fault"
    assert kind(run(2.31 - 0.002 * np.arange(20), 2.32 + noise(0.002), accuracy=0.1)) == "suspected data fault"


def test_losses_that_settle_at_guessing_suggest_a_data_fault() -> None:
    train, val = GUESSING - 0.001 + noise(0.0004), GUESSING + noise(0.001, seed=1)
    assert kind(run(train, val, accuracy=0.1)) == "suspected data fault"


def test_validation_as_good_as_training_suggests_a_leak_unless_training_is_made_harder() -> None:
    train, val = falling(0.1), falling(0.09)
    assert kind(run(train, val)) == "leak suspected"
    assert kind(run(train, val, **{"model.dropout": 0.5})) == "healthy"
    assert kind(run(train, val, **{"augment": "shift_flip"})) == "healthy"
    assert kind(run(train, falling(0.01), **{"model.dropout": 0.5})) == "leak suspected"


def test_a_small_gap_of_a_network_that_has_memorised_nothing_is_no_leak() -> None:
    assert kind(run(falling(0.8), falling(0.8))) == "healthy"


def test_three_epochs_are_too_few() -> None:
    assert kind(run([2.0, 1.0, 0.5], [2.0, 1.0, 0.5])) == "too short"
    assert diagnose(replace(run([], []), status="failed")).kind == "too short"


def test_the_sentence_of_a_healthy_run_names_both_losses() -> None:
    found = diagnose(run(falling(0.1), falling(0.3)))
    assert found.sentence == "Both losses fall and settle (training 0.1, validation 0.3)."


def test_values_that_are_not_numbers_break_nothing() -> None:
    assert diagnose(run(falling(0.1), falling(0.3), accuracy=math.nan)).kind == "healthy"


def test_steadiness_and_scatter_of_known_curves() -> None:
    assert steadiness(np.array([3.0, 2.0, 1.0])) == 1
    assert steadiness(np.array([1.0, 2.0, 1.0])) == 0
    assert steadiness(np.array([1.0, 2.0])) == -1
    assert not falls_steadily(np.array([9.0, 1.0, 1.1, 1.0, 1.1, 1.05]))
    assert scatter(np.arange(20.0)) == 0
    assert scatter(noise(0.3, 4000)) == pytest.approx(0.3, rel=0.1)


def trained(cache: Path, *, misaligned: bool) -> TrialResult:
    """digits_cnn as it is, or with every label moved by one row."""
    from suite.training import data_cache, engine

    workload = load_workload("digits_cnn")
    settings = slots.complete(slots.override(workload.at("quick"), {"engine.device": "cpu"}))
    prepared = data_cache.prepare(workload.data_settings, data_dirs=(), cache_dir=cache)
    data = data_cache.load(prepared)
    dataset = data._replace(targets=data.targets.roll(1)) if misaligned else data
    trial = Trial(settings=settings, seed=77, purpose="tuning", data_fingerprint=prepared.fingerprint)
    training = engine.train(trial, dataset=dataset)
    while True:
        try:
            next(training)
        except StopIteration as stop:
            return stop.value


def test_a_real_training_is_healthy_and_with_misaligned_labels_its_curves_say_so(cache_dir: Path) -> None:
    assert kind(trained(cache_dir, misaligned=False)) == "healthy"
    assert kind(trained(cache_dir, misaligned=True)) == "suspected data fault"


def test_a_language_model_that_has_learnt_much_in_its_first_epoch_is_no_plateau() -> None:
    """Of 65 characters: the loss of guessing is 4.17, not the 2.7 of the first epoch."""
    losses = falling(1.75, start=2.7)
    result = replace(run(losses, losses + 0.1, accuracy=0.13), metric_name="inverse_perplexity")
    assert diagnose(result).kind == "plateau", "as long as nobody says among how many it guesses"
    assert diagnose(told_of(65, result)).kind == "healthy"
    assert diagnose(told_of(10, result)).kind == "plateau"
