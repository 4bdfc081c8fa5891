"""Classes that get rarer exponentially, in training only (Cui et al.) or wherever the task is met.

Cui et al., Class-Balanced Loss Based on Effective Number of Samples (2019), section 5.1 (long-tailed CIFAR).
"""

from typing import Literal

import torch
from torch import Tensor

from suite.training.arguments import PositiveFloat


def build(
    rows: Tensor,
    targets: Tensor,
    classes: int,
    part: str,
    *,
    ratio: PositiveFloat = 50.0,
    parts: Literal["train", "all"] = "train",
) -> Tensor:
    """As in `as_given`. The first class may keep as many examples as the most frequent class has, the last 1 / `ratio`
    of that, those between them follow a geometric sequence; of a class that is present one stays at least.

    Raises ValueError if `ratio` is below 1.
    """
    if ratio < 1:
        raise ValueError(f"balance.ratio {ratio:g} is below 1: the first class is the frequent one")
    if parts == "train" != part:
        return rows
    most = torch.bincount(targets, minlength=classes).max()
    kept = (most * ratio ** -(torch.arange(classes) / max(1, classes - 1))).round().clamp(min=1).long()
    rank = torch.zeros_like(targets)  # of an example among those of its class
    for label in range(classes):
        mine = targets == label
        rank[mine] = torch.arange(int(mine.sum()))
    return rows[rank < kept[targets]]
