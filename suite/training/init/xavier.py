"""Glorot and Bengio, Understanding the difficulty of training deep feedforward neural networks (2010): uniform, with
variance 2 / (fan_in + fan_out). Biases are zero.
"""

from collections.abc import Callable
from functools import partial

from torch import nn

from suite.training.layers import fill


def build() -> Callable[[nn.Module], None]:
    """Fills a linear or convolution layer; leaves any other module as it is."""
    return partial(fill, scheme=nn.init.xavier_uniform_)
