"""Classes as frequent as in the data set."""

from torch import Tensor


def build(rows: Tensor, targets: Tensor, classes: int, part: str) -> Tensor:
    """`rows` (n,) are the part's examples, `targets` (n,) their labels; `part` is "train", "validation" or "test"."""
    return rows
