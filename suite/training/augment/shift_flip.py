"""Random shift with zero padding, and a random mirror image: the classic augmentation of small images.

He et al., Deep Residual Learning (2015), section 4.2: 4 pixels of padding and flips on CIFAR-10.
"""

from collections.abc import Callable

import torch
from torch import Tensor

from suite.training.arguments import NonNegativeInt


def build(*, pixels: NonNegativeInt = 4, flip: bool = True) -> Callable[[Tensor, torch.Generator], Tensor]:
    """Maps float (n, C, H, W) to the same shape, each image by its own draw. `flip` is wrong for letters and digits."""

    def augment(inputs: Tensor, generator: torch.Generator) -> Tensor:
        n, _, height, width = inputs.shape
        draw = torch.randint(0, 2 * pixels + 1, (2, n), generator=generator)
        mirrored = torch.rand(n, generator=generator) < (0.5 if flip else 0.0)
        rows = draw[0, :, None] + torch.arange(height)
        columns = draw[1, :, None] + torch.where(
            mirrored[:, None], torch.arange(width - 1, -1, -1), torch.arange(width)
        )
        padded = torch.nn.functional.pad(inputs, (pixels,) * 4).permute(0, 2, 3, 1)
        device = inputs.device
        picked = padded[
            torch.arange(n, device=device)[:, None, None],
            rows[:, :, None].to(device, non_blocking=True),
            columns[:, None, :].to(device, non_blocking=True),
        ]
        return picked.permute(0, 3, 1, 2)

    return augment
