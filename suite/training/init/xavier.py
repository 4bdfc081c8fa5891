"""Glorot and Bengio, Understanding the difficulty of training deep feedforward neural networks (2010): uniform, with
variance 2 / (fan_in + fan_out). Biases are zero.
"""

from collections.abc import Callable

from torch import nn

from suite.training.layers import WEIGHTED


def build() -> Callable[[nn.Module], None]:
    """Fills a linear or convolution layer; leaves any other module as it is."""

    def fill(module: nn.Module) -> None:
        if isinstance(module, WEIGHTED):
            nn.init.xavier_uniform_(module.weight)
            if module.bias is not None:
                nn.init.zeros_(module.bias)

    return fill
