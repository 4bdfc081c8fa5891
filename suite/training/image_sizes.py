"""Images at other sizes: shared by the data sets, the augmentation and the evaluation that work at several scales."""

import torch
from torch import Tensor
from torch.nn import functional

from suite.errors import DataError


def resized(images: Tensor, factor: float) -> Tensor:
    """(n, C, H, W) to `factor` times the height and width, rounded; bilinear, antialiased where it shrinks."""
    return _fitted(images, (max(1, round(factor * images.shape[2])), max(1, round(factor * images.shape[3]))))


def at_random_sizes(images: Tensor, smallest: float, generator: torch.Generator) -> Tensor:
    """Each image (n, H, W, C) in the middle of a black canvas (H, W), at a size of its own.

    The sizes are drawn log-uniformly from `smallest` to 1 times the canvas: half and a quarter lie as far apart as half
    and the whole. With `smallest` 1 nothing is drawn and nothing changes. Raises DataError if `smallest` is above 1.
    """
    if smallest > 1:
        raise DataError(f"data.smallest {smallest}: at most 1, else images would not fit their canvas")
    if smallest == 1:
        return images
    _, height, width, _ = images.shape
    factors = smallest ** torch.rand(len(images), generator=generator)
    heights = (factors * height).round().clamp(min=1).to(torch.int64)
    canvases = torch.zeros_like(images)
    for rows in sorted(set(heights.tolist())):
        columns = max(1, round(rows * width / height))
        top, left = (height - rows) // 2, (width - columns) // 2
        here = heights == rows
        shrunk = _fitted(images[here].permute(0, 3, 1, 2), (rows, columns)).permute(0, 2, 3, 1)
        canvases[here, top : top + rows, left : left + columns] = shrunk
    return canvases


def _fitted(images: Tensor, size: tuple[int, int]) -> Tensor:
    """(n, C, H, W) to (n, C, *size)."""
    if size == images.shape[2:]:
        return images
    return functional.interpolate(images, size, mode="bilinear", antialias=True)
