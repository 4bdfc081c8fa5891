"""Sizes that are solved for, so that arms have equally many parameters."""

from collections.abc import Callable

import torch
from torch import nn


def parameters(network: Callable[[], nn.Module]) -> int:
    """How many a network has, without making its weights."""
    with torch.device("meta"):
        return sum(parameter.numel() for parameter in network().parameters())


def nearest(network: Callable[[int], nn.Module], budget: int) -> int:
    """The size at which a network has as nearly as possible `budget` parameters; they grow with the size.

    Raises ValueError if even the smallest has more than twice as many.
    """

    def size_of(size: int) -> int:
        return parameters(lambda: network(size))

    low, high = 1, 2
    while size_of(high) < budget:
        low, high = high, 2 * high
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if size_of(middle) < budget else (low, middle)
    best = min((low, high), key=lambda size: abs(size_of(size) - budget))
    if size_of(best) > 2 * budget:
        raise ValueError(f"a budget of {budget} parameters: the smallest such network has {size_of(best)}")
    return best
