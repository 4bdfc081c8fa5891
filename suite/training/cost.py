"""What a network costs, counted and not timed: the same on every machine."""

import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode


@dataclass(frozen=True, kw_only=True)
class Cost:
    """Of training, counted on a few examples."""

    flops_per_example: float
    """Forward and backward."""
    fixed_bytes: int
    """Weights, gradients and a momentum of the same size."""
    bytes_per_example: float
    """What the forward pass keeps for the backward one."""


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
        kept[tensor.data_ptr()] = tensor.numel() * tensor.element_size()
        return tensor

    state = {name: value.clone() for name, value in model.state_dict().items()}
    gradients = [parameter.grad for parameter in model.parameters()]
    model.zero_grad(set_to_none=True)
    model.train()
    devices = [inputs.device] if inputs.is_cuda else []
    with torch.random.fork_rng(devices), _plain_kernels(), FlopCounterMode(display=False) as counter:
        with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
            value = loss(model(inputs), targets)
        value.backward()  # type: ignore[no-untyped-call]
    model.load_state_dict(state)
    for parameter, gradient in zip(model.parameters(), gradients, strict=True):
        parameter.grad = gradient
    weights = sum(p.numel() * p.element_size() for p in model.parameters())
    for parameter in model.parameters():
        kept.pop(parameter.data_ptr(), None)
    return Cost(
        flops_per_example=counter.get_total_flops() / len(inputs),
        fixed_bytes=3 * weights,
        bytes_per_example=sum(kept.values()) / len(inputs),
    )


@contextmanager
def _plain_kernels() -> Iterator[None]:
    """The counter knows matrix products and convolutions, not the kernels that run a whole recurrent layer."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of switches for other hardware, which these flags touch as well
        with torch.backends.mkldnn.flags(enabled=False), torch.backends.cudnn.flags(enabled=False):
            yield
