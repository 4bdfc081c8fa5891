"""Numbers that others have published, or that follow by hand (docs/verdict.md lists them)."""

import math

import numpy as np
import pytest

from suite.verdict import claims, failures, multiplicity, probability, selection
from suite.verdict.claims import Assessment, assess
from suite.verdict.looks import PlannedLook
from suite.verdict.operating import decide
from suite.verdict.pooling import pool, seed_variance

DARWIN = [49, -67, 8, 16, 6, 23, 28, 41, 14, 29, 56, 24, 75, 60, -48]
"""Heights of cross- against self-fertilised maize, eighths of an inch (1876)."""

SLEEP_A = [0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0]
SLEEP_B = [1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4]
"""Extra hours of sleep under two drugs; Student (1908)."""

CLINIC_A = [2.84, 2.51, 2.41, 2.95, 3.14, 3.79, 4.14, 3.85, 3.02, 3.45, 5.37, 3.81, 4.19, 3.16, 3.84]
CLINIC_B = [2.60, 2.82, 2.18, 3.46, 4.01, 3.04, 3.47, 4.06, 2.91, 3.59, 4.51, 3.16, 3.86, 3.31, 3.02]
"""The first endpoint of the data behind statsmodels' tests of equivalence."""


def one_workload(effects: list[float], alpha: float = 0.05) -> Assessment:
    e = np.array([effects], dtype=float)
    seeds = seed_variance(e, 0.0)
    return assess(e.mean(axis=-1), seeds, seeds, e.shape[-1], alpha)


def t_of(judged: Assessment) -> float:
    return float(judged.pooled.effect / judged.pooled.standard_error)


def interval_of(judged: Assessment, alpha: float) -> tuple[float, float]:
    pooled = judged.pooled
    found = claims.interval(float(pooled.effect), float(pooled.standard_error), float(pooled.degrees_of_freedom), alpha)
    return found.low, found.high


def test_1_probability_of_improvement_of_independent_runs() -> None:
    x = np.array([[1, 2], [2, 2], [1, 1], [2, 1]], dtype=float)
    y = np.array([[1, 1], [2, 2], [3, 3]], dtype=float)
    assert probability.unpaired(x, y) == pytest.approx(1 / 3)
    assert probability.unpaired(y, x) == pytest.approx(2 / 3)


def test_2_equivalence_of_the_clinic_data() -> None:
    margin = 0.6
    judged = one_workload(list((np.array(CLINIC_A) - np.array(CLINIC_B)) / margin))
    low, high = interval_of(judged, 0.10)
    assert float(judged.pooled.effect) * margin == pytest.approx(0.1646667, abs=1e-7)
    assert float(judged.p_equivalence) == pytest.approx(0.003166881489, rel=1e-9)
    assert float(judged.pooled.degrees_of_freedom) == pytest.approx(14)
    assert (low * margin, high * margin) == pytest.approx((-0.0744337, 0.4037670), abs=1e-7)


def test_2_equivalence_against_statsmodels() -> None:
    weightstats = pytest.importorskip("statsmodels.stats.weightstats")
    rng = np.random.default_rng(0)
    for n in (5, 10, 20):
        x, y = rng.normal(0.3, 1, n), rng.normal(0, 1, n)
        expected = weightstats.ttost_paired(x, y, -1.0, 1.0)[0]
        assert float(one_workload(list(x - y)).p_equivalence) == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("size", [5, 48])
def test_3_multiplicity_against_statsmodels(size: int) -> None:
    multitest = pytest.importorskip("statsmodels.stats.multitest")
    rng = np.random.default_rng(size)
    p = np.where(rng.random(size) < 0.4, rng.beta(0.2, 20, size), rng.random(size))
    p[1] = p[0]  # a tie
    for ours, method in ((multiplicity.benjamini_hochberg, "fdr_bh"), (multiplicity.holm, "holm")):
        rejected, adjusted, _, _ = multitest.multipletests(p, alpha=0.05, method=method)
        corrected = ours(list(p))
        assert corrected.adjusted == pytest.approx(adjusted)
        assert list(corrected.rejected) == list(rejected)


def test_4_darwins_maize() -> None:
    judged = one_workload([float(x) for x in DARWIN])
    assert t_of(judged) == pytest.approx(2.14799, abs=5e-6)
    assert float(judged.p_difference) == pytest.approx(0.0497029, abs=5e-8)


def test_5_students_sleep() -> None:
    judged = one_workload(list(np.array(SLEEP_A) - np.array(SLEEP_B)))
    assert abs(t_of(judged)) == pytest.approx(4.062128, abs=5e-7)
    assert float(judged.p_difference) == pytest.approx(0.00283289, abs=5e-9)
    assert interval_of(judged, 0.05) == pytest.approx((-2.459886, -0.700114), abs=5e-7)


def test_6_clopper_pearson() -> None:
    bounds = failures.clopper_pearson(1, 10)
    assert (bounds.low, bounds.high) == pytest.approx((0.0025286, 0.4450161), abs=5e-8)
    none, all_of_them = failures.clopper_pearson(0, 10, level=0.90), failures.clopper_pearson(10, 10, level=0.90)
    assert (none.low, none.high) == pytest.approx((0.0, 0.2588656), abs=5e-8)  # one-sided 95 %: "still allows 26 %"
    assert (all_of_them.low, all_of_them.high) == pytest.approx((0.7411344, 1.0), abs=5e-8)
    assert failures.clopper_pearson(0, 0).high == 1.0


def test_7_budget_curve() -> None:
    assert selection.budget_curve([1, 2, 3, 4], [1, 2, 3, 4]) == pytest.approx((2.5, 10 / 3, 3.75, 4.0))
    # chosen on validation, valued elsewhere: the best of all is the one that validation likes most
    assert selection.budget_curve([0.1, 0.4, 0.2], [7.0, 5.0, 9.0])[-1] == 5.0


def test_8_engine_decides_at_the_first_look() -> None:
    effects, plan = (
        [1.8, 2.1, 1.5, 2.4, 1.9],
        [PlannedLook(pairs=n, weight=w) for n, w in ((5, 0.2), (10, 0.3), (20, 0.5))],
    )
    judged = one_workload(effects, plan[0].alpha)
    assert t_of(judged) == pytest.approx(12.90469, abs=5e-6)
    assert claims.VERDICTS[int(judged.decision)] == "helps"
    assert float(judged.p_difference) / plan[0].weight == pytest.approx(0.00103978, abs=5e-9)
    padded = np.array([effects + [math.nan] * 15])  # what comes after the deciding look is never looked at
    assert int(decide(padded, plan, resolution=0.0)) == claims.HELPS


def test_9_satterthwaite() -> None:
    e = np.array([[1, 2, 3, 4, 5], [2, 2.5, 3, 3.5, 4]], dtype=float)
    seeds = seed_variance(e, 0.0)
    pooled = pool(e.mean(axis=-1), seeds, seeds, 5)
    assert float(pooled.effect) == pytest.approx(3)
    assert float(pooled.standard_error) == pytest.approx(0.3952847, abs=5e-8)
    assert float(pooled.degrees_of_freedom) == pytest.approx(100 / 17)


def test_the_critical_values_of_the_looks() -> None:
    """verdict.md: for one workload |t| must exceed 7.17, 4.02 and 3.17."""
    for n, weight, t in ((5, 0.2, 7.17), (10, 0.3, 4.02), (20, 0.5, 3.17)):
        assert -claims.t_quantile(0.01 * weight / 2, n - 1) == pytest.approx(t, abs=5e-3)
