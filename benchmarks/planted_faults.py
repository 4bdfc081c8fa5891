"""Faults to be named by `suite check`, and healthy set-ups of which it must say nothing."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import torch
from torch import Tensor

from suite.spec import slots
from suite.training.loaded import Kind, Loaded
from suite.training.overfit import Parts

LABELLED: tuple[Kind, ...] = ("images", "series", "tokens")
SEQUENCES: tuple[Kind, ...] = ("series", "tokens", "text")
SCENES: tuple[Kind, ...] = ("boxes", "pixels")
IMAGES: tuple[Kind, ...] = ("images", *SCENES, "likes")
ONE_BY_ONE: tuple[Kind, ...] = (*SEQUENCES, "images", *SCENES)
"""What can be learnt from a batch of one: no likeness can."""


@dataclass(frozen=True, kw_only=True)
class Case:
    """A set-up and the one fault that is to be named (none: a healthy one)."""

    title: str
    expected: str | None = None
    of: tuple[Kind, ...] = (*SEQUENCES, *IMAGES)
    """Where it can happen."""
    changes: Mapping[str, Any] = ()  # type: ignore[assignment]
    rate: float = 1.0
    spoil_data: Callable[[Loaded], Loaded] = lambda loaded: loaded
    spoil_parts: Callable[[Parts], Parts] = lambda parts: parts

    @property
    def named(self) -> tuple[str, ...]:
        """What is to be named."""
        return (self.expected,) if self.expected else ()


def rolled(loaded: Loaded) -> Loaded:
    """The loader hands out the label of the example before; the data set is as it should be."""
    held = loaded.held_targets.roll(1, dims=0)
    return replace(loaded, targets=loaded.targets.roll(1, dims=0), held_targets=held)


def too_far(loaded: Loaded) -> Loaded:
    """Targets of a text are the symbols after the next."""
    parts = (loaded.targets, loaded.held_targets, loaded.stored)
    moved = [part.flatten().roll(-1).view(part.shape) for part in parts]
    return replace(loaded, targets=moved[0], held_targets=moved[1], stored=moved[2])


def as_measured(loaded: Loaded) -> Loaded:
    """Series in the units of some meter: 100, give or take 50."""
    parts = (loaded.inputs, loaded.held_inputs, loaded.batch)
    inputs, held, batch = (100 + 50 * part for part in parts)
    return replace(loaded, inputs=inputs, held_inputs=held, batch=batch)


def mixed(loaded: Loaded) -> Loaded:
    """Labels in an order of their own."""
    order = torch.randperm(len(loaded.stored), generator=torch.Generator().manual_seed(7))
    stored = loaded.stored[order]
    held = loaded.held_targets
    held = held[torch.randperm(len(held), generator=torch.Generator().manual_seed(8))]
    return replace(loaded, stored=stored, targets=stored[loaded.rows], held_targets=held)


def wrong_axis(parts: Parts, axis: int = 0) -> Parts:
    def loss(outputs: Tensor, targets: Tensor) -> Tensor:
        classes = 1 if outputs.ndim == 4 else -1  # of images (n, classes, H, W)
        wanted = targets.long().clamp(min=0).unsqueeze(classes)
        return -outputs.float().log_softmax(dim=axis).gather(classes, wanted).mean()

    return replace(parts, criterion=loss)


def frozen_layer(parts: Parts) -> Parts:
    first = next(layer for layer in parts.model.children() if list(layer.parameters()))
    for parameter in first.parameters():
        parameter.requires_grad_(False)
    return parts


def forgotten_layer(parts: Parts) -> Parts:
    """The optimiser is not given the last layer."""
    for group in parts.optimizer.param_groups:
        group["params"] = group["params"][:-2]
    return parts


def no_zero_grad(parts: Parts) -> Parts:
    def step(parts: Parts, inputs: Tensor, targets: Tensor) -> Tensor:
        loss = parts.criterion(parts.model(inputs), targets)
        loss.backward()
        parts.optimizer.step()
        return loss.detach()

    return replace(parts, step=step)


FAULTS = (
    Case(
        title="labels shifted by one row in the data set",
        expected="labels",
        of=(*LABELLED, *SCENES, "likes"),
        changes={"labels": "misaligned"},
    ),
    Case(title="labels shifted by one in the loader", expected="labels", spoil_data=rolled),
    Case(title="labels shuffled without their inputs", expected="labels", spoil_data=mixed),
    Case(title="targets that are the inputs", expected="labels", of=("text",), changes={"labels": "misaligned"}),
    Case(title="targets two places on", expected="labels", of=("text",), spoil_data=too_far),
    Case(
        title="loss over the wrong axis",
        expected="loss_axis",
        of=(*SEQUENCES, "images", "pixels"),
        spoil_parts=wrong_axis,
    ),
    Case(title="loss over the places", expected="loss_axis", of=("text",), spoil_parts=partial(wrong_axis, axis=1)),
    Case(title="first layer frozen", expected="frozen", spoil_parts=frozen_layer),
    Case(title="last layer not given to the optimiser", expected="frozen", spoil_parts=forgotten_layer),
    Case(title="inputs from 0 to 255", expected="input_scale", of=IMAGES, changes={"preprocess": "raw"}),
    Case(title="series of 100 ± 50", expected="input_scale", of=("series",), spoil_data=as_measured),
    Case(title="zero_grad forgotten in the step", expected="zero_grad", spoil_parts=no_zero_grad),
    Case(
        title="gradients never zeroed (the suite's own slot)",
        expected="zero_grad",
        changes={"gradients": "never_zeroed"},
    ),
    Case(title="rate 100 times too high", expected="rate", rate=100.0),
)
_NETWORKS = {
    "batch normalisation": {"model.norm": "batch"},
    "dropout 0.5": {"model.dropout": 0.5},
    "four convolutions": {"model.convs": 2},
    "sigmoid": {"model.activation": "sigmoid"},
    "20 layers, plain": {"model": "deep_cnn", "model.connections": "plain", "model.depth": 20},
}
_RECURRENT = {
    "layer normalisation": {"model.norm_at": ("output",)},
    "dropout 0.5 before the output": {"model.dropout": 0.5, "model.dropout_at": ("output",)},
    "two layers": {"model.layers": 2},
    "GRU": {"model.cell": "gru"},
    "plain recurrent cell": {"model.cell": "tanh"},
}
HEALTHY = (
    Case(title="as the workload is"),
    Case(title="inputs from 0 to 1", of=IMAGES, changes={"preprocess": "unit_range"}),
    Case(title="batches of 4", of=ONE_BY_ONE, changes={"engine.batch_size": 4}),
    Case(title="batches of 1", of=ONE_BY_ONE, changes={"engine.batch_size": 1}),
    *(Case(title=title, of=("images",), changes=changes) for title, changes in _NETWORKS.items()),
    *(Case(title=title, of=SEQUENCES, changes=changes) for title, changes in _RECURRENT.items()),
    Case(title="shifted and mirrored", of=SCENES, changes={"augment": "shift_flip"}),
    Case(title="focal loss", of=("boxes",), changes={"loss.objectness": "focal"}),
    Case(title="enlarged between pixels", of=("pixels",), changes={"model.upsampling": "bilinear"}),
    Case(title="triplets", of=("likes",), changes={"loss": "triplet", "model.head": False}),
    Case(title="both directions", of=("series", "tokens"), changes={"model.bidirectional": True}),
    Case(title="windows in random order", of=("text",), changes={"order": "shuffled"}),
    Case(title="AdamW", changes={"optimizer": "adamw"}),
    Case(title="a fifth of the labels wrong", of=LABELLED, changes={"labels": "wrong"}),
)


def fitting(cases: Iterable[Case], kind: Kind, settings: Mapping[str, Any]) -> list[Case]:
    """Those that can happen with such inputs and such mechanisms."""
    return [case for case in cases if kind in case.of and _takes(slots.override(settings, dict(case.changes)))]


def _takes(settings: Mapping[str, Any]) -> bool:
    """Whether every argument is one of its slot's mechanism."""
    dotted = [key.partition(".") for key in settings if "." in key]
    return all(name in slots.arguments(slot, str(settings.get(slot, ""))) for slot, _, name in dotted)
