"""Embeddings and fully connected layers uniform around 0, as in torch's example of a word language model.

Zaremba et al., Recurrent Neural Network Regularization (2014), section 4.1, with 0.1 for their small network.
"""

from collections.abc import Callable

from torch import nn

from suite.training.arguments import PositiveFloat


def build(*, bound: PositiveFloat = 0.1) -> Callable[[nn.Module], None]:
    """Fills weights from -`bound` to `bound`; biases are zero. Recurrent layers keep torch's own start."""

    def fill(module: nn.Module) -> None:
        if isinstance(module, nn.Embedding | nn.Linear):
            nn.init.uniform_(module.weight, -bound, bound)
            if isinstance(module, nn.Linear) and module.bias is not None:
                nn.init.zeros_(module.bias)

    return fill
