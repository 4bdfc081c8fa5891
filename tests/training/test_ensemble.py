"""Ensembles: every member learns as it would alone, together they predict, and all of it is counted."""

import itertools
from typing import Any

import pytest
import torch
from tiny import numbers, random_dataset, run, trial
from torch import Tensor, nn

from suite.training.build import build_model
from suite.training.cost import cost
from suite.training.loss import cross_entropy, focal, softmax_twice
from suite.training.optimizer import sgd

MEMBERS = 3


def network(**changes: Any) -> nn.Module:
    return build_model(trial(**changes).settings, (1, 8, 8), 10, seed=4)


def ensemble() -> nn.Module:
    return network(model__members=MEMBERS)


def alone(group: nn.Module) -> list[nn.Module]:
    """Each member's network by itself, with the same weights."""
    singles = [network() for _ in range(MEMBERS)]
    for single, member in zip(singles, group.children(), strict=True):
        single.load_state_dict(member.state_dict())
    return singles


def batch(n: int = 32, seed: int = 0) -> tuple[Tensor, Tensor]:
    draws = torch.Generator().manual_seed(seed)
    return torch.randn(n, 1, 8, 8, generator=draws), torch.randint(0, 10, (n,), generator=draws)


def trained(model: nn.Module) -> list[float]:
    """The loss of each of ten steps."""
    criterion, optimizer = cross_entropy.build(label_smoothing=0.1), sgd.build(list(model.parameters()), lr=0.1)
    losses = []
    for step in range(10):
        inputs, targets = batch(seed=step)
        loss = criterion(model(inputs), targets)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses


def test_every_member_trains_as_the_same_network_does_alone_at_the_same_rate() -> None:
    group = ensemble()
    singles = alone(group)
    together, each = trained(group), [trained(single) for single in singles]
    assert together == pytest.approx([sum(losses) / MEMBERS for losses in zip(*each, strict=True)], rel=1e-5)
    for single, member in zip(singles, group.children(), strict=True):
        torch.testing.assert_close(dict(member.state_dict()), dict(single.state_dict()), rtol=1e-4, atol=1e-6)


def test_an_ensemble_predicts_the_mean_of_its_members_probabilities() -> None:
    group = ensemble().eval()
    inputs, _ = batch()
    mean = torch.stack([single.eval()(inputs).softmax(1) for single in alone(group)]).mean(0)
    torch.testing.assert_close(group(inputs).exp(), mean)


def test_in_training_mode_an_ensemble_gives_each_member_s_scores() -> None:
    group = ensemble()
    inputs, _ = batch()
    scores = group(inputs)
    assert scores.shape == (32, 10, MEMBERS)
    assert all(torch.equal(scores[:, :, i], single(inputs)) for i, single in enumerate(alone(group)))


def test_no_two_members_begin_with_the_same_weights() -> None:
    first = [member.state_dict()["conv1.weight"] for member in ensemble().children()]
    assert len(first) == MEMBERS
    assert not any(torch.equal(one, other) for one, other in itertools.combinations(first, 2))


def test_an_ensemble_costs_as_many_times_one_network_as_it_has_members() -> None:
    one, three = (
        cost(f"ensemble {members}", network(model__members=members), cross_entropy.build(), *batch(8))
        for members in (1, MEMBERS)
    )
    assert three.flops_per_example == MEMBERS * one.flops_per_example
    assert three.fixed_bytes == MEMBERS * one.fixed_bytes
    assert three.bytes_per_example > (MEMBERS - 0.5) * one.bytes_per_example


@pytest.mark.parametrize("evaluation", ["plain", "training_mode"])
def test_a_trial_of_an_ensemble_gives_the_same_finite_numbers_twice(evaluation: str) -> None:
    settings = {"engine.train_examples": 100, "engine.validation_examples": 60}
    first, second = (run(random_dataset(), model__members=MEMBERS, evaluation=evaluation, **settings) for _ in range(2))
    assert first.status == "completed"
    assert numbers(first) == numbers(second)
    assert first.epochs[0].train_loss == pytest.approx(2.3, abs=0.3)  # one network's scale, not that of a sum


@pytest.mark.parametrize("loss", [focal, softmax_twice])
def test_losses_that_take_one_network_say_so(loss: Any) -> None:
    with pytest.raises(ValueError, match="one network's scores; for an ensemble"):
        loss.build()(torch.zeros(4, 10, 3), torch.zeros(4, dtype=torch.int64))
