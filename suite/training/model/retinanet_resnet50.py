"""torchvision's RetinaNet on a ResNet-50 with a feature pyramid. Lin et al., Focal Loss (2017)."""

import math
from typing import Any

from torch import Tensor, nn
from torchvision.models.detection import retinanet_resnet50_fpn

from suite.training.arguments import Fraction, PositiveInt
from suite.training.dense_head import PYRAMID, DenseHead, Said, maps_at, without_background


def build(
    input_shape: tuple[int, int, int],
    classes: int,
    *,
    resolution: PositiveInt = 512,
    levels: tuple[PositiveInt, ...] = (3, 4, 5, 6, 7),
    prior: Fraction = 0.5,
) -> nn.Module:
    """`input_shape` is (C, H, W), C 1 or 3. Maps float (n, C, H, W), resized to `resolution`, to (n, A, 9 + classes).

    The output is that of `suite.training.anchors`: the paper's classes are questions of their own, here they share
    what is not background. Anchors have sides of 32 pixels and more at that resolution, and are in the middle of their
    cells; torchvision's are in the corner, 4 to 64 pixels off. Its focal loss is `loss: detection` with
    `loss.objectness: focal`, for which the paper begins with each class at a `prior` probability of 0.01 (section 4.1):
    torchvision by the last layer's bias, here added to what it gives, since every layer's weights are drawn anew.

    Objects are predicted on those `levels` of the pyramid. Raises ValueError if one of them is no level, or if `prior`
    is 0.
    """
    if prior == 0:
        raise ValueError("model.prior 0: what is impossible before training stays so")
    detector = retinanet_resnet50_fpn(weights=None, weights_backbone=None, num_classes=classes)
    generator = detector.anchor_generator
    middles = [min(2**level, resolution) / 2 for level in PYRAMID]
    generator.cell_anchors = [cells + middle for cells, middle in zip(generator.cell_anchors, middles, strict=True)]

    def form(scores: Tensor, boxes: Any, anchors: Tensor) -> Said:
        return without_background(scores - math.log((1 - prior) / prior), boxes, anchors)

    return DenseHead(detector, resolution=resolution, form=form, maps=maps_at(levels))
