"""Training classes that get rarer exponentially; validation and test stay balanced.

Cui et al., Class-Balanced Loss Based on Effective Number of Samples (2019), section 5.1 (long-tailed CIFAR).
"""

import torch
from torch import Tensor

from suite.training.arguments import PositiveFloat


def build(rows: Tensor, targets: Tensor, classes: int, *, ratio: PositiveFloat = 50.0) -> Tensor:
    """As in `as_given`; the last class keeps 1 / `ratio` (at least 1) of the examples of the first, those between them
    follow a geometric sequence. No class keeps none.
    """
    most = torch.bincount(targets, minlength=classes).max()
    kept = (most * ratio ** -(torch.arange(classes) / max(1, classes - 1))).round().clamp(min=1).long()
    rank = torch.zeros_like(targets)  # of an example among those of its class
    for label in range(classes):
        mine = targets == label
        rank[mine] = torch.arange(int(mine.sum()))
    return rows[rank < kept[targets]]
