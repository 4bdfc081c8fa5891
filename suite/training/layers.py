"""What several mechanisms ask of layers and of what comes out of them."""

from collections.abc import Callable

import torch
from torch import Tensor, nn

WEIGHTED = (nn.Linear, nn.Conv1d, nn.Conv2d, nn.ConvTranspose2d)
"""Carry weights that an initialisation scheme fills."""


@torch.no_grad()
def fill(module: nn.Module, scheme: Callable[[Tensor], Tensor], *, by_fan: bool = True) -> None:
    """Fills a weighted layer by a scheme of `torch.nn.init`, biases with zeros; leaves any other module as it is.

    A transposed convolution's weights are (in, out, k, k), which those schemes read as out channels in. They get them
    turned round. Of its outputs each is a sum over one in stride² of the k² places (Shi et al., Is the deconvolution
    layer the same as a convolutional layer?, 2016): where the scheme goes by their number (`by_fan`), the weights are
    `stride` times as large as a convolution's.
    """
    if not isinstance(module, WEIGHTED):
        return
    if isinstance(module, nn.ConvTranspose2d):
        turned = module.weight.transpose(0, 1)
        turned.copy_(scheme(torch.empty(turned.shape)) * (module.stride[0] if by_fan else 1))
    else:
        scheme(module.weight)
    if module.bias is not None:
        nn.init.zeros_(module.bias)


def of_one_network(scores: Tensor) -> Tensor:
    """The scores, if they are (n, classes). Raises ValueError for those of an ensemble, (n, classes, members)."""
    if scores.ndim != 2:
        raise ValueError("this loss takes one network's scores; for an ensemble (model.members) use cross_entropy")
    return scores
