"""Adam with decoupled weight decay. Loshchilov and Hutter, Decoupled Weight Decay Regularization (2017)."""

from collections.abc import Iterable

import torch

from suite.training.arguments import Fraction, NonNegativeFloat, PositiveFloat


def build(
    parameters: Iterable[torch.nn.Parameter],
    *,
    lr: PositiveFloat = 0.001,
    betas: tuple[Fraction, Fraction] = (0.9, 0.999),
    weight_decay: NonNegativeFloat = 0.01,
) -> torch.optim.Optimizer:
    """torch's AdamW, fused, with its defaults."""
    return torch.optim.AdamW(parameters, lr=lr, betas=betas, weight_decay=weight_decay, fused=True)
