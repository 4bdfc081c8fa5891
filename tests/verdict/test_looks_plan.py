"""When claims are judged, and what each look may spend."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from suite.verdict import looks


def spent(pairs: list[int], workloads: int) -> float:
    return sum(look.alpha for look in looks.plan(pairs, workloads))


def test_plans() -> None:
    assert [(look.pairs, look.weight) for look in looks.plan((5, 10, 20), 2)] == [(5, 0.2), (10, 0.3), (20, 0.5)]
    assert [(look.pairs, look.weight) for look in looks.plan((10, 20), 1)] == [(10, 0.4), (20, 0.6)]
    assert [look.alpha for look in looks.plan((5, 10, 20), 2)] == pytest.approx([0.002, 0.003, 0.005])


def test_a_cap_leaves_the_shares_of_the_looks_that_fit() -> None:
    assert [(look.pairs, look.weight) for look in looks.plan((5, 10), 2)] == [(5, 0.2), (10, 0.3)]
    assert looks.plan((3,), 2) == ()
    assert looks.plan((7,), 2) == ()
    assert looks.plan((5,), 1) == ()


@given(st.lists(st.lists(st.integers(1, 25), max_size=4), min_size=1, max_size=4), st.integers(1, 5))
def test_no_sequence_of_caps_spends_more_than_alpha(runs: list[list[int]], workloads: int) -> None:
    """Somebody may run with --seeds 3, then 7, then 20: each share is there once."""
    everything = sorted({n for run in runs for n in run})
    assert spent(everything, workloads) <= 0.01 + 1e-12
    for run in runs:
        later = {look.pairs: look.alpha for look in looks.plan(everything, workloads)}
        assert all(later[look.pairs] == look.alpha for look in looks.plan(run, workloads))
