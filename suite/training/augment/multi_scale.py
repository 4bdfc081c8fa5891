"""Multi-scale training: every batch at a size of its own, so that the network meets each object at several sizes.

Redmon and Farhadi, YOLO9000 (2016), section 2, multi-scale training: sizes of 0.77 to 1.46 times the one used for
testing, a new one every 10 batches. The default here is such that an epoch costs about as much as at one size. Networks
must accept inputs of any size (`deep_cnn` does).
"""

import torch
from torch import Tensor

from suite.training import targets as kinds
from suite.training.arguments import PositiveFloat
from suite.training.augment import Augment
from suite.training.image_sizes import resized


def build(*, factors: tuple[PositiveFloat, ...] = (0.8, 1.0, 1.25)) -> Augment:
    """Maps images (n, C, H, W) to (n, C, f H, f W), rounded, and their targets likewise.

    All `factors` f are equally likely, one for each batch.

    Raises ValueError if there is no factor.
    """

    if not factors:
        raise ValueError("augment.factors is empty: name at least one size")

    def augment(inputs: Tensor, targets: Tensor, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        images = resized(inputs, factors[int(torch.randint(len(factors), (), generator=generator))])
        _, _, *before = inputs.shape
        _, _, *after = images.shape
        return images, kinds.resized(targets, (before[0], before[1]), (after[0], after[1]))

    return augment
