"""Stochastic gradient descent with momentum.

Sutskever et al., On the importance of initialization and momentum in deep learning (2013).
"""

from collections.abc import Iterable

import torch

from suite.training.arguments import Fraction, NonNegativeFloat, PositiveFloat


def build(
    parameters: Iterable[torch.nn.Parameter],
    *,
    lr: PositiveFloat,
    momentum: Fraction = 0.9,
    nesterov: bool = False,
    weight_decay: NonNegativeFloat = 0.0,
) -> torch.optim.Optimizer:
    """torch's SGD, fused; momentum 0.9 is what everyone takes since AlexNet (2012)."""
    return torch.optim.SGD(
        parameters, lr=lr, momentum=momentum, nesterov=nesterov, weight_decay=weight_decay, fused=True
    )
