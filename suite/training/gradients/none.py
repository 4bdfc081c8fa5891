"""Gradients as they are; only their norm is taken, for the record."""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor


def build() -> Callable[[Sequence[torch.nn.Parameter]], Tensor]:
    """Maps parameters with gradients to the global L2 norm, a scalar tensor."""
    return lambda parameters: torch.nn.utils.get_total_norm([p.grad for p in parameters if p.grad is not None])
