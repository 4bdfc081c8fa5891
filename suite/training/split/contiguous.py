"""Two pieces in the data set's order, one behind the other: examples beside one another are too much alike to part.

The windows of a text are in order then, as carried state wants them.
"""

import torch
from torch import Tensor


def build(
    rows: Tensor,
    targets: Tensor,
    train: int,
    validation: int,
    generator: torch.Generator,
    *,
    drawn: bool = True,
) -> tuple[Tensor, Tensor]:
    """As in `random`. The first piece begins at a place drawn for every seed, and what goes beyond the end goes on at
    the beginning; not `drawn`, at the beginning: a data set's own validation part follows its training part.
    """
    start = int(torch.randint(len(rows), (1,), generator=generator)) if drawn else 0
    turned = rows.roll(-start)
    return turned[:train], turned[train : train + validation]
