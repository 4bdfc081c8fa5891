"""The parts of a training step, and whether they can learn a tiny set by heart, at which rate, without old gradients.

The step is the engine's, written again with every part replaceable: so that faults can be planted in each.
"""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from suite.training import padding
from suite.training.batches import scoring_batches
from suite.training.build import bind, build_model
from suite.training.loaded import Kind, Loaded, trimmed
from suite.training.streams import number
from suite.training.task import Task
from suite.trial_result import Settings

TINY = 32
"""Examples to learn by heart."""
FEWER: dict[Kind, int] = {"text": 4, "boxes": 8, "pixels": 8}
"""The same where there is more than a label to learn of each. Windows of a text are few, as no state is carried over:
what two that begin alike go on with cannot be known before they differ."""
SMALLEST_BATCH = 16
"""Whether a network can learn by heart is asked without the noise of smaller batches."""
STEPS = 300
_NO_HOPE = 200
"""Steps after which an attempt ends whose loss has shot up and not come down again."""
OVERSHOT = 1.3
"""Times the loss before training: no plateau, nor the noise of small batches and dropout, gets there."""
WILD = 2.0
"""The same, from which on a lower rate is tried although the set was learnt: recurrent networks survive a lot."""
LEARNT, LEARNT_MAPS = 0.95, 0.9
"""Share of the tiny set that must be right, in evaluation mode: without the network's own noise. Of maps of classes the
mean IoU, which a border that is a pixel off costs more where things are small or thin."""
LOWER = (1 / 10, 1 / 100)
_RESCUE_RATE = 0.003
_SCORED_AT_ONCE = 256
"""Sequences; long ones would fill the memory otherwise."""
_FEWER_HELD = 64
"""Of a text, with a score for every symbol at every place of each; or of images with as much."""
_MEASURES: dict[Kind, str] = {"boxes": "average precision", "pixels": "mean IoU"}
_LEARNT_BY = {"mean_average_precision": "average_precision_50", "map_at_r": "recall_at_1"}
"""Where the task's metric asks for more than to be right: boxes that fit to the pixel, all of a class together."""


@dataclass
class Parts:
    """Everything that a training step touches."""

    model: nn.Module
    criterion: Callable[[Tensor, Tensor], Tensor]
    optimizer: torch.optim.Optimizer
    treat_gradients: Callable[[list[nn.Parameter]], Tensor]
    evaluate: Callable[[nn.Module, Tensor], Tensor]
    task: Task
    step: "Step"


Step = Callable[[Parts, Tensor, Tensor], Tensor]
"""(parts, inputs, targets) -> loss before the step; leaves the weights changed and no gradients behind."""
Make = Callable[[], Parts]
"""Fresh parts, the same each time."""


@dataclass(frozen=True, kw_only=True)
class Attempt:
    """Training on the tiny set at one rate."""

    factor: float
    """Of the rate asked for."""
    rate: float
    rescue: bool
    """With Adam instead of what was asked for: is it the network that cannot, or is it only slow?"""
    first_loss: float
    highest_loss: float
    last_loss: float
    accuracy: float
    """On the tiny set, in evaluation mode; a metric where no share is right or wrong."""
    held_accuracy: float
    """On examples it has not seen."""
    steps: int
    enough: float = LEARNT
    """The accuracy from which on the set is learnt."""

    @property
    def learnt(self) -> bool:
        """By heart."""
        return self.accuracy >= self.enough

    @property
    def overshot(self) -> bool:
        """The loss has shot up on the way: what a rate that is too high does, and a plateau does not."""
        return not self.highest_loss < OVERSHOT * self.first_loss

    @property
    def wild(self) -> bool:
        """It has shot up far."""
        return not self.highest_loss < WILD * self.first_loss


@dataclass(frozen=True, kw_only=True)
class Overfit:
    """Attempts in the order in which they were made; the first is at the rate asked for."""

    examples: int
    held_examples: int
    attempts: tuple[Attempt, ...]

    batch_size: int
    measure: str
    """What an attempt's `accuracy` is a share of, in words: `right`, or a metric's name."""

    @property
    def best(self) -> Attempt:
        """The one that learnt, else the one that learnt most."""
        return max(self.attempts, key=lambda attempt: attempt.accuracy)


def make_parts(settings: Settings, loaded: Loaded, seed: int) -> Make:
    """As the engine makes them from the settings."""

    def make() -> Parts:
        model = build_model(settings, loaded.shape, len(loaded.classes), seed)
        model.to(memory_format=torch.channels_last)
        return Parts(
            model=model,
            criterion=bind(settings, "loss"),
            optimizer=bind(settings, "optimizer", list(model.parameters())),
            treat_gradients=bind(settings, "gradients"),
            evaluate=bind(settings, "evaluation"),
            task=bind(settings, "task"),
            step=step,
        )

    return make


def step(parts: Parts, inputs: Tensor, targets: Tensor) -> Tensor:
    """One step as the engine makes it."""
    loss = parts.criterion(parts.model(inputs), targets)
    loss.backward()  # type: ignore[no-untyped-call]
    parts.treat_gradients(list(parts.model.parameters()))
    parts.optimizer.step()
    parts.optimizer.zero_grad(set_to_none=True)
    return loss.detach()


def overfit(make: Make, loaded: Loaded, seed: int) -> Overfit:
    """At the rate asked for; if the loss shoots up there, at lower ones; at last with Adam, for plateaus."""
    attempts = [_attempt(make, loaded, seed, 1.0)]
    for factor in LOWER if attempts[0].overshot else ():
        if not attempts[-1].learnt:
            attempts.append(_attempt(make, loaded, seed, factor))
    if attempts[0].learnt and attempts[0].wild:
        attempts.append(_attempt(make, loaded, seed, LOWER[0]))
    if not any(attempt.learnt for attempt in attempts):
        attempts.append(_attempt(make, loaded, seed, 1.0, rescue=True))
    return Overfit(
        examples=_examples(loaded),
        held_examples=_held_examples(loaded),
        batch_size=_batch_size(loaded),
        measure=_MEASURES.get(loaded.kind, "right"),
        attempts=tuple(attempts),
    )


def keeps_old_gradients(make: Make, loaded: Loaded, seed: int) -> float:
    """How far a step's gradient depends on the batch before, at a rate of zero: 0 if it does not.

    A gradient that was not zeroed is still there, although the weights have not moved. Two steps on the same parts are
    held against one step on fresh ones, so that whatever else is done to gradients is the same in both.
    """
    half = max(1, min(32, loaded.available // 2))
    before, batch = slice(0, half), slice(half, 2 * half)
    alone = _gradients(make, loaded, seed, (batch,))
    after = _gradients(make, loaded, seed, (before, batch))
    size = float(alone.norm())
    return float((after - alone).norm()) / size if size > 0 and math.isfinite(size) else 0.0


def set_rate(parts: Parts, factor: float) -> float:
    """Scales the rate of every group of parameters; gives the first group's."""
    for group in parts.optimizer.param_groups:
        group["lr"] = group["lr"] * factor
    return float(parts.optimizer.param_groups[0]["lr"])


def _gradients(make: Make, loaded: Loaded, seed: int, batches: tuple[slice, ...]) -> Tensor:
    """What the optimiser saw at the last of the steps, as one vector."""
    parts, seen = make(), [torch.zeros(1)]
    set_rate(parts, 0.0)

    def look(optimizer: torch.optim.Optimizer, *_: Any) -> None:
        places = [p for group in optimizer.param_groups for p in group["params"]]
        seen[0] = torch.cat([(torch.zeros_like(p) if p.grad is None else p.grad.detach()).flatten() for p in places])

    parts.optimizer.register_step_pre_hook(look)
    parts.model.train()
    for rows in batches:
        torch.manual_seed(number(seed, "check/gradients"))  # the same dropout in every step
        parts.step(parts, *loaded.some(rows))
    return seen[0].clone()


def _attempt(make: Make, loaded: Loaded, seed: int, factor: float, *, rescue: bool = False) -> Attempt:
    parts = make()
    if rescue:
        parts.optimizer = torch.optim.Adam([p for p in parts.model.parameters() if p.requires_grad], lr=_RESCUE_RATE)
    rate = set_rate(parts, factor)
    torch.manual_seed(number(seed, "check/overfit"))
    losses, held = _learn(parts, loaded), _held_examples(loaded)
    return Attempt(
        factor=factor,
        rate=rate,
        rescue=rescue,
        first_loss=losses[0],
        highest_loss=math.nan if math.isnan(sum(losses)) else max(losses),
        last_loss=losses[-1],
        accuracy=_accuracy(parts, *loaded.some(slice(_examples(loaded)))),
        held_accuracy=_accuracy(parts, loaded.held_inputs[:held], loaded.held_targets[:held]),
        steps=len(losses),
        enough=_enough(loaded),
    )


def _learn(parts: Parts, loaded: Loaded) -> list[float]:
    """Until everything is right that can be, or the steps are used up, or there is no hope. The loss of every step."""
    inputs, targets = loaded.some(slice(_examples(loaded)))
    # what windows that begin alike go on with cannot all be right, nor every pixel of a border
    enough = _enough(loaded) if loaded.kind in FEWER else 1.0
    batch, losses = _batch_size(loaded), list[float]()
    while len(losses) < STEPS:
        parts.model.train()
        order = torch.randperm(len(targets))
        for begin in range(0, len(targets) - batch + 1, batch):
            rows = order[begin : begin + batch]
            losses.append(float(parts.step(parts, inputs[rows], targets[rows])))
        if not math.isfinite(losses[-1]) or _accuracy(parts, inputs, targets) >= enough:
            break
        if len(losses) >= _NO_HOPE and max(losses) > OVERSHOT * losses[0] and _mean(losses[-50:]) > 0.9 * losses[0]:
            break
    return losses


def _enough(loaded: Loaded) -> float:
    return LEARNT_MAPS if loaded.kind == "pixels" else LEARNT


def _examples(loaded: Loaded) -> int:
    return min(FEWER.get(loaded.kind, TINY), loaded.available)


def _held_examples(loaded: Loaded) -> int:
    held = len(loaded.held_targets)
    return min(_FEWER_HELD, held) if loaded.kind in FEWER else held


def _batch_size(loaded: Loaded) -> int:
    return min(max(loaded.batch_size, SMALLEST_BATCH), _examples(loaded))


def _mean(values: list[float]) -> float:
    return sum(values) / len(values)


def _accuracy(parts: Parts, inputs: Tensor, targets: Tensor) -> float:
    """Share of examples that are right, in evaluation mode; of a text, of places; else the metric that says as much."""
    with torch.no_grad():
        parts.model.eval()
        tallies = torch.cat([parts.task.tally(parts.model(some), labels) for some, labels in _at_once(inputs, targets)])
        metrics, name = parts.task.metrics(tallies, 0.0), parts.task.metric_name
        return metrics.get("accuracy", metrics[_LEARNT_BY.get(name, name)])


def _at_once(inputs: Tensor, targets: Tensor) -> Iterator[tuple[Tensor, Tensor]]:
    lengths = padding.lengths(inputs)
    if lengths is None:
        yield inputs, targets
        return
    for rows in scoring_batches(lengths, len(inputs), _SCORED_AT_ONCE, continues=False):
        yield trimmed(inputs[rows], targets[rows])
