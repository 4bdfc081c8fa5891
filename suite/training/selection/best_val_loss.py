"""The epoch with the lowest validation loss, the earliest of equals. Prechelt, Early Stopping — But When? (1998)."""

from collections.abc import Callable

from suite.trial_result import EpochRecord


def build() -> Callable[[EpochRecord, EpochRecord | None], bool]:
    """Training goes on to the end; only the choice of weights looks back."""
    return lambda record, kept: kept is None or record.val_loss < kept.val_loss
