"""A verdict that rests on a choice which tuning could not make is said to."""

from collections.abc import Sequence

import pytest
from measured import BEST, World, noisy, result, tuned

from suite.report import words

LOW = (("optimizer.lr", 0.01),)
LUCK, CERTAIN, TIE = (0.03, -0.02, 0.0), (0.03, 0.031, 0.032), (0.0, 0.0, 0.0)


def world(**more: object) -> World:
    """Both arms have LOW untuned, where the variant is no better, and BEST chosen, where it is 6 margins better."""
    made = tuned(**more)
    for name in made.workloads:
        for arm in ("new", "old"):
            made.design._settings[name, arm, (), False]["optimizer.lr"] = 0.01
    made.evaluate("new", noisy(0.93, 5, seed=1))
    made.evaluate("old", noisy(0.90, 5, seed=2))
    made.evaluate("new", noisy(0.90, 5, seed=3), point=())
    made.evaluate("old", noisy(0.90, 5, seed=4), point=())
    return made


def retune(made: World, arm: str, gains: Sequence[float], *workloads: str) -> None:
    """BEST is so much better than LOW, tuning seed by tuning seed; ties go to it, by its loss."""
    for name in workloads or made.workloads:
        for seed, gain in zip(made.tuning_seeds(), gains, strict=True):
            trial = made.design.tuning_trial(name, arm, BEST, seed)
            made.keep(result(trial, 0.9 + gain, val_loss=0.01))
            made.keep(result(made.design.tuning_trial(name, arm, LOW, seed), 0.9))


@pytest.mark.parametrize(("gains", "in_doubt"), [(LUCK, True), (TIE, True), (CERTAIN, False)])
def test_it_is_in_doubt_if_the_choice_behind_it_was_luck(gains: Sequence[float], *, in_doubt: bool) -> None:
    made = world()
    retune(made, "new", gains)
    claim = made.claim()
    assert (claim.verdict, claim.in_doubt) == ("helps", in_doubt)
    told = [warning for warning in claim.warnings if "tuning could not tell" in warning]
    assert len(told) == in_doubt
    if told:
        assert "new's optimizer.lr 0.1 on digits, new's optimizer.lr 0.1 on glyphs from" in told[0]
        assert "new against old comes to" in told[0]
        assert words.stands(claim) == "tip supported, in doubt"
        assert words.short_sentence(claim).endswith("(in doubt)")


def test_of_two_workloads_the_one_where_tuning_was_luck_must_be_what_it_rests_on() -> None:
    made = world()
    retune(made, "new", CERTAIN, "digits")
    retune(made, "new", LUCK, "glyphs")
    assert not made.claim().in_doubt, "with digits alone it is still three margins"
    made.evaluate("new", noisy(0.90, 5, seed=1), "digits")
    made.evaluate("new", noisy(0.92, 5, seed=2), "glyphs")
    claim = made.claim()
    assert (claim.verdict, claim.in_doubt) == ("helps", True)
    assert "new's optimizer.lr 0.1 on glyphs from" in claim.warnings[0]


def test_that_the_other_arm_needed_no_tuning_is_no_doubt() -> None:
    made = world()
    retune(made, "new", CERTAIN)
    retune(made, "old", LUCK)
    claim = made.claim()
    assert (claim.verdict, claim.in_doubt) == ("helps", False)


def test_an_effect_that_is_as_large_untuned_is_in_no_doubt() -> None:
    made = world()
    retune(made, "new", LUCK)
    made.evaluate("new", noisy(0.92, 5, seed=3), point=())
    assert not made.claim().in_doubt


def test_a_claim_that_something_hurts_is_asked_too() -> None:
    made = world(claim={"variant": "old", "reference": "new", "expect": "worse"})
    retune(made, "new", LUCK)
    claim = made.claim()
    assert (claim.verdict, claim.in_doubt) == ("hurts", True)


def test_nothing_is_asked_of_times_and_of_an_arm_whose_sweep_does_not_have_what_it_has_untuned() -> None:
    made = world(claim={"metric": "train_seconds", "expect": "worse", "margin": None})
    retune(made, "new", LUCK)
    made.evaluate("new", noisy(0.9, 5), train_seconds=3.0)
    claim = made.claim()
    assert (claim.verdict, claim.in_doubt) == ("hurts", False)
    elsewhere = world()
    retune(elsewhere, "new", LUCK)
    for name in elsewhere.workloads:
        elsewhere.design._settings[name, "new", (), False]["optimizer.lr"] = 0.05
    assert not elsewhere.claim().in_doubt
