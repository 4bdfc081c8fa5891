"""Clipping by the global norm. Pascanu et al., On the difficulty of training recurrent neural networks (2012)."""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from suite.training.arguments import PositiveFloat


def build(*, max_norm: PositiveFloat) -> Callable[[Sequence[torch.nn.Parameter]], Tensor]:
    """Scales gradients down to `max_norm` where they exceed it; gives the norm before, a scalar tensor."""
    return lambda parameters: torch.nn.utils.clip_grad_norm_(parameters, max_norm)
