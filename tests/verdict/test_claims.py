"""The rules of one look."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from suite.spec.ablation import Expectation
from suite.verdict import claims, looks
from suite.verdict.operating import decide

MIRROR = {claims.HELPS: claims.HURTS, claims.HURTS: claims.HELPS}
PLANS = (looks.plan((5, 10, 20), 1), looks.plan((5, 10, 20), 2), looks.plan((5, 10, 20), 3))


def assess_at(means: list[float], errors: list[float], alpha: float = 0.002) -> claims.Assessment:
    """Workloads with these effects and standard errors, all from 20 seeds."""
    variances = np.square(np.array(errors))
    return claims.assess(np.array(means), variances, variances, 20, alpha)


def verdict(means: list[float], errors: list[float], alpha: float = 0.002) -> str | None:
    return claims.VERDICTS[int(assess_at(means, errors, alpha).decision)]


def test_a_significant_effect_below_one_margin_goes_on() -> None:
    judged = assess_at([0.9], [0.05])
    assert float(judged.p_difference) < 1e-6
    assert float(judged.p_equivalence) > 0.002
    assert int(judged.decision) == claims.GO_ON


def test_the_margin_itself_counts_as_an_effect() -> None:
    assert verdict([1.0], [0.05]) == "helps"
    assert verdict([-1.0], [0.05]) == "hurts"


def test_a_small_effect_that_is_sure_is_no_practical_difference() -> None:
    assert verdict([0.3], [0.1]) == "no practical difference"
    assert verdict([0.3], [0.5]) is None


def test_a_workload_on_the_other_side_makes_it_mixed() -> None:
    assert verdict([6.0, -2.0], [0.3, 0.3]) == "mixed"
    assert verdict([6.0, -0.2], [0.3, 0.3]) == "helps"
    assert assess_at([6.0, -2.0], [0.3, 0.3]).opposite.tolist() == [False, True]
    assert verdict([-6.0, 2.0], [0.3, 0.3]) == "mixed"


def test_opposite_is_judged_at_a_share_of_five_per_cent() -> None:
    """One-sided 0.05 / J at 19 degrees of freedom: 2.09 for two workloads."""
    assert assess_at([9.0, -2.08], [1.0, 1.0]).opposite.tolist() == [False, False]
    assert assess_at([9.0, -2.11], [1.0, 1.0]).opposite.tolist() == [False, True]


@pytest.mark.parametrize(
    ("found", "outcomes"),
    [
        ("helps", ("supported", "contradicted", "contradicted", "contradicted", "supported", "supported")),
        ("hurts", ("contradicted", "supported", "contradicted", "supported", "contradicted", "supported")),
        ("no practical difference", ("contradicted", "contradicted", *["supported"] * 3, "contradicted")),
        ("mixed", ("undecided", "undecided", "contradicted", "undecided", "undecided", "supported")),
        ("inconclusive", ("undecided",) * 6),
    ],
)
def test_outcomes(found: claims.Verdict, outcomes: tuple[str, ...]) -> None:
    expectations: tuple[Expectation, ...] = ("better", "worse", "same", "not_better", "not_worse", "different")
    assert tuple(claims.outcome(found, expect) for expect in expectations) == outcomes


def test_minimum_detectable_effect_is_what_power_80_means() -> None:
    """At that effect, 80 % of estimates fall beyond the critical value (normal: 1.96 + 0.84 standard errors)."""
    assert claims.minimum_detectable_effect(1.0, 1e9, 0.05) == pytest.approx(1.959964 + 0.841621, abs=1e-5)
    assert claims.minimum_detectable_effect(0.5, 4, 0.002) == pytest.approx(0.5 * (7.173182 + 0.940965), abs=1e-5)


@given(
    st.integers(1, 3).flatmap(
        lambda j: st.lists(st.lists(st.floats(-30, 30), min_size=20, max_size=20), min_size=j, max_size=j)
    )
)
def test_swapping_the_arms_swaps_the_verdict(effects: list[list[float]]) -> None:
    e = np.array(effects)
    plan = PLANS[len(effects) - 1]
    there, back = int(decide(e, plan)), int(decide(-e, plan))
    assert back == MIRROR.get(there, there)


@given(st.floats(-30, 30), st.integers(1, 3))
def test_a_constant_difference_is_decided_at_the_first_look(effect: float, workloads: int) -> None:
    """Parameters and FLOPs have no spread at all."""
    plan = PLANS[workloads - 1][:1]
    code = int(decide(np.full((workloads, 20), effect), plan))
    if abs(effect) < 0.99:
        assert code == claims.NO_DIFFERENCE
    elif abs(effect) > 1:
        assert code == (claims.HELPS if effect > 0 else claims.HURTS)


@given(st.lists(st.floats(-3, 3), min_size=20, max_size=20), st.floats(1.1, 5))
def test_more_spread_never_decides_sooner(effects: list[float], factor: float) -> None:
    e = np.array([effects])
    wider = e.mean(axis=-1, keepdims=True) + factor * (e - e.mean(axis=-1, keepdims=True))
    last = PLANS[0][-1:]
    if int(decide(e, last)) == claims.GO_ON and np.abs(wider).max() < 10:
        assert int(decide(wider, last)) == claims.GO_ON
