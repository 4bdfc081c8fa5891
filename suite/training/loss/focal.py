"""Focal loss for one label per example. Lin et al., Focal Loss for Dense Object Detection (2017), equation 4."""

from collections.abc import Callable

from torch import Tensor
from torch.nn import functional

from suite.training.arguments import NonNegativeFloat
from suite.training.layers import of_one_network


def build(*, gamma: NonNegativeFloat = 2.0) -> Callable[[Tensor, Tensor], Tensor]:
    """Maps scores (n, classes) and labels (n,) to the mean loss, a scalar; cross-entropy where `gamma` is 0."""

    def loss(outputs: Tensor, targets: Tensor) -> Tensor:
        entropy = functional.cross_entropy(of_one_network(outputs).float(), targets, reduction="none")
        return ((1 - (-entropy).exp()) ** gamma * entropy).mean()

    return loss
