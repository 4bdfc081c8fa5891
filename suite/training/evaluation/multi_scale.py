"""Multi-scale testing: each example is seen at several sizes, and the probabilities are averaged.

Simonyan and Zisserman, Very Deep Convolutional Networks (2014), section 4.2: {256, 384, 512} where training saw 256 to
512, so its scales are those of the `augment` of that name. Networks must accept inputs of any size (`deep_cnn` does).
"""

import math
from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional

from suite.training.arguments import PositiveFloat
from suite.training.image_sizes import resized


def build(*, factors: tuple[PositiveFloat, ...] = (0.8, 1.0, 1.25)) -> Callable[[nn.Module, Tensor], Tensor]:
    """Maps a network and inputs (n, C, H, W) to log-probabilities (n, classes), of their mean over all `factors`.

    Where each pixel has a class, (n, classes, H, W): scores are brought back to the images' size before the mean.

    Raises ValueError if there is no factor, or if the network does not give scores of classes: boxes have no mean.
    """
    if not factors:
        raise ValueError("evaluation.factors is empty: name at least one size")

    def scores(model: nn.Module, inputs: Tensor) -> Tensor:
        model.eval()
        logs = []
        for factor in factors:
            found = model(resized(inputs, factor)).float()
            if found.ndim not in (2, 4):
                raise ValueError("evaluation multi_scale averages scores of classes: boxes need evaluation plain")
            if found.ndim == 4:
                found = functional.interpolate(found, inputs.shape[2:], mode="bilinear")
            logs.append(functional.log_softmax(found, dim=1))
        return torch.stack(logs).logsumexp(dim=0) - math.log(len(factors))

    return scores
