"""Windows of a text as they follow one another, in as many streams as a batch has rows, the state carried over.

Truncated back-propagation through time: Mikolov et al., Recurrent neural network based language model (2010); the
streams side by side are those of Zaremba et al., Recurrent Neural Network Regularization (2014).
"""

import torch
from torch import Tensor

from suite.training.batches import Order
from suite.training.examples import Examples


def build(examples: Examples, rows: Tensor, batch_size: int) -> Order:
    """As in `shuffled`, but for the order. The windows at the end that fill no stream are left out.

    Raises ValueError if the examples are not neighbours (`split: contiguous`).
    """
    if int((rows.diff() != 1).sum()) > 1:  # once: where a piece goes on at the data set's beginning
        raise ValueError("order: streams needs windows that follow one another (split: contiguous)")
    side_by_side, steps = min(batch_size, len(rows)), max(1, len(rows) // batch_size)
    order = torch.arange(side_by_side * steps).view(side_by_side, steps).T.flatten()
    return Order(lambda generator: order, continues=True)
