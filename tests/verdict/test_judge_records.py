"""Per-example records, and what a reader is warned of."""

from dataclasses import replace

import numpy as np
import pytest
from measured import BEST, noisy, result, tuned


def test_per_example_records_widen_the_interval() -> None:
    """The same accuracies; but the arms differ on the same examples every time, so that another test set may differ."""
    rng = np.random.default_rng(0)
    lucky = rng.random(500) < 0.04
    wide, narrow = tuned(), tuned()
    for workload in wide.workloads:
        for pair in range(20):
            old = rng.random(500) < 0.9
            new = np.where(lucky, True, old)
            for arm, correct in (("new", new), ("old", old)):
                trial = wide.design.evaluation_trial(workload, arm, BEST, pair)
                wide.keep(result(trial, float(correct.mean()), correct=correct))
                narrow.keep(result(trial, float(correct.mean())))
    with_records, without = wide.claim(), narrow.claim()
    first = with_records.workloads[0]
    assert first.test_set_variance is not None
    assert first.test_set_variance > 0
    assert first.test_examples == 500
    assert with_records.looks[0].standard_error > without.looks[0].standard_error
    assert with_records.looks[0].effect == pytest.approx(without.looks[0].effect)
    assert without.workloads[0].test_set_variance is None
    assert any(warning.startswith("on this test set: digits") for warning in without.warnings)
    assert not any("on this test set" in warning for warning in with_records.warnings)


def test_an_example_s_part_in_another_metric_counts_as_right_and_wrong_do() -> None:
    """As kept of mean IoU and mean average precision: here with the same numbers, so that the same must come out."""
    rng = np.random.default_rng(0)
    lucky = rng.random(500) < 0.04
    worlds = {metric: tuned(claim={"metric": f"test_{metric}", "margin": 0.5}) for metric in ("accuracy", "mean_iou")}
    for workload in worlds["accuracy"].workloads:
        for pair in range(20):
            old = rng.random(500) < 0.9
            for arm, right in (("new", np.where(lucky, True, old)), ("old", old)):
                trials = {
                    metric: world.design.evaluation_trial(workload, arm, BEST, pair) for metric, world in worlds.items()
                }
                share = float(right.mean())
                worlds["accuracy"].keep(result(trials["accuracy"], share, correct=right))
                scored = result(trials["mean_iou"], share, test_mean_iou=share)
                worlds["mean_iou"].keep(
                    replace(scored, test_shares={"mean_iou": tuple(map(float, right))}, test_examples=500)
                )
    bits, shares = (world.claim() for world in worlds.values())
    assert shares.workloads[0].test_set_variance == pytest.approx(bits.workloads[0].test_set_variance)
    assert shares.workloads[0].test_examples == 500
    assert shares.looks[0].standard_error == pytest.approx(bits.looks[0].standard_error)
    assert not any("on this test set" in warning for warning in shares.warnings)


def test_pairs_beyond_the_clamp_are_not_taken_for_equal_ones() -> None:
    """Effects of 12 to 110 margins on one data set, none on the other: cut off at 10, the five would look certain."""
    world = tuned()
    world.evaluate("old", [0.4] * 5)
    world.evaluate("new", [0.46, 0.95, 0.47, 0.46, 0.9], "digits")
    world.evaluate("new", [0.41, 0.39, 0.405, 0.395, 0.4], "glyphs")
    claim = world.claim()
    assert claim.workloads[0].effect == 10
    assert claim.verdict == "inconclusive"


def test_a_sabotaged_arm_hurts_despite_the_noise_of_a_small_test_set() -> None:
    rng = np.random.default_rng(0)
    world = tuned()
    one_class = np.arange(360) < 36
    for workload in world.workloads:
        for pair in range(5):
            for arm in ("new", "old"):
                correct = one_class if arm == "new" else rng.random(360) < 0.97
                trial = world.design.evaluation_trial(workload, arm, BEST, pair)
                world.keep(result(trial, float(correct.mean()), correct=correct))
    claim = world.claim()
    assert (claim.verdict, claim.effect, claim.strong) == ("hurts", -10, True)
    assert claim.raw_effect == pytest.approx(-87, abs=2)
    assert claim.standard_error < 0.5  # cut off with the effect, or else 3.7 margins of noise would stand beside it


def test_versions_and_devices_that_differ_are_named() -> None:
    world = tuned()
    world.evaluate("new", noisy(0.93, 5), provenance={"torch": "2.9.0", "cpu": "A"})
    world.evaluate("old", noisy(0.90, 5), provenance={"torch": "2.8.0", "cpu": "A"})
    assert world.claim().warnings[1:2] == (
        "5 of 5 pairs on digits ran on different torch versions, e.g. new on 2.9.0 and old on 2.8.0",
    )


@pytest.mark.parametrize(
    ("metric", "new", "old", "said"),
    [
        ("train_seconds", "2026-11-27T12:00:00+00:00", "2026-11-27T09:00:00+00:00", True),
        ("train_seconds", "2026-11-27T12:00:00+00:00", "2026-11-27T11:30:00+00:00", False),
        ("train_seconds", "2026-11-27T12:00:00+00:00", "this morning", False),
        ("test_accuracy", "2026-11-27T12:00:00+00:00", "2026-11-27T09:00:00+00:00", False),
    ],
)
def test_times_that_were_taken_hours_apart_are_a_caution(metric: str, new: str, old: str, said: bool) -> None:
    world = tuned(claim={"metric": metric, "margin": None})
    for arm, moment in (("new", new), ("old", old)):
        world.evaluate(arm, noisy(0.9, 5), provenance={"recorded_at": moment})
    caution = "times of new and old on digits were taken up to 3 h apart: the machine may have had more to do"
    assert any(warning.startswith(caution) for warning in world.claim().warnings) == said


def test_a_reference_near_the_ceiling_is_named() -> None:
    world = tuned(claim={"margin": None})
    world.tune("old", accuracy=0.995)
    world.evaluate("new", noisy(0.995, 5, 0.0005))
    world.evaluate("old", noisy(0.995, 5, 0.0005, seed=3))
    assert any("old is near the ceiling of digits (0.5 % validation error)" in w for w in world.claim().warnings)
