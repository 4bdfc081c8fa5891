"""Effects in margins."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from suite.spec.metrics import METRICS
from suite.verdict import units

ACCURACY, LOSS, SECONDS = METRICS["test_accuracy"], METRICS["test_loss"], METRICS["train_seconds"]
values = st.one_of(st.floats(1e-3, 1.0), st.just(math.nan), st.just(math.inf))


def effect(variant: float, reference: float, name: str, margin: float) -> float:
    return float(units.effects(np.array([variant]), np.array([reference]), metric=METRICS[name], margin=margin)[0])


def test_default_margins() -> None:
    assert units.margin_in_unit(ACCURACY, None, 0.2) == 0.5
    assert units.margin_in_unit(ACCURACY, None, 0.03) == pytest.approx(0.3)
    assert units.margin_in_unit(ACCURACY, None, None) == 0.5
    assert units.margin_in_unit(ACCURACY, None, 0.0) > 0
    assert units.margin_in_unit(LOSS, None, 0.2) == 0.01
    assert units.margin_in_unit(SECONDS, None, 0.2) == pytest.approx(math.log(1.05))


def test_declared_margins_are_points_nats_or_relative_changes() -> None:
    assert units.margin_in_unit(ACCURACY, 1.5, 0.2) == 1.5
    assert units.margin_in_unit(LOSS, 0.02, 0.2) == 0.02
    assert units.margin_in_unit(SECONDS, 0.2, 0.2) == pytest.approx(math.log(1.2))


def test_positive_is_good_in_every_unit() -> None:
    assert effect(0.91, 0.90, "test_accuracy", 0.5) == pytest.approx(2)
    assert effect(0.30, 0.33, "test_loss", 0.01) == pytest.approx(3)
    assert effect(1.05, 1.0, "train_seconds", math.log(1.05)) == pytest.approx(-1)


def test_failures_stand_at_the_clamp() -> None:
    assert effect(math.nan, 0.9, "test_accuracy", 0.5) == -10
    assert effect(0.9, math.nan, "test_accuracy", 0.5) == 10
    assert effect(math.nan, math.inf, "test_accuracy", 0.5) == 0
    assert effect(math.inf, 1.0, "train_seconds", 0.05) == -10


def test_the_spread_sees_further_than_the_mean() -> None:
    wide = units.effects(np.array([0.5, np.nan]), np.array([0.9, 0.9]), metric=ACCURACY, margin=0.5, clamp=30.0)
    assert wide.tolist() == [-30, -10]
    assert effect(0.5, 0.9, "test_accuracy", 0.5) == -10


@given(
    st.lists(st.tuples(values, values), min_size=1, max_size=6), st.sampled_from(sorted(METRICS)), st.floats(1e-3, 2)
)
def test_swapping_changes_the_sign_and_nothing_is_lost(
    pairs: list[tuple[float, float]], name: str, margin: float
) -> None:
    v, r = (np.array(column) for column in zip(*pairs, strict=True))
    there = units.effects(v, r, metric=METRICS[name], margin=margin)
    back = units.effects(r, v, metric=METRICS[name], margin=margin)
    assert np.all(np.isfinite(there))
    assert np.all(np.abs(there) <= 10)
    assert there.tolist() == pytest.approx((-back).tolist())


def test_resolution() -> None:
    none, both = np.zeros(2, dtype=bool), np.array([True, False])
    assert units.resolutions(ACCURACY, 0.5, test_examples=1000, unresolved=none).tolist() == pytest.approx([0.2, 0.2])
    fine = units.resolutions(SECONDS, 0.05, test_examples=1000, unresolved=none)
    assert (fine > 0).all()
    assert (fine < 0.01).all()
    epochs = units.resolutions(METRICS["epochs_to_target"], 0.05, test_examples=0, unresolved=both)
    assert epochs[0] == pytest.approx(math.log(2) / 0.05)


def test_points_that_are_no_accuracy_have_a_margin_of_their_own() -> None:
    assert units.margin_in_unit(METRICS["abnormal_curve"], None, 0.02) == 10.0
    assert units.margin_in_unit(METRICS["test_accuracy"], None, 0.02) == pytest.approx(0.2)
