"""A small encoder-decoder that gives every pixel a class; how it finds back to the image's size is a setting.

Ronneberger et al., U-Net (2015). Transposed convolutions, and scores of several scales added up: Long et al., Fully
Convolutional Networks (2014). Resizing before a convolution instead: Odena et al., Deconvolution and Checkerboard
Artifacts (2016).
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
    outermost: Literal["refined", "upsampled"] = "refined",
    results: Literal["last", "all"] = "last",
) -> nn.Module:
    """`input_shape` is (C, H, W). Maps float (n, C, H, W), of this or any other size, to scores (n, classes, H, W).

    `widths` are the filters at full size, half, a quarter and so on. On the way back each step doubles height and width
    and halves the filters: a transposed convolution of 4x4 with stride 2, or an `upsampling` of the maps and a 1x1
    convolution. `skips` hand the way down's maps to the way up. With `outermost` "upsampled" the last step gives the
    scores, and nothing follows. `results` "all": every size of the way back has scores, brought to full size bilinearly
    and added up. Sides that cannot be halved often enough are padded with their borders' values first.

    Raises ValueError for scores of all sizes of which the last are upsampled, and for a single width to be upsampled.
    """
    if outermost == "upsampled" and (results == "all" or len(widths) == 1):
        raise ValueError("model.outermost upsampled needs model.results last, and model.widths of two sizes or more")
    return _Segmenter(
        input_shape[0],
        classes,
        widths,
        upsampling=upsampling,
        skips=skips,
        upsampled=outermost == "upsampled",
        every=results == "all",
    )


class _Segmenter(nn.Module):
    def __init__(
        self,
        channels: int,
        classes: int,
        widths: tuple[int, ...],
        *,
        upsampling: str,
        skips: bool,
        upsampled: bool,
        every: bool,
    ) -> None:
        super().__init__()
        self.skips = skips
        self.down, self.up, self.merge = nn.ModuleList(), nn.ModuleList(), nn.ModuleList()
        for width in widths:
            self.down.append(nn.Sequential(_convolution(channels, width), _convolution(width, width)))
            channels = width
        for width in reversed(widths[1:-1] if upsampled else widths[:-1]):
            self.up.append(_doubled(channels, width, upsampling))
            self.merge.append(_convolution(2 * width if skips else width, width))
            channels = width
        if upsampled:
            self.heads = nn.ModuleList([_doubled(channels, classes, upsampling)])
        else:
            scored = reversed(widths) if every else widths[:1]
            self.heads = nn.ModuleList(nn.Conv2d(width, classes, 1) for width in scored)

    def forward(self, images: Tensor) -> Tensor:
        height, width = images.shape[2:]
        multiple = 2 ** (len(self.down) - 1)
        features = functional.pad(images, (0, -width % multiple, 0, -height % multiple), mode="replicate")
        seen: list[Tensor] = []
        for stage in self.down:
            features = stage(functional.max_pool2d(features, 2) if seen else features)
            seen.append(features)
        back, size = [features], seen[0].shape[2:]
        # the way back may end before full size, and have fewer heads than sizes
        for up, merge, earlier in zip(self.up, self.merge, reversed(seen[:-1]), strict=False):
            features = up(back[-1])
            back.append(merge(torch.cat([features, earlier], dim=1) if self.skips else features))
        scores: Tensor = self.heads[-1](back[-1])
        for head, features in zip(self.heads[:-1], back, strict=False):
            scores = scores + functional.interpolate(head(features), size, mode="bilinear", align_corners=False)
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
