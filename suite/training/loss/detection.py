"""What a one-stage detector learns: is there an object at this anchor, of which class, and where exactly.

Redmon and Farhadi, YOLOv3 (2018): objectness, class and box each have a term. The focal loss, and classes that are
questions of their own at every anchor: Lin et al., Focal Loss for Dense Object Detection (2017), equation 5 and
section 4. Hard negatives: Liu et al., SSD (2015), section 2.2.
"""

from collections.abc import Callable
from typing import Literal

import torch
from torch import Tensor
from torch.nn import functional
from torchvision.ops import sigmoid_focal_loss

from suite.training.anchors import columns, encoded, match
from suite.training.arguments import Fraction, NonNegativeFloat
from suite.training.targets import VOID


def build(
    *,
    objectness: Literal["cross_entropy", "focal"] = "cross_entropy",
    classes: Literal["softmax", "apart"] = "softmax",
    gamma: NonNegativeFloat = 2.0,
    alpha: Fraction = 0.25,
    negatives: NonNegativeFloat = 0.0,
    objectness_weight: NonNegativeFloat = 1.0,
    box_weight: NonNegativeFloat = 1.0,
) -> Callable[[Tensor, Tensor], Tensor]:
    """Maps a detector's output (n, A, 9 + classes) (`anchors.py`) and boxes (n, M, 5) to a loss, a scalar.

    Each term is a sum over the batch, divided by how many anchors stand for an object: of the objectness over all
    anchors that are judged, of class and box over those that stand for one. With `classes: apart` there is no term of
    the class: what is said here of the objectness is asked of each class alone, at every anchor that is judged. `gamma`
    and `alpha` are the focal loss's (the default ones are its paper's) and mean nothing to cross-entropy. Of an image's
    background only `negatives` anchors are judged for each that stands for an object, those with the largest loss; all
    if 0.
    """
    ask = _focal(gamma, alpha) if objectness == "focal" else _cross_entropy

    def loss(outputs: Tensor, targets: Tensor) -> Tensor:
        dense = columns(outputs)
        matched = match(dense.anchors, targets)
        judged, positive = matched.object != VOID, matched.object == 1
        count = positive.sum().clamp_min(1)
        image, anchor = positive.nonzero(as_tuple=True)
        objects = targets[image, matched.row[image, anchor]]
        kinds = objects[:, 0].long()
        if classes == "apart":
            questions = dense.objectness[..., None] + dense.classes.log_softmax(dim=2)
            wanted = torch.zeros_like(questions)
            wanted[image, anchor, kinds] = 1.0
            each, kind = ask(questions, wanted).sum(dim=2), questions.new_zeros(())
        else:
            each = ask(dense.objectness, positive.float())
            kind = functional.cross_entropy(dense.classes[image, anchor], kinds, reduction="sum")
        if negatives:
            most = negatives * positive.sum(dim=1, keepdim=True)
            judged = positive | _largest(each.detach(), judged & ~positive, most)
        offsets = encoded(dense.anchors[image, anchor], objects[:, 1:])
        box = functional.smooth_l1_loss(dense.offsets[image, anchor], offsets, reduction="sum")
        total: Tensor = (objectness_weight * torch.where(judged, each, 0.0).sum() + kind + box_weight * box) / count
        return total

    return loss


def _cross_entropy(logits: Tensor, wanted: Tensor) -> Tensor:
    return functional.binary_cross_entropy_with_logits(logits, wanted, reduction="none")


def _focal(gamma: float, alpha: float) -> Callable[[Tensor, Tensor], Tensor]:
    def focal(logits: Tensor, wanted: Tensor) -> Tensor:
        each: Tensor = sigmoid_focal_loss(logits, wanted, alpha=alpha, gamma=gamma)
        return each

    return focal


def _largest(values: Tensor, among: Tensor, most: Tensor) -> Tensor:
    """In each row of values (n, A) the `most` (n, 1) largest `among` (n, A) some, as (n, A) of True and False."""
    order = values.masked_fill(~among, -torch.inf).argsort(dim=1, descending=True, stable=True)
    return among & (order.argsort(dim=1) < most)
