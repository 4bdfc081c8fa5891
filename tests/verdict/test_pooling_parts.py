"""The two parts of a squared standard error."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from suite.verdict import pooling
from suite.verdict.pooling import test_set_variance as noise_of_test_set


def by_hand(d: np.ndarray) -> float:
    """T - C with sums written out."""
    n, examples = d.shape
    columns = [float(np.mean(d[:, j])) for j in range(examples)]
    rows = [float(np.mean(d[i])) for i in range(n)]
    grand = float(np.mean(d))
    residual = sum((d[i, j] - rows[i] - columns[j] + grand) ** 2 for i in range(n) for j in range(examples))
    t = np.var(columns, ddof=1) / examples
    c = residual / ((n - 1) * (examples - 1)) / (n * examples)
    return float(t - c)


@given(st.integers(2, 6), st.integers(2, 9), st.integers(0, 2**32 - 1))
def test_it_is_the_two_way_analysis_of_variance(n: int, examples: int, seed: int) -> None:
    d = np.random.default_rng(seed).integers(-1, 2, (n, examples))
    assert float(noise_of_test_set(d)) == pytest.approx(max(by_hand(d), 0.0), abs=1e-12)


def test_batches_are_judged_one_by_one() -> None:
    d = np.random.default_rng(0).normal(size=(3, 2, 5, 40))
    found = noise_of_test_set(d)
    assert found.shape == (3, 2)
    assert found[1, 1] == pytest.approx(float(noise_of_test_set(d[1, 1])))


def test_it_finds_the_variance_that_a_new_test_set_would_bring() -> None:
    """Examples with an effect of their own, sd 0.3; seeds sd 0.05; noise sd 0.5: the sum of both parts is unbiased."""
    rng = np.random.default_rng(1)
    n, examples, count = 5, 200, 4000
    own = 0.3 * rng.normal(size=(count, 1, examples))
    seeds = 0.05 * rng.normal(size=(count, n, 1))
    d = own + seeds + 0.5 * rng.normal(size=(count, n, examples))
    truth = 0.05**2 / n + 0.3**2 / examples + 0.5**2 / (n * examples)
    parts = pooling.seed_variance(d.mean(axis=-1), 0.0) + noise_of_test_set(d)
    assert float(parts.mean()) == pytest.approx(truth, rel=0.03)
    assert float(np.var(d.mean(axis=(1, 2)))) == pytest.approx(truth, rel=0.10)


def test_it_never_takes_anything_off_the_seeds_part() -> None:
    d = np.array([[1, -1, 0, 0], [-1, 1, 0, 0]])
    assert by_hand(d) < 0
    assert float(noise_of_test_set(d)) == 0.0


def test_ties_leave_some_spread() -> None:
    e = np.zeros((2, 5))
    assert pooling.seed_variance(e, 0.6).tolist() == pytest.approx([0.36 / 12 / 5] * 2)
    assert float(pooling.seed_variance(np.array([1.0, 2.0, 3.0]), 0.6)) == pytest.approx(1 / 3)


def test_each_pair_has_a_resolution_of_its_own() -> None:
    assert float(pooling.seed_variance(np.zeros(4), np.array([6.0, 0, 0, 0]))) == pytest.approx(36 / 4 / 12 / 4)


def test_only_the_seeds_part_costs_degrees_of_freedom() -> None:
    """A large test-set part, known from thousands of examples, makes the pooled t more normal, not less."""
    seeds = np.array([0.5, 0.5])
    alone = pooling.pool(np.zeros(2), seeds, seeds, 5)
    noisy = pooling.pool(np.zeros(2), seeds + 0.5, seeds, 5)
    assert float(alone.degrees_of_freedom) == pytest.approx(8)
    assert float(noisy.degrees_of_freedom) == pytest.approx(32)
    assert float(noisy.standard_error) == pytest.approx(np.sqrt(2 / 4))
