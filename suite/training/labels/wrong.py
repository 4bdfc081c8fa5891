"""Some labels are wrong, at random.

Zhang et al., Understanding deep learning requires rethinking generalization (2016).
"""

from collections.abc import Callable

import torch
from torch import Tensor

from suite.training.arguments import Fraction


def build(classes: int, *, fraction: Fraction = 0.2) -> Callable[[Tensor, torch.Generator], Tensor]:
    """As in `as_given`; about `fraction` of the labels become one of the other classes.

    Raises ValueError unless an example has one label: classes of boxes, pixels and words have others' places in them.
    """

    def spoil(targets: Tensor, generator: torch.Generator) -> Tensor:
        if targets.ndim != 1:
            raise ValueError(f"labels wrong needs one label per example, these are of shape {tuple(targets.shape)}")
        chosen = torch.rand(targets.shape, generator=generator) < fraction
        other = (targets + torch.randint(1, classes, targets.shape, generator=generator)) % classes
        return torch.where(chosen, other, targets)

    return spoil
