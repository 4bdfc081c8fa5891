"""Metrics that the verdict computes: what tuning cost, and what curves look like."""

import math
from dataclasses import replace

import pytest
from measured import BEST, World, curve, noisy, tuned

FALLING = tuple(
    replace(epoch, train_loss=2.3 * 0.6**epoch.epoch, val_loss=0.2 + 2.1 * 0.6**epoch.epoch)
    for epoch in curve(0.5, 0.6, 0.7, 0.8, 0.85, 0.88, 0.9, 0.9)
)


def test_the_cost_of_tuning_is_that_of_the_sweep_which_chose_the_pair_s_setting() -> None:
    world = World(tuning="per_pair", claim={"metric": "tuning_seconds", "margin": None})
    for arm, seconds in (("new", 1.0), ("old", 4.0)):
        world.tune(arm, train_seconds=seconds)
        world.evaluate(arm, noisy(0.9), train_seconds=100.0)  # what the final training takes does not matter
    claim = world.claim()
    assert claim.verdict == "helps"
    pair = claim.workloads[0].pairs[0]
    assert (pair.variant, pair.reference) == (3 * 1.0, 3 * 4.0)  # three rates, one seed
    assert claim.raw_effect == pytest.approx(math.log(1 / 4))


def test_the_share_of_abnormal_curves_counts_runs_that_diverged() -> None:
    world = tuned(claim={"metric": "abnormal_curve", "margin": None})
    world.evaluate("old", noisy(0.9), epochs=FALLING)
    world.evaluate("new", noisy(0.9), status="diverged")
    claim = world.claim()
    assert {pair.variant for effect in claim.workloads for pair in effect.pairs} == {1.0}
    assert claim.verdict == "hurts"


def test_unequal_budgets_are_said_with_their_reason_where_they_are_unequal() -> None:
    world = World()
    ablation = world.design.ablation.model_copy(
        update={
            "unequal_budgets": "the budget is what the tip is about",
            "sweep": {"new": {"optimizer.lr": [0.01, 0.1, 1.0]}, "old": {"optimizer.lr": [0.1]}},
        }
    )
    object.__setattr__(world.design, "ablation", ablation)
    for arm in ("new", "old"):
        world.tune(arm, best=BEST)
        world.evaluate(arm, noisy(0.9))
    (first, *_) = world.claim().warnings
    assert first == (
        "the budgets are unequal on purpose, settings were chosen for new from 3 and for old from 1: "
        "the budget is what the tip is about"
    )


def test_equal_budgets_are_no_news() -> None:
    world = tuned()
    for arm in ("new", "old"):
        world.evaluate(arm, noisy(0.9))
    assert not [warning for warning in world.claim().warnings if "budget" in warning]


def test_a_few_runs_that_agree_do_not_show_that_a_fault_never_comes() -> None:
    world = tuned(claim={"metric": "abnormal_curve", "margin": None})
    for arm in ("new", "old"):
        world.evaluate(arm, noisy(0.9, 5), epochs=FALLING)
    claim = world.claim()
    assert {pair.effect for effect in claim.workloads for pair in effect.pairs} == {0.0}
    assert (claim.verdict, claim.decided) == ("inconclusive", False)


def test_a_sweep_without_times_is_no_cheap_one() -> None:
    world = World(tuning="per_pair", claim={"metric": "tuning_seconds", "margin": None})
    for arm, seconds in (("new", 1.0), ("old", 0.0)):
        world.tune(arm, train_seconds=seconds)
        world.evaluate(arm, noisy(0.9))
    claim = world.claim()
    assert claim.verdict == "inconclusive"
    assert "it recorded no train_seconds" in claim.reason


def test_sweeps_on_different_processors_are_a_caution_where_their_time_is_the_claim() -> None:
    world = World(tuning="per_pair", claim={"metric": "tuning_seconds", "margin": None})
    for arm, cpu in (("new", "fast"), ("old", "slow")):
        world.tune(arm, provenance={"cpu": cpu})
        world.evaluate(arm, noisy(0.9))
    assert any(
        "ran on different processors, e.g. new on fast and old on slow" in item for item in world.claim().warnings
    )


def test_seconds_to_a_target_begin_with_pre_training() -> None:
    world = tuned(claim={"metric": "seconds_to_target", "margin": None})
    reached = curve(*[0.5, 0.8, 0.9, 0.9])
    world.evaluate("old", noisy(0.9), epochs=reached)
    world.evaluate("new", noisy(0.9), epochs=reached, pretraining_seconds=100.0)
    claim = world.claim()
    pair = claim.workloads[0].pairs[0]
    assert pair.variant == pytest.approx(pair.reference + 100)
    assert claim.verdict == "hurts"
