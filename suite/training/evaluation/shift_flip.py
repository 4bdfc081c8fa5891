"""A planted bug: images are augmented when they are scored too, as they are where one loader serves every part.

The `augment` of that name is what training does.
"""

from collections.abc import Callable

import torch
from torch import Tensor, nn

from suite.training.arguments import NonNegativeInt
from suite.training.augment import shift_flip


def build(*, pixels: NonNegativeInt = 4, flip: bool = True) -> Callable[[nn.Module, Tensor], Tensor]:
    """As in `plain`, for tasks whose targets do not move with the images.

    Draws are torch's global ones, as dropout's are in evaluation: those of the trial's own noise.
    """
    augment = shift_flip.build(pixels=pixels, flip=flip)

    def scores(model: nn.Module, inputs: Tensor) -> Tensor:
        unmoved = torch.zeros(len(inputs), dtype=torch.int64)
        images, _ = augment(inputs, unmoved, torch.default_generator)
        scored: Tensor = model.eval()(images)
        return scored

    return scores
