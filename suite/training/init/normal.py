"""Normal with one deviation for every layer: 0.01 is what AlexNet (Krizhevsky et al., 2012) began with."""

from collections.abc import Callable
from functools import partial

from torch import nn

from suite.training.arguments import PositiveFloat
from suite.training.layers import fill


def build(*, std: PositiveFloat = 0.01) -> Callable[[nn.Module], None]:
    """Fills a linear or convolution layer, biases with zeros; leaves any other module as it is."""
    return partial(fill, scheme=partial(nn.init.normal_, std=std))
