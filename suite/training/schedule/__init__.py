"""Learning-rate schedules: `build(steps, steps_per_epoch, ...)` gives a function step -> factor of the base rate.

What it gives may be told of every validation (`FollowsValidation`).
"""

from typing import Protocol, runtime_checkable


@runtime_checkable
class FollowsValidation(Protocol):
    """A schedule that depends on how training goes."""

    def after_epoch(self, val_loss: float) -> None:
        """`val_loss` in nats, of the epoch that has just ended."""
