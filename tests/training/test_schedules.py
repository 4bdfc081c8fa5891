"""Learning rate schedules beside torch's own."""

import pytest
import torch
from torch.optim import lr_scheduler

from suite.training.schedule import cosine_periodic, multistep, warmup


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
