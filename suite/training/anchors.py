"""Detections as a dense tensor: what a detector gives for every anchor, and what becomes of it.

A detector's output is (n, A, 9 + classes), for each of A anchors: the anchor itself (left, top, right, bottom, in
pixels), the four coded offsets of its box, a score for there being an object at all, and one for each class. The
anchors travel with the scores, so that loss and task need to know nothing of the network.

Box coding and suppression are torchvision's: Ren et al., Faster R-CNN (2015), section 3.1.2.
"""

from typing import NamedTuple

import torch
from torch import Tensor
from torchvision.models.detection._utils import BoxCoder
from torchvision.ops import nms

from suite.training.targets import VOID, overlap

FIXED = 9
"""Columns before the classes' scores."""
_CODER = BoxCoder(weights=(10.0, 10.0, 5.0, 5.0))
_POSITIVE, _NEGATIVE = 0.5, 0.4
"""Intersection over union with a true box from which on an anchor stands for it, and below which it is background."""
_SUPPRESSED = 0.5
_LEAST_SCORE = 0.001
_MOST_JUDGED = 1000
"""Boxes of an image, the best ones, among which suppression chooses; what it costs grows with their square."""


class Dense(NamedTuple):
    """The columns of a detector's output, (n, A, ...) each."""

    anchors: Tensor
    offsets: Tensor
    objectness: Tensor
    """(n, A), a logit."""
    classes: Tensor
    """(n, A, classes), logits."""


def columns(outputs: Tensor) -> Dense:
    """The parts of an output (n, A, 9 + classes), in single precision."""
    outputs = outputs.float()
    return Dense(outputs[..., :4], outputs[..., 4:8], outputs[..., 8], outputs[..., FIXED:])


class Matched(NamedTuple):
    """What each anchor is to say, (n, A) each."""

    object: Tensor
    """1 if it stands for an object, 0 if for background, VOID if it is not judged."""
    row: Tensor
    """The row of the target that it stands for, or would if it stood for one."""


def match(anchors: Tensor, targets: Tensor) -> Matched:
    """Anchors (n, A, 4) to boxes (n, M, 5). The anchors nearest to a box stand for it, however far off they are.
    (One that is the nearest to several stands for the one that it is nearest to.)

    So does every other one of enough overlap (Lin et al., Focal Loss for Dense Object Detection, 2017, section 4).
    """
    there = targets[..., 0] != VOID
    overlaps = overlap(anchors, targets[..., 1:]).masked_fill(~there[:, None], -1.0)  # (n, A, M)
    best, row = overlaps.max(dim=2)
    state = torch.where(best >= _POSITIVE, 1, torch.where(best < _NEGATIVE, 0, VOID))
    nearest = overlaps.max(dim=1, keepdim=True).values
    forced = (overlaps == nearest) & (nearest > 0) & there[:, None]
    taken = forced.any(dim=2)
    closest = overlaps.masked_fill(~forced, -1.0).argmax(dim=2)
    return Matched(torch.where(taken, 1, state), torch.where(taken, closest, row))


def encoded(anchors: Tensor, boxes: Tensor) -> Tensor:
    """The offsets (k, 4) that turn anchors (k, 4) into boxes (k, 4)."""
    offsets: Tensor = _CODER.encode_single(boxes, anchors)
    return offsets


def decoded(anchors: Tensor, offsets: Tensor) -> Tensor:
    """The boxes (k, 4) that offsets (k, 4) make of anchors (k, 4)."""
    boxes: Tensor = _CODER.decode_single(offsets, anchors)
    return boxes.view(-1, 4)


def detections(outputs: Tensor, most: int) -> Tensor:
    """The best boxes of each image, (n, most, 6): class, left, top, right, bottom, score; VOID where none is left.

    A box's score is the probability of an object times that of its likeliest class. Of boxes of one class that overlap
    too much the best is kept. Nothing reaches beyond the image, whose places all have an anchor in their middle.
    """
    anchors, offsets, objectness, classes = columns(outputs)
    n, count, _ = anchors.shape
    probability, kind = classes.softmax(dim=2).max(dim=2)
    scores = objectness.sigmoid() * probability
    boxes = decoded(anchors.reshape(-1, 4), offsets.reshape(-1, 4))
    boxes = torch.minimum(boxes.clamp_min(0), _extent(anchors).repeat(2))
    image = torch.arange(n, device=outputs.device).repeat_interleave(count)
    enough = scores.topk(min(_MOST_JUDGED, count), dim=1).values[:, -1:].clamp_min(_LEAST_SCORE)
    likely = (scores >= enough).flatten().nonzero()[:, 0]
    group = image[likely] * classes.shape[2] + kind.flatten()[likely]
    kept = likely[_best_of_groups(boxes[likely], scores.flatten()[likely], group)]
    return _by_image(image[kept], kind.flatten()[kept], boxes[kept], scores.flatten()[kept], n, most)


def _best_of_groups(boxes: Tensor, scores: Tensor, group: Tensor) -> Tensor:
    """The rows that non-maximum suppression within each group leaves, in descending order of score.

    As torchvision's batched_nms, which looks through all rows once per group: of so many groups, images times
    classes, most of its time goes there.
    """
    order = group.argsort(stable=True)
    ends = group.bincount().cumsum(0)
    parts = order.tensor_split(ends[:-1].cpu())
    rows = [part[nms(boxes[part], scores[part], _SUPPRESSED)] for part in parts if len(part)]
    kept = torch.cat([order[:0], *rows]).sort().values
    return kept[scores[kept].sort(descending=True).indices]


def _extent(anchors: Tensor) -> Tensor:
    """The images' width and height, (2,): the first place is as far from one border as the last from the other."""
    middles = (anchors[0, :, :2] + anchors[0, :, 2:]) / 2
    return middles.amin(dim=0) + middles.amax(dim=0)


def _by_image(image: Tensor, kind: Tensor, boxes: Tensor, scores: Tensor, n: int, most: int) -> Tensor:
    """Detections in descending order of score, dealt out to their images."""
    order = image.argsort(stable=True)
    image = image[order]
    first = torch.searchsorted(image, torch.arange(n, device=image.device))
    place = torch.arange(len(image), device=image.device) - first[image]
    result = boxes.new_zeros(n, most, 6)
    result[..., 0] = VOID
    fits = place < most
    rows = torch.cat([kind[order, None].float(), boxes[order], scores[order, None]], dim=1)
    result[image[fits], place[fits]] = rows[fits]
    return result
