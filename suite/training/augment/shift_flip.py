"""Random shift with zero padding, and a random mirror image: the classic augmentation of small images.

He et al., Deep Residual Learning (2015), section 4.2: 4 pixels of padding and flips on CIFAR-10.
"""

import torch
from torch import Tensor
from torch.nn import functional

from suite.training.arguments import NonNegativeInt
from suite.training.augment import Augment
from suite.training.targets import VOID, are_boxes, are_pixels, clipped


def build(*, pixels: NonNegativeInt = 4, flip: bool = True) -> Augment:
    """Maps float (n, C, H, W) to the same shape, each image by its own draw. `flip` is wrong for letters and digits.

    What comes in from outside is 0 in images and VOID in maps of classes; boxes are cut off at the border.
    """

    def augment(inputs: Tensor, targets: Tensor, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        n, _, height, width = inputs.shape
        draw = torch.randint(0, 2 * pixels + 1, (2, n), generator=generator)
        mirrored = torch.rand(n, generator=generator) < (0.5 if flip else 0.0)
        rows = draw[0, :, None] + torch.arange(height)
        columns = draw[1, :, None] + torch.where(
            mirrored[:, None], torch.arange(width - 1, -1, -1), torch.arange(width)
        )
        rows, columns, device = rows[:, :, None], columns[:, None, :], inputs.device
        places = (torch.arange(n)[:, None, None], rows, columns)

        def picked(values: Tensor, fill: int) -> Tensor:
            """Of (n, C, H, W): (n, H, W, C)."""
            padded = functional.pad(values, (pixels,) * 4, value=fill).permute(0, 2, 3, 1)
            return padded[tuple(place.to(device, non_blocking=True) for place in places)]

        if are_pixels(targets):
            targets = picked(targets[:, None], VOID)[..., 0]
        elif are_boxes(targets):
            targets = _moved(targets, (draw - pixels).to(targets), mirrored.to(device), height, width)
        return picked(inputs, 0).permute(0, 3, 1, 2), targets

    return augment


def _moved(boxes: Tensor, shift: Tensor, mirrored: Tensor, height: int, width: int) -> Tensor:
    """Boxes (n, M, 5) of images that were moved up and left by `shift` (2, n) after they were mirrored."""
    kind, left, top, right, bottom = boxes.unbind(-1)
    down, across = shift[0, :, None], shift[1, :, None]
    other = mirrored[:, None]
    moved = torch.stack(
        [
            kind,
            torch.where(other, width + across - right, left - across),
            top - down,
            torch.where(other, width + across - left, right - across),
            bottom - down,
        ],
        dim=-1,
    )
    return clipped(moved, height, width)
