"""A planted bug: nobody called `optimizer.zero_grad()`, so each step follows the sum of all gradients so far."""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor


def build() -> Callable[[Sequence[torch.nn.Parameter]], Tensor]:
    """Maps parameters with gradients to the global L2 norm of the sum, a scalar tensor."""
    sums: dict[int, Tensor] = {}

    def accumulate(parameters: Sequence[torch.nn.Parameter]) -> Tensor:
        for place, parameter in enumerate(parameters):
            if parameter.grad is not None:
                if place in sums:
                    parameter.grad += sums[place]
                sums[place] = parameter.grad.clone()
        return torch.nn.utils.get_total_norm([p.grad for p in parameters if p.grad is not None])

    return accumulate
