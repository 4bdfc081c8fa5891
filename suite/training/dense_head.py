"""torchvision's one-stage detectors as ours: one dense tensor, whatever the network is called inside."""

import math
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional
from torchvision.models.detection.image_list import ImageList

_CHANNELS = 3
PYRAMID = (3, 4, 5, 6, 7)
"""Levels of torchvision's pyramids on a ResNet-50: the map of level l is 2^l times smaller than the image."""


class Said(NamedTuple):
    """Of each place, in the terms of `anchors.py`."""

    offsets: Tensor
    """(n, A, 4)."""
    objectness: Tensor
    """(n, A, 1)."""
    classes: Tensor
    """(n, A, classes)."""


Form = Callable[[Tensor, Any, Tensor], Said]
"""From what a detector's two heads give, (n, A, columns) of the classes and whatever of the boxes, and its anchors
(A, 4), in pixels of the resized image."""


class DenseHead(nn.Module):
    """Backbone, heads and anchors of a detector of torchvision's, the output that of `anchors.py`.

    Images are resized to `resolution` x `resolution` first, grey ones shown to all three channels; anchors are those
    of the image as it came. Objects are predicted on those `maps` of the backbone, counted from 0, or on all.
    """

    def __init__(self, detector: Any, *, resolution: int, form: Form, maps: Sequence[int] | None = None) -> None:
        super().__init__()
        self.backbone = detector.backbone
        self.boxes = detector.head.regression_head
        self.heads = detector.head.classification_head
        self.anchors = detector.anchor_generator
        self.resolution, self.form, self.maps = resolution, form, maps
        if maps is not None:
            self.anchors.cell_anchors = [self.anchors.cell_anchors[place] for place in maps]

    def forward(self, images: Tensor) -> Tensor:
        """Float (n, 1 or 3, H, W) to (n, A, 9 + classes)."""
        size = (self.resolution, self.resolution)
        height, width = images.shape[2:]
        colour = images.expand(-1, _CHANNELS, -1, -1)
        resized = functional.interpolate(colour, size, mode="bilinear", antialias=True)
        features = list(self.backbone(resized).values())
        if self.maps is not None:
            features = [features[place] for place in self.maps]
        scores, boxes = self.heads(features), self.boxes(features)
        (anchors,) = self.anchors(ImageList(resized[:1], [size]), features)
        said = self.form(scores, boxes, anchors)
        scale = torch.tensor([width, height, width, height], device=images.device) / self.resolution
        placed = (anchors * scale).expand(len(images), -1, -1)
        return torch.cat([placed, *(part.float() for part in said)], dim=2)


def rarer(form: Form, prior: float) -> Form:
    """What `form` says, but with so probable an object at each place before training, 0 < prior < 1.

    Most places have none, and a network that does not begin with that belief drowns in them (Lin et al., Focal Loss,
    2017, section 4.1). Elsewhere that is the last layer's bias; here every layer's weights are drawn anew (`build.py`),
    so it is taken from the objectness: as if all scores were 0, whatever the number of classes.
    """
    if not 0 < prior < 1:
        raise ValueError(f"model.prior {prior:g}: nothing is impossible before training; above 0 and below 1")

    def said(scores: Tensor, boxes: Any, anchors: Tensor) -> Said:
        offsets, objectness, classes = form(scores, boxes, anchors)
        return Said(offsets, objectness - math.log(classes.shape[2] * (1 - prior) / prior), classes)

    return said


def with_background(scores: Tensor, offsets: Tensor, anchors: Tensor) -> Said:
    """The first of the classes' scores is that of there being nothing.

    The objectness is how much likelier all others together are: so the classes' probabilities are those of the softmax
    that torchvision takes of all scores.
    """
    return Said(offsets, scores[..., 1:].logsumexp(dim=2, keepdim=True) - scores[..., :1], scores[..., 1:])


def without_background(scores: Tensor, offsets: Tensor, anchors: Tensor) -> Said:
    """As `with_background` if nothing had a score of 0."""
    return Said(offsets, scores.logsumexp(dim=2, keepdim=True), scores)


def maps_at(levels: Sequence[int]) -> list[int] | None:
    """Places of a pyramid's levels among its maps; None if it is all of them.

    Raises ValueError if one is no level, or none is left.
    """
    if not levels or not set(levels) <= set(PYRAMID):
        raise ValueError(f"model.levels {list(levels)} are not among the pyramid's, {list(PYRAMID)}")
    places = sorted({PYRAMID.index(level) for level in levels})
    return places if len(places) < len(PYRAMID) else None


def check_resolution(resolution: int) -> None:
    """Raises ValueError where torchvision's anchors would drift from the maps' cells: its strides are whole numbers."""
    if any(resolution % math.ceil(resolution / 2**level) for level in PYRAMID):
        raise ValueError(f"model.resolution {resolution}: some map's cells are no whole pixels; take a multiple of 128")
