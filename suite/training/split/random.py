"""Drawn at random, anew for every seed."""

import torch
from torch import Tensor

from suite.training.split import Parts


def build(rows: Tensor, targets: Tensor, train: int, validation: int, generator: torch.Generator) -> Parts:
    """`rows` (N,): the examples there are, in the data set's order, with their `targets` (N, ...).

    `train` and `validation`: how many of each.
    """
    drawn = rows[torch.randperm(len(rows), generator=generator)]
    return Parts(drawn[:train], drawn[train : train + validation])
