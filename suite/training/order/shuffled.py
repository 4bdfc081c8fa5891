"""A new random order in every epoch. Bottou, Curiously Fast Convergence of some SGD Algorithms (2009)."""

import torch
from torch import Tensor

from suite.training.batches import Order
from suite.training.examples import Examples


def build(examples: Examples, rows: Tensor, batch_size: int) -> Order:
    """`rows` (N,): the examples' places in the data set."""
    return Order(lambda generator: torch.randperm(len(rows), generator=generator))
