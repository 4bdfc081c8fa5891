"""Which examples train and which validate.

`build(rows, targets, train, validation, generator)` gives the rows of each, as `Parts`.
"""

from typing import NamedTuple

from torch import Tensor


class Parts(NamedTuple):
    """Rows are places in the training part of the data set, int64."""

    train: Tensor
    validation: Tensor
    apart: bool = False
    """Whether validation has classes of its own, which are not to be learnt."""
