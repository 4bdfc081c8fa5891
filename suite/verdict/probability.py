"""How often the variant wins: P(variant better) + P(tie) / 2, averaged over workloads.

Agarwal et al. (2021), Deep Reinforcement Learning at the Edge of the Statistical Precipice, for independent runs.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from suite.verdict.failures import clopper_pearson
from suite.verdict.models import Interval
from suite.verdict.units import Floats


@dataclass(frozen=True, kw_only=True)
class Improvement:
    """The probability with its 95 % interval."""

    probability: float
    interval_95: Interval


def unpaired(variant: Floats, reference: Floats) -> float:
    """Runs by workloads, shapes (n, J) and (m, J), larger is better: the mean Mann-Whitney share over workloads."""
    differences = variant[:, None, :] - reference[None, :, :]
    return float(_wins(differences).mean(axis=(0, 1)).mean())


def paired(effects: Sequence[Floats]) -> Improvement:
    """One array of shape (n_j,) per workload, in margins, positive is good.

    The interval is Clopper and Pearson's on all pairs, a tie half a win: where the workloads' probabilities differ, the
    mean varies less than a binomial share does (Hoeffding 1956), so that it errs on the wide side.
    """
    if not effects:
        return Improvement(probability=math.nan, interval_95=Interval(low=math.nan, high=math.nan))
    probability = float(np.mean([_wins(e).mean() for e in effects]))
    runs = sum(e.size for e in effects)
    return Improvement(probability=probability, interval_95=clopper_pearson(probability * runs, runs))


def _wins(differences: Floats) -> Floats:
    result: Floats = (np.sign(differences) + 1) / 2
    return result
