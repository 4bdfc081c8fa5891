"""Adam. Kingma and Ba, Adam: A Method for Stochastic Optimization (2014); weight decay is coupled, as an L2 penalty."""

from collections.abc import Iterable

import torch

from suite.training.arguments import Fraction, NonNegativeFloat, PositiveFloat


def build(
    parameters: Iterable[torch.nn.Parameter],
    *,
    lr: PositiveFloat = 0.001,
    betas: tuple[Fraction, Fraction] = (0.9, 0.999),
    weight_decay: NonNegativeFloat = 0.0,
) -> torch.optim.Optimizer:
    """torch's Adam, fused, with the paper's defaults."""
    return torch.optim.Adam(parameters, lr=lr, betas=betas, weight_decay=weight_decay, fused=True)
