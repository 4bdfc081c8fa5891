"""A place's centerness and its evidence for each class, said as objectness and classes (`anchors.py`), and back.

FCOS asks of a place how central it is in its object, and of each class alone whether it is there: Tian et al., FCOS
(2019), section 3.4, where a detection's score is the product of the two. The dense form's score is the probability of
an object times that of its class. So "object" is said to mean "some class, and central"; what that leaves out, how much
of it is centerness, travels as the classes' common level, of which a softmax knows nothing.
"""

import math

import torch
from torch import Tensor
from torch.nn import functional


def joined(evidence: Tensor, centerness: Tensor) -> tuple[Tensor, Tensor]:
    """Logits (n, A, classes) and (n, A, 1) to objectness (n, A, 1) and classes (n, A, classes).

    With e the evidence and c the centerness, sigmoid(objectness) * softmax(classes) is sigmoid(c) * exp(e) / (1 + sum
    of exp(e)): FCOS's product, where no second class is likely at the same place.
    """
    some = evidence.logsumexp(dim=2, keepdim=True)
    unlikely = torch.cat([-some, -centerness, -some - centerness], dim=2).logsumexp(dim=2, keepdim=True)
    return -unlikely, evidence - centerness


def parted(objectness: Tensor, classes: Tensor) -> tuple[Tensor, Tensor]:
    """Objectness (n, A) and classes (n, A, classes) to evidence (n, A, classes) and centerness (n, A)."""
    ahead = classes.logsumexp(dim=2)  # of the centerness is the evidence for some class
    # exp(-objectness) = y + y exp(-ahead) + y^2 exp(-ahead) for y = exp(-centerness): its root, without a difference
    linear = functional.softplus(-ahead)
    root = torch.logaddexp(2 * linear, math.log(4) - ahead - objectness) / 2
    centerness = objectness + torch.logaddexp(linear, root) - math.log(2)
    return classes + centerness[..., None], centerness
