"""The epoch with the best validation metric, the earliest of equals."""

from collections.abc import Callable

from suite.trial_result import EpochRecord


def build() -> Callable[[EpochRecord, EpochRecord | None], bool]:
    """As in `best_val_loss`, by what the task measures."""
    return lambda record, kept: kept is None or record.val_metric > kept.val_metric
