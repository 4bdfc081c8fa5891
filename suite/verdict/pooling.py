"""Standard errors: the part from seeds, the part from the test set, pooled over a fixed set of workloads.

All functions work along the last axes and take any leading (batch) axes, so that simulations run this very code.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from suite.verdict.units import Floats

_MOST_DEGREES_OF_FREEDOM = 1e9
"""Where test-set noise outweighs the seeds altogether; the t distribution is normal long before."""


@dataclass(frozen=True, kw_only=True)
class Pooled:
    """The effect over all workloads, in margins; every field has the batch shape (...)."""

    effect: Floats
    standard_error: Floats
    degrees_of_freedom: Floats


def seed_variance(effects: Floats, resolution: Floats | float) -> Floats:
    """A = s^2 / n in squared margins, shape (...), from effects of shape (..., n), n >= 2, cut off at +-30 only.

    s^2 is at least the mean of r^2 / 12, r the resolution in margins, scalar or (..., n): ties leave some spread.
    """
    n = effects.shape[-1]
    rounding = np.mean(np.broadcast_to(np.square(resolution), effects.shape), axis=-1) / 12
    result: Floats = np.maximum(np.var(effects, axis=-1, ddof=1), rounding) / n
    return result


def test_set_variance(differences: npt.NDArray[np.generic]) -> Floats:
    """max(T - C, 0), shape (...): what a larger test set would take off the squared standard error.

    `differences` has shape (..., n, N), n >= 2 pairs by N >= 2 test examples: each example's share of the effect,
    which is their mean. T = s^2(example means) / N; C = MS_residual / (n N) is the part of T that A holds already.
    T - C estimates a variance, hence the zero.
    """
    values = np.asarray(differences, dtype=np.float64)
    n, examples = values.shape[-2:]
    by_example, by_pair = values.mean(axis=-2), values.mean(axis=-1)
    grand = by_pair.mean(axis=-1)
    squares = np.einsum("...ij,...ij->...", values, values)
    pair_squares = examples * np.square(by_pair - grand[..., None]).sum(axis=-1)
    example_squares = n * np.square(by_example - grand[..., None]).sum(axis=-1)
    residual = np.maximum(squares - n * examples * grand**2 - pair_squares - example_squares, 0.0)
    t = example_squares / n / (examples - 1) / examples
    c = residual / ((n - 1) * (examples - 1)) / (n * examples)
    result: Floats = np.maximum(t - c, 0.0)
    return result


def pool(means: Floats, variances: Floats, seed_variances: Floats, pairs: npt.ArrayLike) -> Pooled:
    """theta = mean of the workloads' means; SE^2 = sum(v_j) / J^2; Welch-Satterthwaite degrees of freedom.

    `means`, `variances` (v_j) and `seed_variances` (A_j) have shape (..., J), `pairs` (n_j) is a scalar or (J,).
    nu = (sum v_j)^2 / sum(A_j^2 / (n_j - 1)): only the seed part counts in the denominator.
    """
    workloads = means.shape[-1]
    total = variances.sum(axis=-1)
    loss = (np.square(seed_variances) / (np.asarray(pairs, dtype=np.float64) - 1)).sum(axis=-1)
    return Pooled(
        effect=means.mean(axis=-1),
        standard_error=np.sqrt(total) / workloads,
        degrees_of_freedom=np.minimum(np.square(total) / loss, _MOST_DEGREES_OF_FREEDOM),
    )
