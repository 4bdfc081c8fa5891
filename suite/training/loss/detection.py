"""What a one-stage detector learns: is there an object at this anchor, of which class, and where exactly.

Redmon and Farhadi, YOLOv3 (2018): objectness, class and box each have a term. Objectness by focal loss: Lin et al.,
Focal Loss for Dense Object Detection (2017), equation 5.
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
    gamma: NonNegativeFloat = 2.0,
    alpha: Fraction = 0.25,
    objectness_weight: NonNegativeFloat = 1.0,
    box_weight: NonNegativeFloat = 1.0,
) -> Callable[[Tensor, Tensor], Tensor]:
    """Maps a detector's output (n, A, 9 + classes) (`anchors.py`) and boxes (n, M, 5) to a loss, a scalar.

    Each term is a sum over the batch, divided by how many anchors stand for an object: of the objectness over all
    anchors that are judged, of class and box over those that stand for one. `gamma` and `alpha` are the focal loss's
    (the default ones are its paper's) and mean nothing to cross-entropy.
    """

    def loss(outputs: Tensor, targets: Tensor) -> Tensor:
        dense = columns(outputs)
        matched = match(dense.anchors, targets)
        judged, positive = matched.object != VOID, matched.object == 1
        count = positive.sum().clamp_min(1)
        wanted = matched.object.clamp_min(0).float()  # focal loss at -1, VOID, is no number, and nor is its gradient
        if objectness == "focal":
            each = sigmoid_focal_loss(dense.objectness, wanted, alpha=alpha, gamma=gamma)
        else:
            each = functional.binary_cross_entropy_with_logits(dense.objectness, wanted, reduction="none")
        image, anchor = positive.nonzero(as_tuple=True)
        objects = targets[image, matched.row[image, anchor]]
        kind = functional.cross_entropy(dense.classes[image, anchor], objects[:, 0].long(), reduction="sum")
        offsets = encoded(dense.anchors[image, anchor], objects[:, 1:])
        box = functional.smooth_l1_loss(dense.offsets[image, anchor], offsets, reduction="sum")
        total: Tensor = (objectness_weight * torch.where(judged, each, 0.0).sum() + kind + box_weight * box) / count
        return total

    return loss
