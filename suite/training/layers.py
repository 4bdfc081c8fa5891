"""What several mechanisms ask of layers and of what comes out of them."""

from collections.abc import Callable

import torch
from torch import Tensor, nn

_WEIGHTED = (nn.Linear, nn.Conv1d, nn.Conv2d, nn.ConvTranspose2d)
"""Carry weights that an initialisation scheme fills."""


@torch.no_grad()
def fill(module: nn.Module, scheme: Callable[[Tensor], Tensor]) -> None:
    """Fills a weighted layer by a scheme of `torch.nn.init`, biases with zeros; leaves any other module as it is.

    A transposed convolution is as many convolutions as there are places within its stride, each with its own part of
    the weights (Shi et al., Is the deconvolution layer the same as a convolutional layer?, 2016): each part is filled.
    """
    if not isinstance(module, _WEIGHTED):
        return
    if isinstance(module, nn.ConvTranspose2d):
        down, across = module.stride
        for place in range(down * across):
            part = module.weight.transpose(0, 1)[:, :, place // across :: down, place % across :: across]
            part.copy_(scheme(torch.empty(part.shape)))
    else:
        scheme(module.weight)
    if module.bias is not None:
        nn.init.zeros_(module.bias)


def of_one_network(scores: Tensor) -> Tensor:
    """The scores, if they are (n, classes). Raises ValueError for those of an ensemble, (n, classes, members)."""
    if scores.ndim != 2:
        raise ValueError("this loss takes one network's scores; for an ensemble (model.members) use cross_entropy")
    return scores
