"""torchvision's FCOS on a ResNet-50 with a feature pyramid. Tian et al., FCOS (2019)."""

import math
from typing import Any

import torch
from torch import Tensor, nn
from torchvision.models.detection import fcos_resnet50_fpn
from torchvision.models.detection._utils import BoxLinearCoder

from suite.training.anchors import encoded
from suite.training.arguments import PositiveInt
from suite.training.centerness import joined
from suite.training.dense_head import DenseHead, Said, check_resolution, maps_at

PRIOR = 0.01
"""Probability of each class at a place before training (Lin et al., Focal Loss, 2017, section 4.1). torchvision sets
the last layer's bias to it; here every layer's weights are drawn anew (`build.py`), so it is added to what it gives."""
_CODER = BoxLinearCoder(normalize_by_size=True)
_LEAST_SIDE = 1e-3
"""Of a box, in sides of its cell: what has no width or height has no logarithm."""


def build(
    input_shape: tuple[int, int, int],
    classes: int,
    *,
    resolution: PositiveInt = 512,
    levels: tuple[PositiveInt, ...] = (3, 4, 5, 6, 7),
) -> nn.Module:
    """`input_shape` is (C, H, W), C 1 or 3. Maps float (n, C, H, W), resized to `resolution`, to (n, A, 9 + classes).

    Its loss is `loss: fcos`; with `loss: detection` it is trained as a network with one square anchor at each place.
    Places are in the middle of their cells, as in the paper (section 3.1), and not in the corner, as in torchvision.
    Objects are predicted on those `levels` of the pyramid. Raises ValueError for a level or resolution that cannot be.
    """
    check_resolution(resolution)
    detector = fcos_resnet50_fpn(weights=None, weights_backbone=None, num_classes=classes)
    detector.anchor_generator.cell_anchors = [cell - cell.min() for cell in detector.anchor_generator.cell_anchors]
    return DenseHead(detector, resolution=resolution, form=form, maps=maps_at(levels))


def form(scores: Tensor, boxes: Any, anchors: Tensor) -> Said:
    """Evidence for each class (n, A, classes), distances to a box's sides (n, A, 4) with centerness (n, A, 1), and
    cells (A, 4), in single precision."""
    distances, centerness = boxes
    placed = anchors.float().expand(len(scores), -1, -1)
    corners = _CODER.decode(distances.float(), placed)
    least = corners[..., :2] + _LEAST_SIDE * (placed[..., 2:] - placed[..., :2])
    corners = torch.cat([corners[..., :2], torch.maximum(corners[..., 2:], least)], dim=2)
    offsets = encoded(placed.flatten(0, 1), corners.flatten(0, 1)).view_as(corners)
    return Said(offsets, *joined(scores.float() - math.log((1 - PRIOR) / PRIOR), centerness.float()))
