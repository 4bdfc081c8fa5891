"""torchvision's one-stage detectors as ours: one dense tensor, whatever the network is called inside."""

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional
from torchvision.models.detection.image_list import ImageList

_CHANNELS = 3


class DenseHead(nn.Module):
    """Backbone, head and anchors of a detector of torchvision's, the output that of `anchors.py`.

    Images are resized to `resolution` x `resolution` first, grey ones shown to all three channels; anchors are those
    of the image as it came. With `background` the first of the classes' scores is that of there being nothing, else
    nothing has a score of 0: so the objectness is how much likelier all classes together are than that. The classes'
    probabilities are then the softmax that torchvision takes of the scores with background.
    """

    def __init__(self, detector: Any, *, resolution: int, background: bool) -> None:
        super().__init__()
        self.backbone = detector.backbone
        self.boxes = detector.head.regression_head
        self.heads = detector.head.classification_head
        self.anchors = detector.anchor_generator
        self.resolution, self.background = resolution, background

    def forward(self, images: Tensor) -> Tensor:
        """Float (n, 1 or 3, H, W) to (n, A, 9 + classes)."""
        size = (self.resolution, self.resolution)
        height, width = images.shape[2:]
        colour = images.expand(-1, _CHANNELS, -1, -1)
        resized = functional.interpolate(colour, size, mode="bilinear", antialias=True)
        features = list(self.backbone(resized).values())
        scores, offsets = self.heads(features), self.boxes(features)
        nothing, classes = (scores[..., :1], scores[..., 1:]) if self.background else (0.0, scores)
        objectness = classes.logsumexp(dim=2, keepdim=True) - nothing
        (anchors,) = self.anchors(ImageList(resized[:1], [size]), features)
        scale = torch.tensor([width, height, width, height], device=images.device) / self.resolution
        placed = (anchors * scale).to(scores.dtype).expand(len(images), -1, -1)
        return torch.cat([placed, offsets, objectness, classes], dim=2)
