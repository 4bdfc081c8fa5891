"""Time to a target on a validation curve."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from measured import curve

from suite.verdict.curves import frozen_target, running_best, time_to_target

fractions = st.lists(st.floats(0, 1), min_size=1, max_size=8)


def test_between_two_epochs_it_is_a_straight_line() -> None:
    found = time_to_target(curve(0.5, 0.7, 0.9), 0.75, "epochs")
    assert found is not None
    assert found.time == pytest.approx(2.25)


def test_a_dip_does_not_count() -> None:
    """The running best goes 0.5, 0.6, 0.6, 0.9: 0.75 lies half-way through the fourth epoch."""
    epochs = curve(0.5, 0.6, 0.1, 0.9)
    assert running_best(epochs).tolist() == [0.5, 0.6, 0.6, 0.9]
    found = time_to_target(epochs, 0.75, "epochs")
    assert found is not None
    assert found.time == pytest.approx(3.5)


def test_seconds_are_those_of_training() -> None:
    found = time_to_target(curve(0.5, 0.7, seconds=4.0), 0.6, "seconds")
    assert found is not None
    assert found.time == pytest.approx(6.0)


def test_the_first_epoch_is_not_read_into() -> None:
    """Before it there is no value: the run needed one epoch or less."""
    found = time_to_target(curve(0.9, 0.95), 0.5, "epochs")
    assert found is not None
    assert (found.time, found.within_first_epoch) == (1.0, True)
    second = time_to_target(curve(0.4, 0.95), 0.5, "epochs")
    assert second is not None
    assert not second.within_first_epoch


def test_never_is_none() -> None:
    assert time_to_target(curve(0.5, 0.7), 0.71, "epochs") is None


def test_a_value_that_is_not_a_number_is_not_progress() -> None:
    found = time_to_target(curve(math.nan, 0.8), 0.7, "epochs")
    assert found is not None
    assert (found.time, found.within_first_epoch) == (2.0, False)


@given(fractions, st.floats(0, 1), st.floats(0, 1))
def test_a_harder_target_never_takes_less_time(values: list[float], first: float, second: float) -> None:
    easy, hard = sorted((first, second))
    sooner, later = (time_to_target(curve(*values), target, "epochs") for target in (easy, hard))
    if later is not None:
        assert sooner is not None
        assert sooner.time <= later.time + 1e-9


def test_the_target_is_the_prediction_bound_or_the_worst_run() -> None:
    """Three runs: mean 0.9, sd 0.01, t(0.9, 2) = 1.8856; sqrt(1 + 1/3)."""
    assert frozen_target([0.89, 0.90, 0.91]) == pytest.approx(0.9 - 1.885618 * 0.01 * math.sqrt(4 / 3), abs=1e-7)
    assert frozen_target([0.9, 0.9, 0.9]) == pytest.approx(0.9)
    assert frozen_target([0.9] * 20 + [0.5]) == 0.5  # far below the bound: the observed minimum
    assert frozen_target([0.9]) is None
    assert frozen_target([0.0, 1.0]) == 0.0


def test_at_least_90_per_cent_of_new_runs_reach_it() -> None:
    rng = np.random.default_rng(0)
    runs = 0.9 + 0.01 * rng.standard_normal((4000, 4))
    reached = [new >= (frozen_target(list(seen)) or 1.0) for *seen, new in runs]
    assert np.mean(reached) >= 0.89  # 90 % for normal values, within three standard errors of 4000 runs
