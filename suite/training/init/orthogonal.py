"""Saxe et al., Exact solutions to the nonlinear dynamics of learning (2013): orthogonal rows or columns, with the gain
sqrt(2) for ReLU. Biases are zero.
"""

import math
from collections.abc import Callable

from torch import nn

from suite.training.layers import WEIGHTED


def build() -> Callable[[nn.Module], None]:
    """Fills a linear or convolution layer; leaves any other module as it is."""

    def fill(module: nn.Module) -> None:
        if isinstance(module, WEIGHTED):
            nn.init.orthogonal_(module.weight, gain=math.sqrt(2))
            if module.bias is not None:
                nn.init.zeros_(module.bias)

    return fill
