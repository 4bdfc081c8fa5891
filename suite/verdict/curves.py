"""Time to a target on the validation curve: the running best, read between epochs by straight lines."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from suite.trial_result import EpochRecord
from suite.verdict.claims import t_quantile
from suite.verdict.units import Floats

REACHED_BY = 0.9
"""The share of the reference arm's runs that is meant to reach the target."""


@dataclass(frozen=True, kw_only=True)
class Arrival:
    """When a run reached the target, in epochs or seconds."""

    time: float
    within_first_epoch: bool
    """The curve starts at the first epoch: the run needed this long or less."""


def running_best(epochs: Sequence[EpochRecord]) -> Floats:
    """The best validation metric up to each epoch, shape (epochs,); NaN until there is one."""
    values = np.array([epoch.val_metric for epoch in epochs], dtype=np.float64)
    result: Floats = np.fmax.accumulate(values)
    return result


def best_value(epochs: Sequence[EpochRecord]) -> float | None:
    """The best validation metric of a run; None where it has none."""
    best = running_best(epochs)
    return float(best[-1]) if best.size and math.isfinite(best[-1]) else None


def time_to_target(epochs: Sequence[EpochRecord], target: float, clock: Literal["epochs", "seconds"]) -> Arrival | None:
    """When the running best first is at `target`, a fraction; None when the run never gets there.

    seconds: training only. Before the first epoch's end there is no value, and nothing is read there.
    """
    best = running_best(epochs)
    times = np.cumsum([epoch.seconds for epoch in epochs]) if clock == "seconds" else [epoch.epoch for epoch in epochs]
    reached = np.flatnonzero(best >= target)
    if not reached.size:
        return None
    at = int(reached[0])
    if at == 0 or not math.isfinite(best[at - 1]):
        return Arrival(time=float(times[at]), within_first_epoch=at == 0)
    share = (target - best[at - 1]) / (best[at] - best[at - 1])
    return Arrival(time=float(times[at - 1] + share * (times[at] - times[at - 1])), within_first_epoch=False)


def frozen_target(bests: Sequence[float]) -> float | None:
    """A validation metric that at least 90 % of the reference arm's runs should reach; None from fewer than two runs.

    `bests` are the best values of the reference arm's tuning runs at its selected setting, fractions. The target is the
    smaller of the worst of them and the one-sided 90 % normal prediction bound for one more run,
    mean - t(0.9, n - 1) s sqrt(1 + 1 / n).
    """
    values = np.asarray(bests, dtype=np.float64)
    if values.size < 2:
        return None
    spread = float(values.std(ddof=1)) * math.sqrt(1 + 1 / values.size)
    bound = float(values.mean()) - t_quantile(REACHED_BY, values.size - 1) * spread
    return min(max(min(bound, float(values.min())), 0.0), 1.0)
