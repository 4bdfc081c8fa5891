"""What several mechanisms ask of layers and of what comes out of them."""

from torch import Tensor, nn

WEIGHTED = (nn.Linear, nn.Conv1d, nn.Conv2d)
"""Carry weights that an initialisation scheme fills."""


def of_one_network(scores: Tensor) -> Tensor:
    """The scores, if they are (n, classes). Raises ValueError for those of an ensemble, (n, classes, members)."""
    if scores.ndim != 2:
        raise ValueError("this loss takes one network's scores; for an ensemble (model.members) use cross_entropy")
    return scores
