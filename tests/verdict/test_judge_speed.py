"""Claims about speed: epochs to a target that tuning runs of the reference arm froze."""

import math

import pytest
from measured import World, curve, result

SLOW_CURVE = (0.5, 0.7, 0.8, 0.85, 0.88, 0.9, 0.92)
SPEED = {"metric": "epochs_to_target", "margin": None}


def speed(new: tuple[float, ...], old: tuple[float, ...], **claim: object) -> World:
    world = World(claim={**SPEED, **claim})
    for arm, values in (("new", new), ("old", old)):
        world.tune(arm, epochs=curve(*values))
        world.evaluate(arm, [values[-1]] * 20, epochs=curve(*values))
    return world


def test_a_faster_arm_helps() -> None:
    claim = speed((0.6, 0.85, 0.92, 0.93, 0.93, 0.93, 0.93), SLOW_CURVE).claim()
    digits = claim.workloads[0]
    assert claim.verdict == "helps"
    assert digits.target == pytest.approx(0.92)
    assert digits.pairs[0].reference == pytest.approx(7)
    assert digits.pairs[0].variant == pytest.approx(3)
    assert digits.raw_effect == pytest.approx(math.log(3 / 7))
    assert digits.test_examples is None


def test_a_run_that_never_reaches_the_target_is_censored_not_dropped() -> None:
    claim = speed((0.5, 0.6, 0.7, 0.7, 0.7, 0.7, 0.7), SLOW_CURVE).claim()
    assert (claim.verdict, claim.effect) == ("hurts", -10)
    assert claim.workloads[0].variant_failures.failures == 5
    assert (
        "5 of 5 runs of new on digits never reached the target of 0.92; each counts as 10 margins unless both did"
        in claim.warnings
    )


def test_reaching_the_target_within_the_first_epoch_is_no_evidence_of_equality() -> None:
    claim = speed((0.95, 0.95), (0.95, 0.95)).claim()
    assert (claim.verdict, claim.effect) == ("inconclusive", 0)
    assert any("within the first epoch" in warning for warning in claim.warnings)


def test_a_target_needs_tuning_runs_that_completed() -> None:
    world = speed(SLOW_CURVE, SLOW_CURVE)
    for workload in world.workloads:
        for seed in world.tuning_seeds():
            for point in world.design.points("old"):
                world.keep(result(world.design.tuning_trial(workload, "old", point, seed), status="diverged"))
    claim = world.claim()
    assert (claim.verdict, claim.decided) == ("inconclusive", True)
    assert "fewer than two tuning runs of old completed" in claim.reason
