"""He et al., Delving Deep into Rectifiers (2015): normal, with variance 2 / fan_in. Biases are zero."""

from collections.abc import Callable
from functools import partial

from torch import nn

from suite.training.layers import fill


def build() -> Callable[[nn.Module], None]:
    """Fills a linear or convolution layer; leaves any other module as it is."""
    return partial(fill, scheme=partial(nn.init.kaiming_normal_, nonlinearity="relu"))
