"""Cross-entropy in nats. Label smoothing: Szegedy et al., Rethinking the Inception Architecture (2015), section 7."""

from collections.abc import Callable
from typing import Any

from torch import Tensor
from torch.nn import functional

from suite.training.arguments import Fraction
from suite.training.targets import VOID, are_pixels


def build(*, label_smoothing: Fraction = 0.0) -> Callable[[Tensor, Tensor], Tensor]:
    """Maps scores (n, classes), or (n, classes, members) of an ensemble, and labels (n,) to the mean loss, a scalar.
    Where every place has a label, (n, T), scores are (n, T, classes); where every pixel has one, (n, H, W), they are
    (n, classes, H, W), and VOID pixels are left out.

    Of an ensemble the value is the mean over members, on the scale of one network's. The gradient is that of their sum:
    what a member gets is then the gradient of its own loss, and a learning rate means the same step for it as alone.
    """

    def loss(outputs: Tensor, targets: Tensor) -> Tensor:
        if are_pixels(targets):
            kind: dict[str, Any] = {"label_smoothing": label_smoothing, "ignore_index": VOID, "reduction": "sum"}
            total = functional.cross_entropy(outputs.float(), targets.long(), **kind)
            return total / (targets != VOID).sum().clamp_min(1)  # a batch in which nothing is judged has no loss
        if targets.ndim == 2:
            outputs, targets = outputs.flatten(0, 1), targets.flatten()
        if outputs.ndim == 2:
            return functional.cross_entropy(outputs.float(), targets, label_smoothing=label_smoothing)
        members = outputs.shape[2]
        each = targets[:, None].expand(-1, members)
        mean = functional.cross_entropy(outputs.float(), each, label_smoothing=label_smoothing)
        return mean + (members - 1) * (mean - mean.detach())  # what is added is 0, but has a gradient

    return loss
