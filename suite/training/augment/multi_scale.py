"""Multi-scale training: every batch at a size of its own, so that the network meets each object at several sizes.

Redmon and Farhadi, YOLO9000 (2016), section 2, multi-scale training: sizes of 0.77 to 1.46 times the one used for
testing, a new one every 10 batches. The default here is such that an epoch costs about as much as at one size. Networks
must accept inputs of any size (`deep_cnn` does).
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from suite.training import targets as kinds
from suite.training.arguments import PositiveFloat
from suite.training.image_sizes import resized


@dataclass(frozen=True)
class MultiScale:
    """See `build`."""

    factors: tuple[float, ...]

    def __call__(self, inputs: Tensor, targets: Tensor, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        """One of the sizes."""
        return _at(self.factors[int(torch.randint(len(self.factors), (), generator=generator))], inputs, targets)

    def each(self, inputs: Tensor, targets: Tensor) -> list[tuple[Tensor, Tensor]]:
        """A batch at every size."""
        return [_at(factor, inputs, targets) for factor in self.factors]


def build(*, factors: tuple[PositiveFloat, ...] = (0.8, 1.0, 1.25)) -> MultiScale:
    """Maps images (n, C, H, W) to (n, C, f H, f W), rounded, and their targets likewise.

    All `factors` f are equally likely, one for each batch.

    Raises ValueError if there is no factor.
    """
    if not factors:
        raise ValueError("augment.factors is empty: name at least one size")
    return MultiScale(factors)


def _at(factor: float, inputs: Tensor, targets: Tensor) -> tuple[Tensor, Tensor]:
    images = resized(inputs, factor)
    _, _, *before = inputs.shape
    _, _, *after = images.shape
    return images, kinds.resized(targets, (before[0], before[1]), (after[0], after[1]))
