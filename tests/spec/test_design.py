"""From an ablation at a scale to trials."""

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from spec_examples import design

from suite.spec import slots
from suite.spec.design import RosterEntry
from suite.spec.trials import TUNING_SEED


def test_settings_are_complete_and_in_order(tmp_path: Path) -> None:
    settings = design(tmp_path).settings("digits_cnn", "bn", (("optimizer.lr", 0.01),))
    assert list(settings) == sorted(settings)
    assert set(slots.SLOTS) <= set(settings)
    assert settings["model.norm"] == "batch"
    assert settings["optimizer.lr"] == 0.01
    assert settings["engine.device"] == "cpu"
    assert settings["optimizer.nesterov"] is False, "a default that nobody wrote"


def test_the_default_point_is_the_workloads_own(tmp_path: Path) -> None:
    example = design(tmp_path)
    own = next(item for item in example.workloads if item.id == "digits_cnn").at("quick")["optimizer.lr"]
    assert example.settings("digits_cnn", "bn", example.default_point)["optimizer.lr"] == own


def test_settings_for_all_arms_come_under_each_arms_own(tmp_path: Path) -> None:
    example = design(tmp_path, settings="{model.dropout: 0.3, model.norm: batch}")
    plain, bn = (example.settings("digits_cnn", arm, ()) for arm in ("plain", "bn"))
    assert plain["model.dropout"] == bn["model.dropout"] == 0.3
    assert (plain["model.norm"], bn["model.norm"]) == ("none", "batch")


def test_an_arm_with_another_mechanism_inherits_no_arguments_of_the_old_one(tmp_path: Path) -> None:
    example = design(tmp_path, arms="{plain: {}, bn: {optimizer: adamw, optimizer.lr: 0.001}}", sweep="{}")
    settings = example.settings("digits_cnn", "bn", ())
    assert "optimizer.momentum" not in settings
    assert settings["optimizer.lr"] == 0.001


def test_an_id_does_not_depend_on_how_a_spec_is_written(tmp_path: Path) -> None:
    short = design(tmp_path, arms="{plain: {}, bn: {model.norm: batch}}", sweep="{optimizer.lr: [1, 0.1]}")
    long = design(
        tmp_path,
        arms="{plain: {model.norm: none, model: cnn}, bn: {model.dropout: 0, model.norm: batch}}",
        sweep="{optimizer.lr: [1.0, 1e-1]}",
    )
    assert [entry.trial.id for entry in short.roster()] == [entry.trial.id for entry in long.roster()]


@pytest.mark.parametrize("what", ["seed", "point", "arm", "workload", "purpose", "device", "data"])
def test_everything_that_can_change_a_result_changes_the_id(tmp_path: Path, what: str) -> None:
    example = design(tmp_path)
    cell = {"workload": "digits_cnn", "arm": "bn", "point": (("optimizer.lr", 0.01),), "seed": 3}
    before = example.tuning_trial(**cell)
    if what == "purpose":
        after = example._trial("digits_cnn", "bn", (("optimizer.lr", 0.01),), 3, "evaluation")
    elif what == "device":
        after = replace(example, device="cuda").tuning_trial(**cell)
    elif what == "data":
        after = example.with_fingerprints({"digits_cnn": "other data"}).tuning_trial(**cell)
    else:
        other = {"seed": 4, "point": (), "arm": "plain", "workload": "glyphs_cnn"}[what]
        after = example.tuning_trial(**{**cell, what: other})
    assert before.id != after.id


def test_points_are_the_grid(tmp_path: Path) -> None:
    example = design(tmp_path, sweep="{optimizer.lr: [0.1, 0.2], optimizer.momentum: [0.8, 0.9]}")
    assert len(example.points("bn")) == 4
    assert example.points("bn")[1] == (("optimizer.lr", 0.1), ("optimizer.momentum", 0.9))
    assert design(tmp_path, sweep="{}").points("bn") == ((),)


def test_looks(tmp_path: Path) -> None:
    assert design(tmp_path).looks == (5, 10, 20)
    assert design(tmp_path, max_pairs=12).looks == (5, 10)
    assert design(tmp_path, max_pairs=3).looks == (3,)
    assert design(tmp_path, workloads="[digits_cnn]").looks == (10, 20)


def test_tuning_never_uses_a_seed_that_is_scored(tmp_path: Path) -> None:
    for tuning in ("shared", "per_pair"):
        for number in range(20):
            example = design(tmp_path, f"example_{number}", tuning=tuning)
            scored = {example.evaluation_seed(pair) for pair in range(20)}
            tuned = {seed for pair in range(20) for seed in example.tuning_seeds(pair)}
            assert len(scored) == 20
            assert max(scored) < TUNING_SEED <= min(tuned)


def test_shared_tuning_has_three_seeds_and_tuning_per_pair_one_of_its_own(tmp_path: Path) -> None:
    shared, own = design(tmp_path), design(tmp_path, tuning="per_pair")
    assert {shared.tuning_seeds(pair) for pair in range(20)} == {tuple(TUNING_SEED + i for i in range(3))}
    assert len({own.tuning_seeds(pair) for pair in range(20)}) == 20


def test_what_an_arm_is_tuned_with_changes_its_tuning_trials_and_no_others(tmp_path: Path) -> None:
    plain, small = design(tmp_path), design(tmp_path, "small", tuned_with="{bn: {engine.train_share: 0.1}}")
    cell = ("digits_cnn", "bn", (("optimizer.lr", 0.01),))
    assert small.tuning_trial(*cell, TUNING_SEED).settings["engine.train_share"] == 0.1
    assert small.evaluation_trial(*cell, 0).settings["engine.train_share"] == 1.0
    other = ("digits_cnn", "plain", (("optimizer.lr", 0.01),))
    assert small.tuning_trial(*other, TUNING_SEED).id == plain.tuning_trial(*other, TUNING_SEED).id


def test_ablations_lean_on_different_blocks_of_seeds_and_share_trials_within_one(tmp_path: Path) -> None:
    examples = [design(tmp_path, f"example_{number}") for number in range(40)]
    blocks: dict[int, list[set[str]]] = {}
    for example in examples:
        ids = {example.evaluation_trial("digits_cnn", "plain", (), pair).id for pair in range(20)}
        blocks.setdefault(example.evaluation_seed(0), []).append(ids)
    assert sorted(blocks) == [0, 100, 200, 300]
    assert all(ids == members[0] for members in blocks.values() for ids in members)
    assert not set.intersection(*(members[0] for members in blocks.values()))


def test_the_roster_holds_every_trial_that_can_be_asked_for(tmp_path: Path) -> None:
    example = design(tmp_path, max_pairs=5)
    roster = list(example.roster())
    points = example.points("bn")
    assert (
        RosterEntry(
            workload="glyphs_cnn",
            arm="bn",
            point=points[1],
            trial=example.evaluation_trial("glyphs_cnn", "bn", points[1], 4),
        )
        in roster
    )
    assert (
        RosterEntry(
            workload="digits_cnn", arm="plain", point=(), trial=example.evaluation_trial("digits_cnn", "plain", (), 0)
        )
        in roster
    )
    tuning = [entry for entry in roster if entry.trial.purpose == "tuning"]
    assert len(tuning) == 2 * 2 * 2 * 3, "workloads x arms x points x seeds"
    assert len(roster) == len(tuning) + 2 * 2 * 3 * 5, "evaluated at the points and at the default, five pairs"


def test_differences_between_the_arms(tmp_path: Path) -> None:
    example = design(
        tmp_path, arms="{plain: {}, bn: {model.norm: batch, optimizer: adamw, optimizer.lr: 0.01}}", sweep="{}"
    )
    rows = example.differences("digits_cnn")
    assert rows["model.norm"] == {"plain": "none", "bn": "batch"}
    assert rows["optimizer"] == {"plain": "sgd", "bn": "adamw"}
    assert rows["optimizer.betas"] == {"plain": None, "bn": (0.9, 0.999)}
    assert "engine.epochs" not in rows


def test_the_data_settings_are_the_same_for_every_arm(tmp_path: Path) -> None:
    example = design(tmp_path)
    wanted = example.data_settings("glyphs_cnn")
    assert wanted["data"] == "glyphs"
    for arm in ("plain", "bn"):
        settings = example.settings("glyphs_cnn", arm, ())
        assert wanted == {key: value for key, value in settings.items() if slots.slot_of(key) == "data"}


def test_specs_are_read_without_torch_ray_or_wandb() -> None:
    code = (
        "import sys\n"
        "import suite.spec.design, suite.spec.schema\n"
        "heavy = {'torch', 'torchvision', 'ray', 'wandb', 'pandas', 'scipy', 'sklearn', 'matplotlib'}\n"
        "print(*heavy & set(sys.modules))\n"
    )
    assert subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout == "\n"
