"""A new random order in every epoch, but sequences of like length share a batch, which spares padding.

Khomenko et al., Accelerating recurrent neural network training using sequence bucketing (2016).
"""

import torch
from torch import Tensor

from suite.training.arguments import PositiveInt
from suite.training.batches import Order
from suite.training.examples import Examples


def build(examples: Examples, rows: Tensor, batch_size: int, *, pool: PositiveInt = 50) -> Order:
    """As in `shuffled`. Random examples for `pool` batches at a time are sorted by length; then batches are shuffled.

    What no whole batch is left for is random too, and comes last: long examples are not left out more often.

    Raises ValueError for inputs that have no length.
    """
    lengths = examples.lengths
    if lengths is None:
        raise ValueError("order: by_length needs sequences")

    def order(generator: torch.Generator) -> Tensor:
        drawn = torch.randperm(len(rows), generator=generator)
        full, rest = drawn.tensor_split([len(rows) // batch_size * batch_size])
        alike = [part[lengths[part].argsort(stable=True)] for part in torch.split(full, pool * batch_size)]
        batches = torch.cat(alike).view(-1, batch_size)
        return torch.cat([batches[torch.randperm(len(batches), generator=generator)].flatten(), rest])

    return Order(order)
