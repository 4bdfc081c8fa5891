"""Learning rate schedules beside torch's own."""

import pytest
import torch
from torch.optim import lr_scheduler

from suite.training.schedule import cosine_periodic, multistep, plateau, warmup
from tests.training import tiny


def rates(make: object, epochs: int) -> list[float]:
    """What torch's scheduler gives, stepped once per epoch, from a base rate of 1."""
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=1.0)
    scheduler = make(optimizer)  # type: ignore[operator]
    found = []
    for _ in range(epochs):
        found.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        scheduler.step()
    return found


def test_periodic_cosine_is_torch_s_over_three_periods() -> None:
    factor = cosine_periodic.build(steps=24 * 5, steps_per_epoch=5, t_max=8)
    ours = [factor(epoch * 5 + within) for epoch in range(24) for within in (0, 4)]
    theirs = rates(lambda optimizer: lr_scheduler.CosineAnnealingLR(optimizer, T_max=8), 24)
    assert ours == pytest.approx([rate for rate in theirs for _ in range(2)], abs=1e-9)
    assert (factor(0), factor(8 * 5), factor(16 * 5)) == pytest.approx((1.0, 0.0, 1.0))


def test_multistep_is_torch_s_with_milestones_relative_to_the_length() -> None:
    factor = multistep.build(steps=40, steps_per_epoch=1, milestones=(0.5, 0.75), gamma=0.1)
    theirs = rates(lambda optimizer: lr_scheduler.MultiStepLR(optimizer, milestones=[20, 30], gamma=0.1), 40)
    assert [factor(step) for step in range(40)] == pytest.approx(theirs)


def test_warm_up_starts_above_zero_ends_at_the_full_rate_and_stays_or_falls() -> None:
    stays = warmup.build(steps=100, steps_per_epoch=10, fraction=0.1)
    assert [stays(step) for step in range(11)] == pytest.approx([0.1 * step for step in range(1, 11)] + [1.0])
    assert stays(99) == 1.0
    falls = warmup.build(steps=100, steps_per_epoch=10, fraction=0.1, then="cosine")
    assert falls(10) == pytest.approx(1.0)
    assert falls(55) == pytest.approx(0.5)
    assert 0 < falls(99) < 0.001


def test_plateau_quarters_the_rate_as_torch_s_word_language_model_does() -> None:
    losses = [5.0, 4.0, 4.0, 4.5, 3.0, 3.1]
    factor = plateau.build(steps=60, steps_per_epoch=10, gamma=0.25)
    ours, theirs, lowest, rate = list[float](), list[float](), float("inf"), 1.0
    for epoch, loss in enumerate(losses):
        ours.append(factor(epoch * 10 + 9))
        factor.after_epoch(loss)
        theirs.append(rate)
        lowest, rate = (loss, rate) if loss < lowest else (lowest, rate / 4)
    assert ours == theirs == [1, 1, 1, 1 / 4, 1 / 16, 1 / 16]


def test_plateau_waits_as_many_epochs_as_its_patience_says() -> None:
    factor = plateau.build(steps=6, steps_per_epoch=1, patience=1)
    for loss in (2.0, 2.0):
        factor.after_epoch(loss)
    assert factor(2) == 1.0
    factor.after_epoch(2.0)
    assert factor(3) == pytest.approx(0.1)


def test_the_engine_tells_the_schedule_of_each_validation() -> None:
    run = tiny.run(
        tiny.random_dataset(), schedule="plateau", optimizer__lr=0.5, engine__train_examples=60, engine__epochs=8
    )
    lowest, rate = float("inf"), 0.5
    for record in run.epochs:
        assert record.learning_rate == pytest.approx(rate)
        lowest, rate = (record.val_loss, rate) if record.val_loss < lowest else (lowest, rate / 10)
    assert rate < 0.5
