"""How far the first convolution's filters are edge filters: the part of their energy that Sobel's operators explain.

The pair of Sobel and Feldman (1968). For what trained networks have there, see Zeiler and Fergus, Visualizing and
Understanding Convolutional Networks (2013).
"""

from collections.abc import Callable

import torch
from torch import nn

from suite.training.init.sobel import kernels
from suite.training.probe import Probed


def build() -> Callable[[nn.Module], Probed]:
    """Gives `edge_energy`: the squared norm of the filters' projections onto the two operators, over the filters' own.

    Filters at random have 2/9, as the operators span two of nine dimensions. Also the filters themselves, each the mean
    over its input channels. Raises ValueError if the network has no
    convolution, or if its first is not 3x3.
    """

    def probe(model: nn.Module) -> Probed:
        first = next((module for module in model.modules() if isinstance(module, nn.Conv2d)), None)
        if first is None or first.kernel_size != (3, 3):
            raise ValueError(f"probe: edges needs a network that begins with a 3x3 convolution, not with {first}")
        weights = first.weight.detach().double().cpu().flatten(2)
        filters = weights.flatten(0, 1)
        horizontal, vertical = kernels()[0].double(), kernels()[0].double().T
        span = torch.stack((horizontal.flatten(), vertical.flatten()))  # at right angles, of equal length
        span /= span.norm(dim=1, keepdim=True)
        energy = float((filters @ span.T).square().sum() / filters.square().sum())
        return Probed({"edge_energy": energy}, tuple(map(tuple, weights.mean(dim=1).float().tolist())))

    return probe
