"""Two pieces in the data set's order, one behind the other: examples beside one another are too much alike to part.

The windows of a text are in order then, as carried state wants them.
"""

import torch
from torch import Tensor

from suite.training.split import Parts


def build(
    rows: Tensor,
    targets: Tensor,
    train: int,
    validation: int,
    generator: torch.Generator,
    *,
    drawn: bool = True,
) -> Parts:
    """As in `random`. The first piece begins at a place drawn for every seed, and what goes beyond the end goes on at
    the beginning; not `drawn`, it is the beginning, and the second piece is the end, where a data set has a validation
    part of its own.
    """
    if not drawn:
        return Parts(rows[:train], rows[len(rows) - validation :])
    turned = rows.roll(-int(torch.randint(len(rows), (1,), generator=generator)))
    return Parts(turned[:train], turned[train : train + validation])
