"""The weights after the last epoch."""

from collections.abc import Callable

from suite.trial_result import EpochRecord


def build() -> Callable[[EpochRecord, EpochRecord | None], bool]:
    """Every epoch replaces the one before."""
    return lambda record, kept: True
