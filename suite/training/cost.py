"""What a network costs, counted and not timed: the same on every machine."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode


@dataclass(frozen=True, kw_only=True)
class Cost:
    """Of one training step."""

    flops_per_example: float
    """Forward and backward."""
    step_bytes: int
    """Weights, gradients, momentum-like state of the same size, and what the forward pass keeps for the backward one."""


_known: dict[object, Cost] = {}


def cost(
    key: object, model: nn.Module, loss: Callable[[Tensor, Tensor], Tensor], inputs: Tensor, targets: Tensor
) -> Cost:
    """Counts one step on a small batch; leaves weights, buffers, gradients and generators as they were.

    `inputs` has shape (n, ...), `targets` (n,). `key` is whatever determines the answer: equal keys are counted once.
    """
    if key not in _known:
        _known[key] = _count(model, loss, inputs, targets)
    return _known[key]


def _count(model: nn.Module, loss: Callable[[Tensor, Tensor], Tensor], inputs: Tensor, targets: Tensor) -> Cost:
    kept: dict[int, int] = {}

    def keep(tensor: Tensor) -> Tensor:
        kept[tensor.untyped_storage().data_ptr()] = tensor.untyped_storage().nbytes()
        return tensor

    state = {name: value.clone() for name, value in model.state_dict().items()}
    model.train()
    with torch.random.fork_rng(devices=()), FlopCounterMode(display=False) as counter:
        with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
            value = loss(model(inputs), targets)
        value.backward()
    model.load_state_dict(state)
    model.zero_grad(set_to_none=True)
    weights = sum(p.numel() * p.element_size() for p in model.parameters())
    for parameter in model.parameters():
        kept.pop(parameter.untyped_storage().data_ptr(), None)
    return Cost(flops_per_example=counter.get_total_flops() / len(inputs), step_bytes=3 * weights + sum(kept.values()))
