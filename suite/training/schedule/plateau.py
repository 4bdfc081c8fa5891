"""The rate drops by a factor where the validation loss has stopped falling: torch's ReduceLROnPlateau.

Torch's example of a word language model divides by four (`gamma: 0.25`), with no patience.
"""

import torch
from torch.optim.lr_scheduler import ReduceLROnPlateau

from suite.training.arguments import Fraction, NonNegativeInt


class Plateau:
    """Maps a step to a factor of the base rate. Pre-training, which validates nothing, keeps the base rate."""

    def __init__(self, gamma: float, patience: int) -> None:
        self.optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=1.0)
        self.scheduler = ReduceLROnPlateau(self.optimizer, factor=gamma, patience=patience, threshold=0.0)

    def __call__(self, step: int) -> float:
        """`step` counts from 0 and changes nothing."""
        return float(self.optimizer.param_groups[0]["lr"])

    def after_epoch(self, val_loss: float) -> None:
        """`val_loss` in nats."""
        self.scheduler.step(val_loss)


def build(steps: int, steps_per_epoch: int, *, gamma: Fraction = 0.1, patience: NonNegativeInt = 0) -> Plateau:
    """`patience` more epochs may pass without a lower loss before the rate drops."""
    return Plateau(gamma, patience)
