"""Cross-entropy of an embedder's classification head: metric learning by classification.

Zhai and Wu, Classification is a Strong Baseline for Deep Metric Learning (2018).
"""

from collections.abc import Callable

from torch import Tensor
from torch.nn import functional

from suite.training.embeddings import scores

_NO_SCORE = -100


def build() -> Callable[[Tensor, Tensor], Tensor]:
    """Maps an embedder's output (n, 64 + classes) and labels (n,) to the mean loss in nats, a scalar.

    Held-out classes have no score, and so no loss; NaN if there are no others (`task: retrieval` has one for them).
    """

    def loss(outputs: Tensor, targets: Tensor) -> Tensor:
        found = scores(outputs).float()
        return functional.cross_entropy(
            found, targets.where(targets < found.shape[1], _NO_SCORE), ignore_index=_NO_SCORE
        )

    return loss
