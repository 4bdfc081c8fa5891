"""From measurements to a verdict: looks, missing and failed trials, divergence, tuning."""

import json
import math
from dataclasses import asdict

import pytest
from measured import BEST, World, noisy, result, tuned

from suite.spec.design import Point
from suite.verdict.readings import Readings
from suite.verdict.tuning import selected_point

LOW: Point = (("optimizer.lr", 0.01),)
HIGH: Point = (("optimizer.lr", 1.0),)


def measured(new: float, old: float, n: int = 20, spread: float = 0.002, **kwargs: object) -> World:
    world = tuned(**kwargs)
    world.evaluate("new", noisy(new, n, spread, seed=1))
    world.evaluate("old", noisy(old, n, spread, seed=2))
    return world


def undecided(**kwargs: object) -> World:
    """Paired differences of +1.2 and -0.8 points in turn: a mean of 0.4 margins, with a spread of 2."""
    world = tuned(**kwargs)
    world.evaluate("old", [0.9] * 20)
    world.evaluate("new", [0.912, 0.892] * 10)
    return world


def test_a_clear_effect_is_called_at_the_first_look() -> None:
    claim = measured(0.93, 0.90).claim()
    assert (claim.verdict, claim.outcome, claim.decided, claim.strong) == ("helps", "supported", True, True)
    assert claim.pairs == 5
    assert [look.pairs for look in claim.looks] == [5]
    assert claim.effect == pytest.approx(6, abs=0.5)
    assert claim.raw_effect == pytest.approx(3, abs=0.25)
    assert claim.repeated_interval.low > 1
    assert claim.p_verdict == pytest.approx(claim.looks[0].p_difference / 0.2)
    assert claim.probability_of_improvement == 1.0
    assert all(effect.margin == 0.5 and len(effect.pairs) == 5 for effect in claim.workloads)


def test_a_verdict_is_plain_data() -> None:
    """It goes to verdict.json and to W&B: no arrays, no numpy scalars."""
    verdict = measured(0.93, 0.90).judge()
    assert json.loads(json.dumps(asdict(verdict)))["claims"][0]["verdict"] == "helps"
    kinds = {type(value) for claim in verdict.claims for look in claim.looks for value in asdict(look).values()}
    assert kinds <= {int, float, str, dict}


def test_swapping_the_arms_swaps_everything() -> None:
    world = measured(0.93, 0.90, there={}, back={"variant": "old", "reference": "new"})
    there, back = world.judge().claims
    assert (there.verdict, back.verdict) == ("helps", "hurts")
    assert (there.outcome, back.outcome) == ("supported", "contradicted")
    assert back.effect == pytest.approx(-there.effect)
    assert back.repeated_interval.high == pytest.approx(-there.repeated_interval.low)
    assert back.probability_of_improvement == pytest.approx(1 - there.probability_of_improvement)
    assert back.p_verdict == pytest.approx(there.p_verdict)


@pytest.mark.parametrize("metric", ["test_accuracy", "test_loss", "parameters", "train_seconds"])
def test_identical_arms_make_no_practical_difference(metric: str) -> None:
    world = tuned(same_arms=True, claim={"metric": metric, "expect": "same", "margin": None})
    world.evaluate("new", noisy(0.9, 5))
    claim = world.claim()
    assert (claim.verdict, claim.outcome, claim.pairs) == ("no practical difference", "supported", 5)
    assert claim.effect == 0
    assert claim.probability_of_improvement == 0.5


def test_a_deterministic_ratio_is_decided() -> None:
    world = tuned(claim={"metric": "parameters", "expect": "better", "margin": None})
    world.evaluate("new", noisy(0.9, 5), parameters=800.0)
    world.evaluate("old", noisy(0.9, 5), parameters=1000.0)
    claim = world.claim()
    assert (claim.verdict, claim.strong) == ("helps", True)
    assert claim.raw_effect == pytest.approx(math.log(0.8))
    assert claim.effect == pytest.approx(math.log(1.25) / math.log(1.05))


def test_an_undecided_claim_goes_through_every_look() -> None:
    claim = undecided().claim()
    assert [look.pairs for look in claim.looks] == [5, 10, 20]
    assert (claim.verdict, claim.outcome, claim.decided, claim.p_verdict) == ("inconclusive", "undecided", True, 1.0)
    assert "80 % power" in claim.reason
    assert claim.minimum_detectable_effect > 0


def test_a_single_workload_is_looked_at_after_10_and_20_pairs() -> None:
    claim = measured(0.93, 0.90, workloads=("digits",)).claim()
    assert claim.planned_looks == (10, 20)
    assert (claim.verdict, claim.pairs) == ("helps", 10)
    assert claim.looks[0].alpha == pytest.approx(0.004)


def test_before_the_first_look_nothing_is_decided() -> None:
    claim = measured(0.93, 0.90, n=3).claim()
    assert (claim.verdict, claim.decided, claim.pairs, claim.looks) == ("inconclusive", False, 3, ())
    assert claim.reason == "3 of 5 pairs are complete on digits"
    assert claim.effect == pytest.approx(6, abs=1)
    assert claim.p_verdict == 1.0
    assert len(claim.workloads[0].pairs) == 3


def test_between_looks_the_latest_look_stands() -> None:
    world = undecided()
    world.drop(world.design.evaluation_trial("glyphs", "new", BEST, 7))
    claim = world.claim()
    assert (claim.decided, claim.pairs, len(claim.looks)) == (False, 5, 1)
    assert claim.reason == "9 of 10 pairs are complete on glyphs"


def test_nothing_measured_yet() -> None:
    claim = World().claim()
    assert (claim.verdict, claim.decided, claim.pairs, claim.workloads) == ("inconclusive", False, 0, ())
    assert claim.reason == "12 tuning trials come first", "and more when half of the points are left"
    assert math.isnan(claim.effect)
    assert World().judge().tunings == ()


def test_one_pair_gives_no_interval() -> None:
    claim = measured(0.93, 0.90, n=1).claim()
    assert (claim.pairs, claim.decided) == (1, False)
    assert math.isnan(claim.effect)


@pytest.mark.parametrize(("cap", "planned"), [(5, (5,)), (7, (5,)), (10, (5, 10))])
def test_a_cap_ends_the_looks(cap: int, planned: tuple[int, ...]) -> None:
    claim = undecided(max_pairs=cap).claim()
    assert tuple(look.pairs for look in claim.looks) == planned
    assert (claim.verdict, claim.decided) == ("inconclusive", True)


def test_a_cap_below_the_first_look_decides_nothing() -> None:
    claim = measured(0.93, 0.90, n=3, max_pairs=3).claim()
    assert (claim.verdict, claim.decided, claim.looks, claim.pairs) == ("inconclusive", True, (), 3)
    assert claim.reason == "the first look takes 5 pairs per workload; 3 are not enough for any verdict"
    assert claim.effect == pytest.approx(6, abs=1)


def test_a_failed_trial_ends_the_claim_with_its_reason() -> None:
    world = measured(0.93, 0.90)
    broken = world.design.evaluation_trial("glyphs", "old", BEST, 3)
    world.keep(result(broken, status="failed"))
    verdict = world.judge()
    (claim,) = verdict.claims
    assert (claim.verdict, claim.outcome, claim.decided) == ("inconclusive", "undecided", True)
    assert broken.id in claim.reason
    assert "(old on glyphs, seed" in claim.reason
    assert verdict.trials_failed == ((broken.id, "it failed"),)


def test_a_failed_trial_beyond_the_deciding_look_does_not_matter() -> None:
    world = measured(0.93, 0.90)
    world.keep(result(world.design.evaluation_trial("glyphs", "old", BEST, 12), status="failed"))
    assert world.claim().verdict == "helps"


def test_a_failed_tuning_trial_ends_the_claim() -> None:
    world = measured(0.93, 0.90)
    broken = world.design.tuning_trial("digits", "new", BEST, world.design.tuning_seeds(0)[1])
    world.keep(result(broken, status="failed"))
    assert selected_point(Readings(world.design, world.results), "digits", "new", 0) is None
    claim = world.claim()
    assert (claim.verdict, claim.decided) == ("inconclusive", True)
    assert broken.id in claim.reason


def test_a_measurement_that_no_trial_made_is_never_a_zero() -> None:
    claim = measured(0.93, 0.90, claim={"metric": "peak_memory_bytes"}).claim()
    assert (claim.verdict, claim.decided) == ("inconclusive", True)
    assert "it recorded no peak_memory_bytes" in claim.reason


def test_divergence_is_a_result() -> None:
    world = measured(0.90, 0.90)
    for workload in world.workloads:
        for pair in range(5):
            world.keep(result(world.design.evaluation_trial(workload, "new", BEST, pair), status="diverged"))
    claim = world.claim()
    assert (claim.verdict, claim.effect, claim.pairs) == ("hurts", -10, 5)
    digits = claim.workloads[0]
    assert (digits.variant_failures.failures, digits.variant_failures.runs) == (5, 5)
    assert digits.reference_failures.failures == 0
    assert digits.mcnemar_p == pytest.approx(2 * 0.5**5)
    assert math.isnan(digits.raw_effect)
    assert digits.pairs[0].variant is None
    assert "5 of 5 runs of new on digits diverged; each counts as 10 margins unless both did" in claim.warnings


def test_pairs_in_which_both_arms_diverge_say_nothing() -> None:
    world = measured(0.90, 0.90)
    for arm in ("new", "old"):
        world.keep(result(world.design.evaluation_trial("digits", arm, BEST, 0), status="diverged"))
    assert world.claim().workloads[0].pairs[0].effect == 0


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_a_nan_is_never_dropped(value: float) -> None:
    world = measured(0.93, 0.90, claim={"metric": "test_loss", "margin": 0.01})
    bad = world.design.evaluation_trial("digits", "new", BEST, 2)
    world.keep(result(bad, 0.93, test_loss=value))
    digits = world.claim().workloads[0]
    assert (digits.pairs[2].effect, digits.pairs[2].variant) == (-10, None)
    assert digits.variant_failures.failures == 1
    assert any("runs of new on digits have a test_loss that is not finite" in w for w in world.claim().warnings)


def test_data_sets_that_disagree_are_mixed() -> None:
    world = tuned()
    world.evaluate("old", noisy(0.90, 5))
    world.evaluate("new", noisy(0.94, 5, seed=1), "digits")
    world.evaluate("new", noisy(0.885, 5, seed=2), "glyphs")
    claim = world.claim()
    assert (claim.verdict, claim.outcome) == ("mixed", "undecided")
    assert [effect.significantly_opposite for effect in claim.workloads] == [False, True]
    assert "glyphs" in claim.reason


def test_settings_are_selected_on_validation_data() -> None:
    world = World()
    world.tune("new", best=HIGH)
    world.tune("old", best=LOW)
    world.evaluate("new", noisy(0.93, 5), point=HIGH)
    world.evaluate("old", noisy(0.90, 5), point=LOW)
    assert selected_point(Readings(world.design, world.results), "digits", "new", 4) == HIGH
    verdict = world.judge()
    assert verdict.claims[0].verdict == "helps"
    assert (
        "the best optimizer.lr of arm new on digits is 1, the edge of its grid: widen it" in verdict.claims[0].warnings
    )
    tuning = next(item for item in verdict.tunings if (item.workload, item.arm) == ("glyphs", "old"))
    assert (tuning.selected, tuning.edge_keys) == (LOW, ("optimizer.lr",))
    assert tuning.budget_curve[-1] == pytest.approx(0.9)


def test_nothing_measured_anywhere_is_not_equality() -> None:
    world = tuned()
    for workload in world.workloads:
        for arm in ("new", "old"):
            for pair in range(20):
                world.keep(result(world.design.evaluation_trial(workload, arm, BEST, pair), status="diverged"))
    claim = world.claim()
    assert (claim.verdict, claim.outcome, claim.decided) == ("inconclusive", "undecided", True)
    assert "every run of both arms failed on" in claim.reason


def retuned(world: World, *scores: tuple[float, float, float]) -> tuple[Point | None, list[tuple[float | None, ...]]]:
    """With scores of three tuning seeds at LOW, BEST and HIGH on the digits: what is selected, and what counts."""
    for point, row in zip((LOW, BEST, HIGH), scores, strict=True):
        for seed, score in zip(world.tuning_seeds(), row, strict=True):
            world.keep(result(world.design.tuning_trial("digits", "new", point, seed), score))
    sweep = next(item for item in world.judge().tunings if (item.workload, item.arm) == ("digits", "new"))
    return selected_point(Readings(world.design, world.results), "digits", "new", 0), [
        point.scores for point in sweep.points
    ]


def test_after_the_first_seed_the_worse_half_of_a_sweep_is_out_whatever_else_is_stored() -> None:
    """Another ablation may have trained it on the other seeds: the verdict must not depend on that."""
    selected, counted = retuned(tuned(), (0.80, 0.80, 0.80), (0.81, 0.82, 0.82), (0.79, 0.99, 0.99))
    assert selected == BEST
    assert counted == [(0.80, 0.80, 0.80), (0.81, 0.82, 0.82), (0.79,)]


def test_a_whole_sweep_promises_no_more_than_what_it_selects_though_the_first_seed_was_an_easy_one() -> None:
    world = tuned()
    selected, _ = retuned(world, (0.88, 0.84, 0.86), (0.87, 0.84, 0.84), (0.865, 0.80, 0.80))
    assert selected == LOW
    sweep = next(item for item in world.judge().tunings if (item.workload, item.arm) == ("digits", "new"))
    assert sweep.budget_curve[-1] == pytest.approx(0.86)


def test_what_the_arm_has_untuned_is_trained_on_all_seeds_but_has_no_second_chance() -> None:
    """Else whether a choice was luck could not be said; and arms whose sweep does not have it have no such chance."""
    world = tuned()
    world.design._settings["digits", "new", (), False]["optimizer.lr"] = 1.0
    selected, counted = retuned(world, (0.80, 0.80, 0.80), (0.81, 0.82, 0.82), (0.79, 0.84, 0.84))
    assert selected == BEST
    assert counted == [(0.80, 0.80, 0.80), (0.81, 0.82, 0.82), (0.79, 0.84, 0.84)]


def test_of_a_sweep_that_diverged_on_the_first_seed_the_first_points_go_on() -> None:
    world = tuned()
    for point in (LOW, BEST, HIGH):
        for nth, seed in enumerate(world.tuning_seeds()):
            trial = world.design.tuning_trial("digits", "new", point, seed)
            world.keep(result(trial, 0.8 if point == BEST else 0.7, status="completed" if nth else "diverged"))
    assert selected_point(Readings(world.design, world.results), "digits", "new", 0) == BEST


def test_a_setting_that_diverges_now_and_then_is_not_selected() -> None:
    world = tuned()
    for workload in world.workloads:
        for nth, seed in enumerate(world.tuning_seeds()):
            trial = world.design.tuning_trial(workload, "new", LOW, seed)
            world.keep(result(trial, 0.99, status="diverged" if nth == 2 else "completed"))
    assert selected_point(Readings(world.design, world.results), "digits", "new", 0) == BEST
    tuning = next(item for item in world.judge().tunings if item.arm == "new")
    assert tuning.points[0].scores == (0.99, 0.99, None)
    assert tuning.points[0].score == pytest.approx(0.66)


def test_without_a_sweep_the_tuning_seeds_still_give_the_margin() -> None:
    world = tuned(grid=(), claim={"margin": None})
    assert selected_point(Readings(world.design, world.results), "digits", "new", 0) == ()
    world.tune("old", accuracy=0.98, best=())
    world.evaluate("new", noisy(0.981, 5), point=())
    world.evaluate("old", noisy(0.98, 5), point=())
    assert world.claim().workloads[0].margin == pytest.approx(0.2)  # a tenth of 2 points


def test_the_default_margin_is_half_a_point_at_most() -> None:
    claim = measured(0.93, 0.90, claim={"margin": None}).claim()
    assert claim.workloads[0].margin == 0.5


def test_the_default_margin_rests_on_the_error_of_what_is_claimed() -> None:
    world = World(claim={"metric": "test_macro_f1", "margin": None})
    for arm in ("new", "old"):
        world.tune(arm, accuracy=0.90, val_macro_f1=0.98)
        world.evaluate(arm, noisy(0.9, 5), test_macro_f1=0.98)
    assert world.claim().workloads[0].margin == pytest.approx(0.2)  # a tenth of 2 points, not half a point


def test_each_pair_may_have_settings_of_its_own() -> None:
    world = World(tuning="per_pair", claim={"margin": None})
    for workload in world.workloads:
        for arm in ("new", "old"):
            for pair in range(20):
                best = LOW if pair % 2 else HIGH
                (seed,) = world.design.tuning_seeds(pair)
                for point in world.design.points(arm):
                    score = (0.98 if pair % 2 else 0.97) - (0 if point == best else 0.1)
                    world.keep(result(world.design.tuning_trial(workload, arm, point, seed), score))
    points = [selected_point(Readings(world.design, world.results), "digits", "new", pair) for pair in range(4)]
    assert points == [HIGH, LOW, HIGH, LOW]
    for point, first in ((HIGH, 0), (LOW, 1)):
        for arm, accuracy in (("new", 0.93), ("old", 0.90)):
            for workload in world.workloads:
                for pair, noise in list(enumerate(noisy(accuracy, 5)))[first::2]:
                    world.keep(result(world.design.evaluation_trial(workload, arm, point, pair), noise))
    claim = world.claim()
    assert claim.verdict == "helps"
    assert claim.workloads[0].margin == pytest.approx((3 * 0.3 + 2 * 0.2) / 5)  # pairs of the first look


def test_the_untuned_default_is_compared_without_a_verdict() -> None:
    world = measured(0.93, 0.90)
    assert world.claim().at_default is None
    world.evaluate("new", noisy(0.87, 5), point=())
    world.evaluate("old", noisy(0.88, 5), point=())
    compared = world.claim().at_default
    assert compared is not None
    assert (compared.pairs, compared.effect, compared.raw_effect) == (5, pytest.approx(-2), pytest.approx(-1))
    assert compared.interval_95.low <= -2 <= compared.interval_95.high
