"""How many trials an ablation still takes: what the plan promises, what a run then needs."""

import pytest
from measured import GRID, World, noisy, result, tuned

from suite.verdict.needs import needed_trials, trials_left

SWEEP = 2 * 2 * (3 + 2 * 2)
"""Workloads, arms, points with the first tuning seed, the better two of them with two more."""


def counted(world: World) -> tuple[int, int]:
    fewest, most = trials_left(world.design, world.results)
    return len(fewest), len(most)


def test_nothing_stored_takes_the_sweep_and_between_the_first_look_and_the_last_with_the_defaults() -> None:
    assert counted(World()) == (SWEEP + 2 * 2 * 5, SWEEP + 2 * 2 * 20 + 2 * 2 * 5)


def test_one_arm_done_beyond_the_first_look_spares_the_other_nothing() -> None:
    world = tuned()
    world.evaluate("old", noisy(0.9, 20))
    assert counted(world) == (2 * 5, 2 * 20 + 2 * 2 * 5)


def test_what_is_decided_takes_only_the_comparison_at_the_default() -> None:
    world = tuned()
    world.evaluate("old", noisy(0.90, 5))
    world.evaluate("new", noisy(0.93, 5))
    assert world.claim().decided
    assert counted(world) == (2 * 2 * 5, 2 * 2 * 5)


def test_pairs_come_one_after_another_so_that_the_arms_times_are_of_the_same_hour() -> None:
    """Of all claims: the second one's reference is the first one's, and its variant does not wait for that to end."""
    world = tuned(arms=("new", "old", "newer"), first={}, second={"variant": "newer"})
    wanted = needed_trials(world.design, world.results)
    assert len(wanted) == 2 * 3 * 5
    for pair in range(5):
        together = wanted[6 * pair : 6 * (pair + 1)]
        assert len({trial.seed for trial in together}) == 1
        assert sorted(trial.settings["model"] for trial in together) == ["new", "new", "newer", "newer", "old", "old"]


def test_where_every_pair_is_tuned_by_itself_both_arms_sweeps_come_pair_by_pair() -> None:
    world = World(tuning="per_pair")
    wanted = needed_trials(world.design, world.results)
    seeds = world.design.tuning_seeds(0)
    first = wanted[: 2 * 2 * len(GRID) * len(seeds)]
    assert {trial.seed for trial in first} == set(seeds)
    assert {trial.settings["model"] for trial in first} == {"new", "old"}
    assert not {trial.seed for trial in wanted[len(first) :]} & set(seeds)


def test_a_sweep_goes_on_with_its_better_half_once_all_points_have_their_first_seed() -> None:
    """The same rule for every arm: as many trials for each."""
    world = World()
    first = needed_trials(world.design, world.results)
    assert {trial.seed for trial in first} == {world.design.tuning_seeds(0)[0]}
    assert len(first) == 2 * 2 * len(GRID)
    for trial in first:
        world.keep(result(trial, {0.01: 0.8, 0.1: 0.9, 1.0: 0.7}[trial.settings["optimizer.lr"]]))
    second = needed_trials(world.design, world.results)
    assert {trial.seed for trial in second} == set(world.design.tuning_seeds(0)[1:])
    assert {trial.settings["optimizer.lr"] for trial in second} == {0.01, 0.1}
    assert len(first) + len(second) == SWEEP


def test_what_an_arm_has_untuned_is_asked_for_on_all_seeds_though_it_is_out() -> None:
    world = World()
    for workload in world.workloads:
        world.design._settings[workload, "new", (), False]["optimizer.lr"] = 1.0
    for trial in needed_trials(world.design, world.results):
        world.keep(result(trial, {0.01: 0.8, 0.1: 0.9, 1.0: 0.7}[trial.settings["optimizer.lr"]]))
    second = needed_trials(world.design, world.results)
    assert len(second) == 2 * 2 * 2 * 2 + 2 * 2
    beside = [trial for trial in second if trial.settings["optimizer.lr"] == 1.0]
    assert {trial.settings["model"] for trial in beside} == {"new"}


@pytest.mark.parametrize(
    ("stored", "asked"),
    [((0.01, 0.1), 1 + 2), ((1.0,), 2 + 2), ((0.01,), 2 + 4)],
    ids=["what stays is not stored", "what stays is stored", "what goes is stored"],
)
def test_the_promise_holds_whichever_points_another_ablation_has_trained(stored: tuple[float, ...], asked: int) -> None:
    """Of tuning trials: 1.0 is the best rate, and 0.1 comes next."""
    scores = {0.01: 0.7, 0.1: 0.8, 1.0: 0.9}
    world = World()
    for arm in ("new", "old"):
        for workload in world.workloads:
            for rate in stored:
                for seed in world.tuning_seeds():
                    trial = world.design.tuning_trial(workload, arm, (("optimizer.lr", rate),), seed)
                    world.keep(result(trial, scores[rate]))
    promised = trials_left(world.design, world.results)
    fewest, most = (sum(trial.purpose == "tuning" for trial in trials) for trials in promised)
    ran = 0
    while needed := [trial for trial in needed_trials(world.design, world.results) if trial.purpose == "tuning"]:
        ran += len(needed)
        for trial in needed:
            world.keep(result(trial, scores[float(str(trial.settings["optimizer.lr"]))]))
    assert ran == 2 * 2 * asked
    assert fewest <= ran <= most


def test_running_what_is_needed_comes_to_an_end_within_the_promise() -> None:
    world, ran = World(), 0
    fewest, most = counted(world)
    while needed := needed_trials(world.design, world.results):
        for trial in needed:
            best = trial.settings.get("optimizer.lr", 0.1) == 0.1
            world.keep(result(trial, (0.93 if trial.settings["model"] == "new" else 0.9) - (0.0 if best else 0.1)))
        ran += len(needed)
    assert fewest <= ran <= most
    assert counted(world) == (0, 0)
