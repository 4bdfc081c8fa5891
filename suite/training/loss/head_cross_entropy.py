"""Cross-entropy of an embedder's classification head: metric learning by classification.

Zhai and Wu, Classification is a Strong Baseline for Deep Metric Learning (2018).
"""

from collections.abc import Callable

from torch import Tensor
from torch.nn import functional

from suite.training.embeddings import scores


def build() -> Callable[[Tensor, Tensor], Tensor]:
    """Maps an embedder's output (n, 64 + classes) and labels (n,) to the mean loss in nats, a scalar."""
    return lambda outputs, targets: functional.cross_entropy(scores(outputs).float(), targets)
