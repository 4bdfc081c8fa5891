"""Never shuffled: the order in which the data set's files hold the examples."""

from collections.abc import Callable

import torch
from torch import Tensor


def build(rows: Tensor, targets: Tensor) -> Callable[[torch.Generator], Tensor]:
    """As in `shuffled`; ascending places in the data set, in every epoch."""
    order = rows.argsort(stable=True)
    return lambda generator: order
