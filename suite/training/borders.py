"""How long the borders in maps of classes are, and how long they are still when the maps are blurred.

As marching squares draw them: Lorensen and Cline, Marching Cubes (1987). What is smooth keeps its length under a blur,
what is ragged does not: Mokhtarian and Mackworth, Scale-Based Description and Recognition of Planar Curves (1986).
"""

import torch
from torch import Tensor
from torch.nn import functional

_AROUND = ((0, 0), (0, 1), (1, 1), (1, 0))
_SHARES = [[0.5**0.5, 0.5**0.5], [1 / 2, 0.5**0.5 / 3], [0.5**0.5 / 3, 0.0]]
"""Of a pixel's class in a window of 2 x 2, the length of its outline over the number of its pixels: by how many of the
two pixels beside are of it, and by whether the one opposite is. A corner cut off is half a diagonal long."""
_BLUR = (1 / 16, 4 / 16, 6 / 16, 4 / 16, 1 / 16)
"""About a Gaussian with a standard deviation of one pixel: a line two pixels wide is not lost."""


def lengths(classes: Tensor, judged: Tensor) -> Tensor:
    """Of the border between classes in each window of 2 x 2 pixels, in pixels: float32 (n, H - 1, W - 1).

    Of every class's outline, as marching squares draw it, half: a border has two sides. So a slanting border is as
    long as it is, in whichever direction, and one in steps is longer. 0 where not all four pixels are judged.
    """
    corners = _corners(classes).unbind(dim=-1)
    share = torch.tensor(_SHARES, device=classes.device)
    total = torch.zeros_like(corners[0], dtype=torch.float32)
    for place, corner in enumerate(corners):
        beside, opposite = (corners[place - 1], corners[place - 3]), corners[place - 2]
        alike = sum((corner == other).int() for other in beside)
        total += share[alike, (corner == opposite).int()] / 2
    return torch.where(_corners(judged).all(dim=-1), total, 0.0)


def blurred_lengths(values: Tensor, classes: int, judged: Tensor) -> Tensor:
    """The same in whole maps (n, H, W) of 0 to `classes`, each class blurred by itself: (n,).

    An outline is where half of a class is left. The last value, `classes`, stands for pixels that are not judged.
    """
    ours = functional.one_hot(values, classes + 1)[..., :classes].permute(0, 3, 1, 2).float().flatten(0, 1)
    kernel = torch.tensor(_BLUR, device=values.device)
    padded = functional.pad(ours[:, None], (2, 2, 2, 2), mode="replicate")
    blurred = functional.conv2d(padded, (kernel[:, None] * kernel)[None, None])[:, 0] - 0.5
    corners = _corners(blurred)
    inside = corners > 0
    crossed = inside.any(dim=-1) & ~inside.all(dim=-1)
    crossed &= _corners(judged).all(dim=-1).repeat_interleave(classes, dim=0)
    image = crossed.nonzero()[:, 0] // classes
    return torch.zeros(len(values), device=values.device).index_add(0, image, _outlines(corners[crossed]) / 2)


def _outlines(corners: Tensor) -> Tensor:
    """The length of the line of zeros in cells (m, 4), linear in each of the triangles around a cell's middle: (m,)."""
    places = torch.tensor([*_AROUND, (0.5, 0.5)], device=corners.device)
    values = torch.cat([corners, corners.mean(dim=1, keepdim=True)], dim=1)
    total = torch.zeros(len(corners), device=corners.device)
    for first in range(4):
        rows = torch.tensor([first, (first + 1) % 4, 4], device=corners.device)
        total += _across(values[:, rows], places[rows])
    return total


def _across(values: Tensor, places: Tensor) -> Tensor:
    """From where the values (m, 3) at a triangle's corners (3, 2) rise through zero to where they fall through it."""
    onward, there = values.roll(-1, dims=1), places.roll(-1, dims=0)
    rises = (onward > 0).int() - (values > 0).int()  # +1 once and -1 once on the way around, or never
    share = torch.where(rises != 0, values / (values - onward), 0.0)
    points = places + share[..., None] * (there - places)
    crossing: Tensor = (rises[..., None] * points).sum(dim=1)
    return crossing.square().sum(dim=1).sqrt()


def _corners(values: Tensor) -> Tensor:
    """The windows of 2 x 2 in maps (n, H, W), going around: (n, H - 1, W - 1, 4)."""
    height, width = values.shape[1] - 1, values.shape[2] - 1
    return torch.stack([values[:, down : down + height, right : right + width] for down, right in _AROUND], dim=-1)
