"""torchvision's RetinaNet on a ResNet-50 with a feature pyramid. Lin et al., Focal Loss (2017)."""

from torch import nn
from torchvision.models.detection import retinanet_resnet50_fpn

from suite.training.arguments import PositiveInt
from suite.training.dense_head import DenseHead, maps_at, without_background


def build(
    input_shape: tuple[int, int, int],
    classes: int,
    *,
    resolution: PositiveInt = 512,
    levels: tuple[PositiveInt, ...] = (3, 4, 5, 6, 7),
) -> nn.Module:
    """`input_shape` is (C, H, W), C 1 or 3. Maps float (n, C, H, W), resized to `resolution`, to (n, A, 9 + classes).

    The output is that of `suite.training.anchors`: the paper's classes are questions of their own, here they share
    what is not background. Anchors have sides of 32 pixels and more at that resolution. Its focal loss is
    `loss: detection` with `loss.objectness: focal`. Objects are predicted on those `levels` of the pyramid. Raises
    ValueError if one of them is no level.
    """
    detector = retinanet_resnet50_fpn(weights=None, weights_backbone=None, num_classes=classes)
    return DenseHead(detector, resolution=resolution, form=without_background, maps=maps_at(levels))
