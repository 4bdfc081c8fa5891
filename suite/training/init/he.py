"""He et al., Delving Deep into Rectifiers (2015): normal, with variance 2 / fan_in. Biases are zero."""

from collections.abc import Callable

from torch import nn

from suite.training.layers import WEIGHTED


def build() -> Callable[[nn.Module], None]:
    """Fills a linear or convolution layer; leaves any other module as it is."""

    def fill(module: nn.Module) -> None:
        if isinstance(module, WEIGHTED):
            nn.init.kaiming_normal_(module.weight, nonlinearity="relu")
            if module.bias is not None:
                nn.init.zeros_(module.bias)

    return fill
