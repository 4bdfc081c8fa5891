"""One look at one claim: the estimate, both tests, and the decision.

`assess` is vectorised over leading (batch) axes: the judge and the simulations run the same lines.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import special

from suite.spec.ablation import Expectation
from suite.verdict.models import Interval, Outcome, Verdict
from suite.verdict.pooling import Pooled, pool
from suite.verdict.units import Floats

GO_ON, NO_DIFFERENCE, HELPS, HURTS, MIXED = range(5)
VERDICTS: tuple[Verdict | None, ...] = (None, "no practical difference", "helps", "hurts", "mixed")
"""What the codes above stand for; None: go on to the next look."""

OPPOSITE_ALPHA = 0.05
"""One-sided, shared by the workloads."""

POWER = 0.8


@dataclass(frozen=True, kw_only=True)
class Assessment:
    """One look; every field has the batch shape (...), but for `opposite`."""

    pooled: Pooled
    p_difference: Floats
    """Two-sided, of no effect at all."""
    p_equivalence: Floats
    """TOST: the larger of the p-values of an effect beyond -1 and beyond +1 margin."""
    opposite: npt.NDArray[np.bool_]
    """(..., J): workloads significantly on the other side of the pooled effect."""
    decision: npt.NDArray[np.int8]
    """A code: GO_ON, NO_DIFFERENCE, HELPS, HURTS or MIXED."""


def assess(means: Floats, variances: Floats, seed_variances: Floats, pairs: npt.ArrayLike, alpha: float) -> Assessment:
    """Judges at level `alpha` (this look's share). Arrays of shape (..., J) in margins; `pairs` scalar or (J,).

    1. `no practical difference` if P(t > (1 - |theta|) / SE) <= alpha.
    2. `helps` or `hurts` if the two-sided p <= alpha and |theta| >= 1; `mixed` if a workload is significantly opposite.
    3. Otherwise go on.
    """
    pooled = pool(means, variances, seed_variances, pairs)
    size, error, freedom = np.abs(pooled.effect), pooled.standard_error, pooled.degrees_of_freedom
    p_difference = 2.0 * upper_tail(size / error, freedom)
    p_equivalence = upper_tail((1 - size) / error, freedom)
    opposite = _opposite(means, variances, seed_variances, pairs, np.sign(pooled.effect))
    against = np.where(opposite.any(axis=-1), MIXED, np.where(pooled.effect > 0, HELPS, HURTS))
    different = (p_difference <= alpha) & (size >= 1)
    decision = np.where(p_equivalence <= alpha, NO_DIFFERENCE, np.where(different, against, GO_ON))
    return Assessment(
        pooled=pooled,
        p_difference=p_difference,
        p_equivalence=p_equivalence,
        opposite=opposite,
        decision=decision.astype(np.int8),
    )


def _opposite(
    means: Floats, variances: Floats, seed_variances: Floats, pairs: npt.ArrayLike, side: Floats
) -> npt.NDArray[np.bool_]:
    """Each workload on its own, one-sided at 0.05 / J against the pooled side; shape (..., J)."""
    alone = pool(means[..., None], variances[..., None], seed_variances[..., None], np.asarray(pairs)[..., None])
    t = -side[..., None] * alone.effect / alone.standard_error
    result: npt.NDArray[np.bool_] = upper_tail(t, alone.degrees_of_freedom) <= OPPOSITE_ALPHA / means.shape[-1]
    return result


def upper_tail(t: Floats, degrees_of_freedom: Floats | float) -> Floats:
    """P(T > t) of Student's t."""
    return np.asarray(special.stdtr(degrees_of_freedom, -np.asarray(t)), dtype=np.float64)


def t_quantile(probability: float, degrees_of_freedom: float) -> float:
    """The t below which Student's t lies with this probability."""
    return float(special.stdtrit(degrees_of_freedom, probability))


def interval(effect: float, standard_error: float, degrees_of_freedom: float, alpha: float) -> Interval:
    """effect +- t(1 - alpha / 2) SE."""
    half = -t_quantile(alpha / 2, degrees_of_freedom) * standard_error
    return Interval(low=effect - half, high=effect + half)


def minimum_detectable_effect(standard_error: float, degrees_of_freedom: float, alpha: float) -> float:
    """(t(1 - alpha / 2) + t(0.8)) SE: the smallest effect that is found significant with 80 % power."""
    return (t_quantile(POWER, degrees_of_freedom) - t_quantile(alpha / 2, degrees_of_freedom)) * standard_error


_BORNE_OUT: Mapping[Expectation, tuple[Verdict, ...]] = {
    "better": ("helps",),
    "worse": ("hurts",),
    "same": ("no practical difference",),
    "not_better": ("no practical difference", "hurts"),
    "not_worse": ("no practical difference", "helps"),
    "different": ("helps", "hurts", "mixed"),
}


def outcome(verdict: Verdict, expect: Expectation) -> Outcome:
    """The verdict against the expectation.

    `mixed` contradicts `same` and bears out `different` (the arms differ, by a margin or more on average), and leaves
    a direction undecided: the answer depends on the data.
    """
    if verdict == "inconclusive" or (verdict == "mixed" and expect not in ("same", "different")):
        return "undecided"
    return "supported" if verdict in _BORNE_OUT[expect] else "contradicted"
