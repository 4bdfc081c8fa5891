"""Multi-scale training: every batch at a size of its own, so that the network meets each object at several sizes.

Redmon and Farhadi, YOLO9000 (2016), section 2, multi-scale training: sizes of 0.77 to 1.46 times the one used for
testing, a new one every 10 batches. The default here is such that an epoch costs about as much as at one size. Networks
must accept inputs of any size (`deep_cnn` does).
"""

from collections.abc import Callable

import torch
from torch import Tensor

from suite.training.arguments import PositiveFloat
from suite.training.image_sizes import resized


def build(*, factors: tuple[PositiveFloat, ...] = (0.8, 1.0, 1.25)) -> Callable[[Tensor, torch.Generator], Tensor]:
    """Maps float (n, C, H, W) to (n, C, f H, f W), rounded; all `factors` f are equally likely, one for each batch.

    Raises ValueError if there is no factor.
    """

    if not factors:
        raise ValueError("augment.factors is empty: name at least one size")

    def augment(inputs: Tensor, generator: torch.Generator) -> Tensor:
        return resized(inputs, factors[int(torch.randint(len(factors), (), generator=generator))])

    return augment
