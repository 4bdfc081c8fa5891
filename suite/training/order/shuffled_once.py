"""One random order, the same in every epoch."""

import torch
from torch import Tensor

from suite.training.batches import Order
from suite.training.examples import Examples


def build(examples: Examples, rows: Tensor, batch_size: int) -> Order:
    """As in `shuffled`; the order of the first epoch is kept."""
    kept: list[Tensor] = []

    def order(generator: torch.Generator) -> Tensor:
        if not kept:
            kept.append(torch.randperm(len(rows), generator=generator))
        return kept[0]

    return Order(order)
