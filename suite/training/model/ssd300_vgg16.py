"""torchvision's SSD300 on VGG-16. Liu et al., SSD: Single Shot MultiBox Detector (2015)."""

from torch import nn
from torchvision.models.detection import ssd300_vgg16

from suite.training.arguments import Fraction
from suite.training.dense_head import DenseHead, rarer, with_background

_RESOLUTION = 300


def build(input_shape: tuple[int, int, int], classes: int, *, prior: Fraction = 0.01) -> nn.Module:
    """`input_shape` is (C, H, W), C 1 or 3. Maps float (n, C, H, W), resized to 300 x 300, to (n, A, 9 + classes).

    The output is that of `suite.training.anchors`. Some 30 GFLOPs per image: for a GPU. Its loss is `loss: detection`
    with three `negatives` for each object; `prior` is the probability of an object before training. Without batch
    normalisation, the signal dies under `init: torch_default`; the paper's is `xavier`. Places are spread evenly over
    the image; torchvision's coarser ones reach beyond it, by up to 8 pixels.
    """
    detector = ssd300_vgg16(weights=None, weights_backbone=None, num_classes=classes + 1)
    detector.anchor_generator.steps = None
    return DenseHead(detector, resolution=_RESOLUTION, form=rarer(with_background, prior))
