"""Cross-entropy in nats. Label smoothing: Szegedy et al., Rethinking the Inception Architecture (2015), section 7."""

from collections.abc import Callable

from torch import Tensor
from torch.nn import functional

from suite.training.arguments import Fraction


def build(*, label_smoothing: Fraction = 0.0) -> Callable[[Tensor, Tensor], Tensor]:
    """Maps scores (n, classes) and labels (n,) to the mean loss, a scalar."""
    return lambda outputs, targets: functional.cross_entropy(outputs.float(), targets, label_smoothing=label_smoothing)
