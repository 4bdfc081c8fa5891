"""Saxe et al., Exact solutions to the nonlinear dynamics of learning (2013): orthogonal rows or columns, with the gain
sqrt(2) for ReLU. Biases are zero.
"""

import math
from collections.abc import Callable
from functools import partial

from torch import nn

from suite.training.layers import fill


def build() -> Callable[[nn.Module], None]:
    """Fills a linear or convolution layer; leaves any other module as it is."""
    return partial(fill, scheme=partial(nn.init.orthogonal_, gain=math.sqrt(2)))
