"""A small encoder-decoder that gives every pixel a class; how it finds back to the image's size is a setting.

Ronneberger et al., U-Net (2015). Transposed convolutions: Long et al., Fully Convolutional Networks (2014). Resizing
before a convolution instead: Odena et al., Deconvolution and Checkerboard Artifacts (2016).
"""

from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional

from suite.training.arguments import PositiveInt


def build(
    input_shape: tuple[int, int, int],
    classes: int,
    *,
    widths: tuple[PositiveInt, ...] = (8, 16, 32),
    upsampling: Literal["transposed", "bilinear", "nearest"] = "transposed",
    skips: bool = True,
) -> nn.Module:
    """`input_shape` is (C, H, W). Maps float (n, C, H, W), of this or any other size, to scores (n, classes, H, W).

    `widths` are the filters at full size, half, a quarter and so on. On the way back each step doubles height and width
    and halves the filters: a transposed convolution of 4x4 with stride 2, or an `upsampling` of the maps and a 1x1
    convolution. `skips` hand the way down's maps to the way up. Sides that cannot be halved often enough are padded
    with their borders' values first.
    """
    return _Segmenter(input_shape[0], classes, widths, upsampling, skips)


class _Segmenter(nn.Module):
    def __init__(self, channels: int, classes: int, widths: tuple[int, ...], upsampling: str, skips: bool) -> None:
        super().__init__()
        self.skips = skips
        self.down, self.up, self.merge = nn.ModuleList(), nn.ModuleList(), nn.ModuleList()
        for width in widths:
            self.down.append(nn.Sequential(_convolution(channels, width), _convolution(width, width)))
            channels = width
        for width in reversed(widths[:-1]):
            self.up.append(_doubled(channels, width, upsampling))
            self.merge.append(_convolution(2 * width if skips else width, width))
            channels = width
        self.heads = nn.ModuleList([nn.Conv2d(channels, classes, 1)])

    def forward(self, images: Tensor) -> Tensor:
        height, width = images.shape[2:]
        multiple = 2 ** (len(self.down) - 1)
        features = functional.pad(images, (0, -width % multiple, 0, -height % multiple), mode="replicate")
        seen: list[Tensor] = []
        for stage in self.down:
            features = stage(functional.max_pool2d(features, 2) if seen else features)
            seen.append(features)
        for up, merge, earlier in zip(self.up, self.merge, reversed(seen[:-1]), strict=True):
            features = up(features)
            features = merge(torch.cat([features, earlier], dim=1) if self.skips else features)
        scores: Tensor = self.heads[0](features)
        return scores[:, :, :height, :width]


def _convolution(channels: int, filters: int) -> nn.Sequential:
    return nn.Sequential(nn.Conv2d(channels, filters, 3, padding=1, bias=False), nn.BatchNorm2d(filters), nn.ReLU())


def _doubled(channels: int, filters: int, upsampling: str) -> nn.Module:
    """(n, channels, H, W) to (n, filters, 2 H, 2 W)."""
    if upsampling == "transposed":
        return nn.ConvTranspose2d(channels, filters, 4, stride=2, padding=1)
    # the convolution of 1x1 first: it commutes with the resizing, and has a quarter of the places
    mode = nn.Upsample(scale_factor=2, mode=upsampling, align_corners=False if upsampling == "bilinear" else None)
    return nn.Sequential(nn.Conv2d(channels, filters, 1), mode)
