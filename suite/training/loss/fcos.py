"""What a detector without anchors learns: which class is here, how far off its box's sides are, how central this is.

Tian et al., FCOS (2019), with what its authors added in FCOS: A Simple and Strong Anchor-Free Object Detector (2020):
places near a box's middle only, and the generalised overlap as the box's loss. Both as in torchvision, by whose own
code this one is tested.
"""

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional
from torchvision.ops import generalized_box_iou_loss, sigmoid_focal_loss

from suite.training.anchors import Matched, columns, decoded
from suite.training.arguments import Fraction, NonNegativeFloat, PositiveFloat
from suite.training.centerness import parted
from suite.training.targets import VOID, area

_LEAST, _MOST = 4.0, 8.0
"""Of the distances from a place to its box's four sides the longest, in sides of its cell: what a level is for."""
_SAME = 1.01
"""Sides of cells of one level differ by rounding alone, those of two levels by far more."""


def build(
    *, radius: PositiveFloat = 1.5, gamma: NonNegativeFloat = 2.0, alpha: Fraction = 0.25
) -> Callable[[Tensor, Tensor], Tensor]:
    """Maps a detector's output (n, A, 9 + classes) (`anchors.py`) and boxes (n, M, 5) to a loss, a scalar.

    Anchors are taken for the cells of a pyramid's places. The three terms are sums over the batch, divided by how many
    places stand for an object: the focal loss of each class at every place, of `gamma` and `alpha`; box and centerness
    where there is an object. A place that stands for one is at most `radius` sides of its cell from its middle.
    Objectness and classes are read as centerness and evidence (`centerness.py`), whatever network they are of.
    """

    def loss(outputs: Tensor, targets: Tensor) -> Tensor:
        dense = columns(outputs)
        evidence, centerness = parted(dense.objectness, dense.classes)
        matched = match(dense.anchors, targets, radius)
        image, place = (matched.object == 1).nonzero(as_tuple=True)
        objects = targets[image, matched.row[image, place]]
        cells, corners = dense.anchors[image, place], objects[:, 1:]
        wanted = torch.zeros_like(evidence)
        wanted[image, place, objects[:, 0].long()] = 1.0
        kind = sigmoid_focal_loss(evidence, wanted, alpha=alpha, gamma=gamma, reduction="sum")
        boxes = decoded(cells, dense.offsets[image, place])
        box = generalized_box_iou_loss(boxes, corners, reduction="sum")
        middle = functional.binary_cross_entropy_with_logits(
            centerness[image, place], central(cells, corners), reduction="sum"
        )
        total: Tensor = (kind + box + middle) / max(1, len(image))
        return total

    return loss


def match(cells: Tensor, targets: Tensor, radius: float) -> Matched:
    """Cells (n, A, 4) to boxes (n, M, 5): the middle of a cell stands for the smallest of the boxes that it is in.

    It must be near the box's middle, and the box of the size for its level; the finest level has the smaller ones as
    well, the coarsest the larger ones.
    """
    there = targets[..., 0] != VOID
    distances = _distances(cells[:, :, None], targets[:, None, :, 1:])  # (n, A, M, 4)
    longest = distances.amax(dim=3)
    inside = distances.amin(dim=3) > 0
    near = (distances[..., :2] - distances[..., 2:]).abs().amax(dim=3) < 2 * radius
    side = cells[..., 2] - cells[..., 0]  # (n, A)
    least = torch.where(side <= _SAME * side.amin(), 0.0, _LEAST)
    most = torch.where(side >= side.amax() / _SAME, torch.inf, _MOST)
    fits = there[:, None] & inside & near & (longest > least[..., None]) & (longest < most[..., None])
    areas = area(targets[..., 1:])[:, None].masked_fill(~fits, torch.inf)
    smallest, row = areas.min(dim=2)
    return Matched(smallest.isfinite().long(), row)


def central(cells: Tensor, boxes: Tensor) -> Tensor:
    """How central the middles of cells (k, 4) are in boxes (k, 4) around them: (k,), 1 in the middle, 0 at a side."""
    distances = _distances(cells, boxes)
    low, high = distances[:, :2], distances[:, 2:]
    return (torch.minimum(low, high) / torch.maximum(low, high)).prod(dim=1).sqrt()


def _distances(cells: Tensor, boxes: Tensor) -> Tensor:
    """From middles of cells (..., 4) to the left, top, right and bottom of boxes (..., 4), in sides of the cells."""
    low, high = cells[..., :2], cells[..., 2:]
    middle, sides = (low + high) / 2, high - low
    return torch.cat([middle - boxes[..., :2], boxes[..., 2:] - middle], dim=-1) / torch.cat([sides, sides], dim=-1)
