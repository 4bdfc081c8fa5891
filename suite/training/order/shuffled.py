"""A new random order in every epoch. Bottou, Curiously Fast Convergence of some SGD Algorithms (2009)."""

from collections.abc import Callable

import torch
from torch import Tensor


def build(rows: Tensor, targets: Tensor) -> Callable[[torch.Generator], Tensor]:
    """`rows` (N,): the examples' places in the data set; `targets` (N,). Gives the order of an epoch, shape (N,)."""
    return lambda generator: torch.randperm(len(rows), generator=generator)
