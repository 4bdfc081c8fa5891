"""Classes as frequent as in the data set."""

from torch import Tensor


def build(rows: Tensor, targets: Tensor, classes: int) -> Tensor:
    """`rows` (n,) are the training examples in random order, `targets` (n,) their labels; gives the rows to keep."""
    return rows
