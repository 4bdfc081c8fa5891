"""Known answer 10: how often the procedure is wrong, and how often it sees what is there. 20,000 claims each."""

import numpy as np
import pytest

from suite.verdict import claims, looks
from suite.verdict.operating import decide
from suite.verdict.pooling import test_set_variance as noise_of_test_set

CLAIMS = 20_000
WRONG_AT_ZERO = (claims.HELPS, claims.HURTS, claims.MIXED)
WRONG_AT_ONE = (claims.NO_DIFFERENCE, claims.HURTS, claims.MIXED)


def verdicts(effect: float, *, workloads: int, spread: float, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    effects = effect + spread * rng.standard_normal((CLAIMS, workloads, 20))
    return decide(effects, looks.plan((5, 10, 20), workloads))


def share(codes: np.ndarray, *wanted: int) -> float:
    return float(np.isin(codes, wanted).mean())


@pytest.mark.parametrize("workloads", [1, 2, 4])
@pytest.mark.parametrize("spread", [0.5, 1.0, 2.0, 4.0])
def test_false_verdicts_are_rare(workloads: int, spread: float) -> None:
    assert share(verdicts(0.0, workloads=workloads, spread=spread), *WRONG_AT_ZERO) <= 0.012
    assert share(verdicts(1.0, workloads=workloads, spread=spread), *WRONG_AT_ONE) <= 0.012
    assert share(verdicts(-1.0, workloads=workloads, spread=spread), claims.NO_DIFFERENCE, claims.HELPS) <= 0.012


def test_noise_beyond_the_clamp_does_not_look_like_certainty() -> None:
    """One workload with a spread of 32 margins: cut off at 10 for its spread too, 3 % of these claims went wrong."""
    rng = np.random.default_rng(0)
    effects = rng.standard_normal((CLAIMS, 2, 20)) * np.array([32.0, 2.0])[:, None]
    assert share(decide(effects, looks.plan((5, 10, 20), 2)), *WRONG_AT_ZERO) <= 0.012


def test_a_margin_of_two_is_seen() -> None:
    assert share(verdicts(2.0, workloads=2, spread=1.0), claims.HELPS) >= 0.99
    assert share(verdicts(-2.0, workloads=2, spread=1.0), claims.HURTS) >= 0.99


@pytest.mark.parametrize(
    ("workloads", "spread", "no_difference", "helps"),
    [(2, 1.0, 0.995, 0.995), (4, 2.0, 0.91, 0.98), (1, 1.0, 0.86, 0.98)],
)
def test_power_is_as_documented(workloads: int, spread: float, no_difference: float, helps: float) -> None:
    assert share(verdicts(0.0, workloads=workloads, spread=spread), claims.NO_DIFFERENCE) >= no_difference
    assert share(verdicts(1.5, workloads=workloads, spread=spread), claims.HELPS) >= helps


def test_the_luck_of_one_test_set_is_not_taken_for_an_effect() -> None:
    """Two arms equally good, each right on its own 3 % of 400 examples: without T - C one claim in five goes wrong."""
    rng = np.random.default_rng(0)
    count, pairs, examples, margin = 1000, 20, 400, 0.5
    kind = rng.random((2 * count, 1, examples))
    own = np.where(kind < 0.03, 1, np.where(kind < 0.06, -1, 0))
    other = rng.random((2 * count, pairs, examples))
    noise = np.where(other < 0.005, 1, np.where(other < 0.01, -1, 0))
    records = np.where(own == 0, noise, own) * (100 / margin)
    effects = records.mean(axis=-1).reshape(count, 2, pairs)
    records = records * np.minimum(1, 10 / np.maximum(np.abs(effects), 1e-9)).reshape(2 * count, pairs, 1)

    def noise_at(n: int) -> np.ndarray:
        return noise_of_test_set(records[:, :n]).reshape(count, 2)

    plan = looks.plan((5, 10, 20), 2)
    assert share(decide(effects, plan), *WRONG_AT_ZERO) > 0.2
    assert share(decide(effects, plan, test_set_variances=noise_at), *WRONG_AT_ZERO) <= 0.02
