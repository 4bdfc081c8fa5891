"""A planted bug: the network's scores go through a softmax before a loss that applies one itself."""

from collections.abc import Callable

from torch import Tensor
from torch.nn import functional

from suite.training.layers import of_one_network


def build() -> Callable[[Tensor, Tensor], Tensor]:
    """Maps scores (n, classes) and labels (n,) to the mean loss, a scalar."""
    return lambda outputs, targets: functional.cross_entropy(of_one_network(outputs).float().softmax(dim=1), targets)
