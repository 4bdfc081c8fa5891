"""Choosing settings on validation data, and what the choice is worth."""

import itertools
import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from measured import BEST, World, result

from suite.verdict import failures, multiplicity, probability
from suite.verdict.models import SweepPoint
from suite.verdict.selection import Point, budget_curve, comparable_scores, edge_keys, half, ranked


def point(value: float, *scores: float | None) -> SweepPoint:
    mean = sum(score or 0.0 for score in scores) / len(scores)
    return SweepPoint(point=(("lr", value),), scores=scores, score=mean, trial_ids=("",) * len(scores))


def order(**runs: Sequence[float | None]) -> list[str]:
    """Names of points, best first, by their runs' scores; `confident` has the smaller loss."""
    trial = World().design.tuning_trial("digits", "new", BEST, 1000)
    measured = {
        (("name", name),): [
            result(
                trial,
                score or 0.0,
                status="diverged" if score is None else "completed",
                val_loss=0.1 if name == "confident" else 0.2,
            )
            for score in scores
        ]
        for name, scores in runs.items()
    }
    return [str(dict(found.point)["name"]) for found in ranked(measured)]


def test_the_best_mean_wins_and_divergence_is_the_worst() -> None:
    assert order(brilliant=(0.95, 0.95, None), steady=(0.8, 0.8, 0.8)) == ["steady", "brilliant"]


def test_ties_go_to_fewer_divergences_then_smaller_loss_then_order() -> None:
    assert order(risky=(0.8, None), safe=(0.4, 0.4)) == ["safe", "risky"]
    assert order(first=(1.0,), confident=(1.0,)) == ["confident", "first"]
    assert order(first=(1.0,), second=(1.0,)) == ["first", "second"]


@pytest.mark.parametrize(("points", "stay"), [(1, 1), (2, 2), (3, 2), (4, 2), (5, 3), (6, 3), (9, 5)])
def test_half_of_a_sweep_is_rounded_up_and_at_least_two_points(points: int, stay: int) -> None:
    assert half(points) == stay


def swept(*grid: Point) -> list[SweepPoint]:
    """A sweep of which no two points score alike."""
    return [SweepPoint(point=at, scores=(i / 100,), score=i / 100, trial_ids=("",)) for i, at in enumerate(grid)]


def test_edges() -> None:
    grid = swept(*((("lr", value), ("decay", decay)) for value in (0.01, 0.1, 1.0) for decay in (0.0, 0.1, 0.2)))
    assert edge_keys((("lr", 0.01), ("decay", 0.1)), grid) == ("lr",)
    assert edge_keys((("lr", 1.0), ("decay", 0.2)), grid) == ("lr", "decay")
    assert edge_keys((("lr", 0.1), ("decay", 0.0)), grid) == ()  # nothing lies below 0
    assert edge_keys((("model", "mlp"),), swept((("model", "mlp"),), (("model", "cnn"),))) == ()
    assert edge_keys((("lr", 0.1),), swept((("lr", 0.1),))) == ()
    assert edge_keys((), swept(())) == ()


def test_a_sweep_in_which_nothing_is_learnt_has_no_edge() -> None:
    """Such as that of a constant guess, whose score is the split's: the same at every rate, another for each seed."""
    stayed = [point(value, 0.1, 0.12, 0.11) for value in (0.01, 0.1)]
    assert edge_keys((("lr", 0.01),), [*stayed, replace(point(1.0, 0.1), out=True)]) == ()
    assert edge_keys((("lr", 0.01),), [*stayed, replace(point(1.0, 0.09), out=True)]) == ("lr",)
    assert edge_keys((("lr", 0.01),), [point(0.01, 0.2), point(0.1, 0.1)]) == ("lr",)


def test_a_point_that_is_out_is_compared_as_if_it_had_gained_what_the_others_did() -> None:
    """Its one seed may be an easy one."""
    easy_first = [point(0.01, 0.88, 0.84, 0.86), point(0.1, 0.87, 0.84, 0.84), replace(point(1.0, 0.86), out=True)]
    assert comparable_scores(easy_first) == pytest.approx([0.86, 0.85, 0.84])
    hopeless = [point(0.01, 0.2, 0.1, 0.0), replace(point(0.1, None), out=True)]
    assert comparable_scores(hopeless)[1] == 0.0


@given(st.lists(st.floats(0, 1), min_size=1, max_size=6))
def test_the_budget_curve_is_the_mean_over_all_subsets(scores: list[float]) -> None:
    expected = [
        np.mean([max(subset) for subset in itertools.combinations(scores, k)]) for k in range(1, len(scores) + 1)
    ]
    assert budget_curve(scores, scores) == pytest.approx(expected)


def test_the_catalogues_size_is_fixed() -> None:
    """Claims without a verdict count as p = 1."""
    decided = [0.001, 0.004, 0.03]
    padded = multiplicity.benjamini_hochberg([*decided, *[1.0] * 45])
    assert multiplicity.benjamini_hochberg(decided, catalogue_size=48).adjusted == pytest.approx(padded.adjusted[:3])
    assert multiplicity.holm(decided, catalogue_size=48).adjusted[0] == pytest.approx(0.048)
    with pytest.raises(ValueError, match="a catalogue of 2 claims"):
        multiplicity.benjamini_hochberg(decided, catalogue_size=2)
    with pytest.raises(ValueError, match=r"\[0, 1\]"):
        multiplicity.holm([math.nan])


def test_mcnemar_against_statsmodels() -> None:
    tables = pytest.importorskip("statsmodels.stats.contingency_tables")
    for b, c in ((5, 0), (3, 4), (10, 2), (1, 1)):
        expected = tables.mcnemar([[0, b], [c, 0]], exact=True).pvalue
        assert failures.mcnemar(b, c) == pytest.approx(expected)
    assert failures.mcnemar(0, 0) == 1.0


def test_paired_probability_of_improvement() -> None:
    found = probability.paired([np.array([1.0, 2.0, 0.0, -1.0]), np.array([3.0, 1.0, 1.0, 1.0])])
    assert found.probability == pytest.approx((2.5 / 4 + 1) / 2)
    bounds = failures.clopper_pearson(6.5, 8)
    assert found.interval_95 == bounds
    assert bounds.low < 6.5 / 8 < bounds.high
    assert failures.clopper_pearson(6, 8).low < bounds.low < failures.clopper_pearson(7, 8).low


def test_its_interval_covers_though_workloads_differ() -> None:
    rng = np.random.default_rng(0)
    covered = 0
    for _ in range(500):
        found = probability.paired([rng.normal(0.0, 1, 5), rng.normal(1.2815516, 1, 5)])  # 0.5 and 0.9
        covered += found.interval_95.low <= 0.7 <= found.interval_95.high
    assert covered >= 0.95 * 500
