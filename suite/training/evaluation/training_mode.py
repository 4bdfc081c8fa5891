"""A planted bug: nobody called `model.eval()`, so dropout drops and batch normalisation normalises by the batch."""

from collections.abc import Callable

from torch import Tensor, nn


def build() -> Callable[[nn.Module, Tensor], Tensor]:
    """As in `plain`, with the network left in training mode."""
    return lambda model, inputs: model.train()(inputs)
