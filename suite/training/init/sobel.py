"""A bank of edge filters in the first convolution: Sobel's operator in eight directions and a Laplacian.

Sobel and Feldman (1968). What networks learn there by themselves: Zeiler and Fergus, Visualizing and Understanding
Convolutional Networks (2013).
"""

from collections.abc import Callable
from typing import Literal

import torch
from torch import Tensor, nn

_HORIZONTAL = ((-1.0, 0.0, 1.0), (-2.0, 0.0, 2.0), (-1.0, 0.0, 1.0))
_DIAGONAL = ((-2.0, -1.0, 0.0), (-1.0, 0.0, 1.0), (0.0, 1.0, 2.0))
_LAPLACIAN = ((0.0, 1.0, 0.0), (1.0, -4.0, 1.0), (0.0, 1.0, 0.0))


def build(*, bank: Literal["sobel", "random"] = "sobel", fixed: bool = False) -> Callable[[nn.Module], None]:
    """Fills the network's first convolution, and leaves all other layers as they are.

    Each filter gets one of the bank, in turn, over all input channels, with the norm that torch's own initialisation
    would give it. `random` keeps torch's filters. With `fixed`, the layer's weights are not trained.
    """
    done: list[nn.Module] = []

    def fill(module: nn.Module) -> None:
        if done or not isinstance(module, nn.Conv2d):
            return
        done.append(module)
        if bank == "sobel":
            _fill(module.weight)
        module.weight.requires_grad_(not fixed)

    return fill


def kernels() -> Tensor:
    """The bank, shape (9, 3, 3)."""
    straight, diagonal = torch.tensor(_HORIZONTAL), torch.tensor(_DIAGONAL)
    turned = [part for turn in range(4) for part in (straight.rot90(turn), diagonal.rot90(turn))]
    return torch.stack([*turned, torch.tensor(_LAPLACIAN)])


@torch.no_grad()
def _fill(weight: Tensor) -> None:
    """`weight`: (filters, channels, height, width), at least 3x3; the kernels stand in the middle."""
    filters, _, height, width = weight.shape
    edges = kernels()[torch.arange(filters) % 9][:, None]
    norms = weight.flatten(1).norm(dim=1)
    top, left = (height - 3) // 2, (width - 3) // 2
    weight.zero_()
    weight[:, :, top : top + 3, left : left + 3] = edges
    weight *= (norms / weight.flatten(1).norm(dim=1))[:, None, None, None]
