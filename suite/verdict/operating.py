"""The procedure's operating characteristics: many simulated claims at once, judged as real ones are.

Used by benchmarks/verdict_simulation.py and by the tests; nothing here decides differently from `replay`.
"""

from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt

from suite.verdict import claims
from suite.verdict.looks import PlannedLook
from suite.verdict.pooling import seed_variance
from suite.verdict.units import CLAMP, FINE_RESOLUTION, SPREAD_CLAMP, Floats


def decide(
    effects: Floats,
    plan: Sequence[PlannedLook],
    *,
    test_set_variances: Callable[[int], Floats] | None = None,
    resolution: float = FINE_RESOLUTION,
) -> npt.NDArray[np.int8]:
    """The verdict code of each claim, shape (...), GO_ON where it stays inconclusive.

    `effects` has shape (..., J, n_max), in margins, not clamped yet. `test_set_variances(n)` gives max(T - C, 0) of the
    first n pairs, shape (..., J), in squared margins; without it the claims are judged on their test set alone.
    """
    for_means, for_spread = np.clip(effects, -CLAMP, CLAMP), np.clip(effects, -SPREAD_CLAMP, SPREAD_CLAMP)
    verdicts = np.zeros(effects.shape[:-2], dtype=np.int8)
    for look in plan:
        means = for_means[..., : look.pairs].mean(axis=-1)
        seeds = seed_variance(for_spread[..., : look.pairs], resolution)
        extra = test_set_variances(look.pairs) if test_set_variances else 0.0
        decision = claims.assess(means, seeds + extra, seeds, look.pairs, look.alpha).decision
        verdicts = np.where(verdicts == claims.GO_ON, decision, verdicts)
    return verdicts
