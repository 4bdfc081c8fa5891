"""Which examples train and which validate.

`build(rows, targets, train, validation, generator)` gives the rows of each, as `Parts`.
"""

from typing import NamedTuple

from torch import Tensor


class Parts(NamedTuple):
    """Rows are places in the training part of the data set, int64."""

    train: Tensor
    validation: Tensor
    trained: Tensor | None = None
    """The classes trained on, (k,), where the others are not to be learnt; None: all of the task's."""
