"""Normal with one deviation for every layer: 0.01 is what AlexNet (Krizhevsky et al., 2012) began with."""

from collections.abc import Callable

from torch import nn

from suite.training.arguments import PositiveFloat
from suite.training.layers import WEIGHTED


def build(*, std: PositiveFloat = 0.01) -> Callable[[nn.Module], None]:
    """Fills a linear or convolution layer, biases with zeros; leaves any other module as it is."""

    def fill(module: nn.Module) -> None:
        if isinstance(module, WEIGHTED):
            nn.init.normal_(module.weight, std=std)
            if module.bias is not None:
                nn.init.zeros_(module.bias)

    return fill
