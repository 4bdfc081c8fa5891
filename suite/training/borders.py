"""How long the borders in maps of classes are, and how long they are still when the maps are blurred.

As marching squares draw them: Lorensen and Cline, Marching Cubes (1987). What is smooth keeps its length under a blur,
what is ragged does not: Mokhtarian and Mackworth, Scale-Based Description and Recognition of Planar Curves (1986).
"""

from collections.abc import Sequence

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
    corners = _corners(classes)
    share = torch.tensor(_SHARES, device=classes.device)
    total = torch.zeros_like(corners[0], dtype=torch.float32)
    for place, corner in enumerate(corners):
        beside, opposite = (corners[place - 1], corners[place - 3]), corners[place - 2]
        alike = sum((corner == other).int() for other in beside)
        total += share[alike, (corner == opposite).int()] / 2
    return torch.where(_all(_corners(judged)), total, 0.0)


def blurred_lengths(values: Tensor, classes: int, judged: Tensor) -> Tensor:
    """The same in whole maps (n, H, W) of 0 to `classes`, each class blurred by itself: (n,).

    An outline is where half of a class is left. The last value, `classes`, stands for pixels that are not judged.
    """
    each = functional.one_hot(values, classes + 1)[..., :classes].permute(0, 3, 1, 2).float().flatten(0, 1)
    blurred = _blurred(_blurred(each).mT).mT - 0.5
    first, second, third, fourth = _corners(blurred > 0)
    crossed = (first ^ second) | (second ^ third) | (third ^ fourth)
    crossed &= _all(_corners(judged)).repeat_interleave(classes, dim=0)
    place, down, right = crossed.nonzero().unbind(dim=1)
    corners = torch.stack([blurred[place, down + more, right + along] for more, along in _AROUND], dim=1)
    return torch.zeros(len(values), device=values.device).index_add(0, place // classes, _outlines(corners) / 2)


def _blurred(maps: Tensor) -> Tensor:
    """Along the rows of maps (n, H, W), whose border values go on outside."""
    width = maps.shape[2]
    padded = functional.pad(maps, (2, 2), mode="replicate")
    return sum((share * padded[..., by : by + width] for by, share in enumerate(_BLUR)), torch.zeros_like(maps))


def _outlines(corners: Tensor) -> Tensor:
    """The length of the line of zeros in cells (m, 4), straight from side to side: (m,).

    From where the values rise through zero on the way around to where they fall. (Where they do so twice, on saddles,
    it is too short; a blur leaves few of them.)
    """
    places = torch.tensor(_AROUND, dtype=corners.dtype, device=corners.device)
    onward = corners.roll(-1, dims=1)
    rises = (onward > 0).int() - (corners > 0).int()
    share = torch.where(rises != 0, corners / (corners - onward), 0.0)
    points = places + share[..., None] * (places.roll(-1, dims=0) - places)
    ends: Tensor = (rises[..., None] * points).sum(dim=1)
    return ends.square().sum(dim=1).sqrt()


def _all(corners: Sequence[Tensor]) -> Tensor:
    first, second, third, fourth = corners
    return first & second & third & fourth


def _corners(values: Tensor) -> list[Tensor]:
    """The four of each window of 2 x 2 in maps (n, H, W), going around: (n, H - 1, W - 1) each."""
    height, width = values.shape[1] - 1, values.shape[2] - 1
    return [values[:, down : down + height, right : right + width] for down, right in _AROUND]
