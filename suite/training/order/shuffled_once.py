"""One random order, the same in every epoch."""

from collections.abc import Callable

import torch
from torch import Tensor


def build(rows: Tensor, targets: Tensor) -> Callable[[torch.Generator], Tensor]:
    """As in `shuffled`; the order of the first epoch is kept."""
    kept: list[Tensor] = []

    def order(generator: torch.Generator) -> Tensor:
        if not kept:
            kept.append(torch.randperm(len(rows), generator=generator))
        return kept[0]

    return order
