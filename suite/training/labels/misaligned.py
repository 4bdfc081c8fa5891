"""Every example has the label of another one: what a slip of one row in a list of labels does."""

from collections.abc import Callable

import torch
from torch import Tensor

from suite.training.arguments import PositiveInt


def build(classes: int, *, rows: PositiveInt = 1) -> Callable[[Tensor, torch.Generator], Tensor]:
    """As in `as_given`; the labels are moved by `rows` places in the stored order."""
    return lambda targets, generator: targets.roll(rows, dims=0)
