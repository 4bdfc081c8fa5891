"""Rectified Adam. Liu et al., On the Variance of the Adaptive Learning Rate and Beyond (2019)."""

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
    """torch's RAdam with its defaults; weight decay is coupled, as in `adam`."""
    return torch.optim.RAdam(parameters, lr=lr, betas=betas, weight_decay=weight_decay, foreach=True)
