"""From settings to objects, by the one rule: slot = folder, value = file, dotted keys = keyword arguments."""

import importlib
from collections.abc import Mapping
from typing import Any

import torch
from torch import nn

from suite.spec.defaults import DEFAULTS
from suite.training.streams import number
from suite.trial_result import Settings


def arguments(settings: Settings, slot: str) -> dict[str, Any]:
    """The slot's arguments, without its prefix."""
    prefix = f"{slot}."
    return {key.removeprefix(prefix): value for key, value in settings.items() if key.startswith(prefix)}


def bind(settings: Settings, slot: str, *given: Any) -> Any:
    """What the slot's mechanism builds from what the engine gives it and its own settings.

    A name with a dot is a user's own module; whoever made the settings has checked that it may run (`--allow-code`).
    """
    name = str(settings.get(slot, DEFAULTS.get(slot)))  # a slot may be younger than the record of a trial
    module = importlib.import_module(name if "." in name else f"suite.training.{slot}.{name}")
    return module.build(*given, **arguments(settings, slot))


def build_model(settings: Mapping[str, Any], input_shape: tuple[int, ...], classes: int, seed: int) -> nn.Module:
    """The network with its initial weights, on the CPU.

    Every module draws from a stream named like itself: two arms that differ in one layer share the weights of all
    others whose shapes agree.
    """
    fill = bind(settings, "init")
    with torch.random.fork_rng(devices=()):
        torch.manual_seed(number(seed, "build"))
        model: nn.Module = bind(settings, "model", input_shape, classes)
        for name, module in model.named_modules():
            torch.manual_seed(number(seed, f"init/{name}"))
            if callable(getattr(module, "reset_parameters", None)):
                module.reset_parameters()
            if fill is not None:
                fill(module)
    return model
