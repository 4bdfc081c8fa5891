"""torchvision's RetinaNet on a ResNet-50 with a feature pyramid. Lin et al., Focal Loss (2017)."""

from torch import nn
from torchvision.models.detection import retinanet_resnet50_fpn

from suite.training.arguments import Fraction, PositiveInt
from suite.training.dense_head import PYRAMID, DenseHead, check_resolution, maps_at, rarer, without_background


def build(
    input_shape: tuple[int, int, int],
    classes: int,
    *,
    resolution: PositiveInt = 512,
    levels: tuple[PositiveInt, ...] = (3, 4, 5, 6, 7),
    prior: Fraction = 0.01,
) -> nn.Module:
    """`input_shape` is (C, H, W), C 1 or 3. Maps float (n, C, H, W), resized to `resolution`, to (n, A, 9 + classes).

    The output is that of `suite.training.anchors`, and `prior` is the probability of an object before training. Anchors
    have sides of 32 pixels and more at that resolution, and are in the middle of their cells; torchvision's are in the
    corner, 4 to 64 pixels off. Its loss is `loss: detection` with `loss.objectness: focal` and `loss.classes: apart`.
    Objects are predicted on those `levels` of the pyramid.

    Raises ValueError for a level, a resolution or a prior that cannot be.
    """
    check_resolution(resolution)
    detector = retinanet_resnet50_fpn(weights=None, weights_backbone=None, num_classes=classes)
    generator = detector.anchor_generator
    middles = [min(2**level, resolution) / 2 for level in PYRAMID]
    generator.cell_anchors = [cells + middle for cells, middle in zip(generator.cell_anchors, middles, strict=True)]
    return DenseHead(detector, resolution=resolution, form=rarer(without_background, prior), maps=maps_at(levels))
