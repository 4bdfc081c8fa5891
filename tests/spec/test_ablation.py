"""Reading ablations: by path and by id, and what they mean."""

from pathlib import Path

import pytest
from spec_examples import ablation, write

from suite.errors import SpecError
from suite.spec.ablation import find_ablations, load_ablation
from suite.spec.design import Design
from suite.spec.slots import SLOTS
from suite.spec.workload import FOLDER, load_workload

ROOT = Path(__file__).parent.parent.parent


@pytest.mark.parametrize("path", find_ablations(ROOT / "ablations"), ids=lambda path: path.stem)
def test_every_ablation_of_the_catalogue_resolves_at_each_of_its_scales(path: Path) -> None:
    loaded = load_ablation(str(path))
    assert loaded.id == path.stem
    for scale in loaded.workloads:
        workloads = tuple(load_workload(name) for name in loaded.workloads_at(scale))
        fingerprints = {workload.id: workload.id for workload in workloads}
        design = Design(ablation=loaded, scale=scale, workloads=workloads, device="cpu", fingerprints=fingerprints)
        for entry in design.roster():
            assert set(SLOTS) | dict(entry.point).keys() <= entry.trial.settings.keys()


def test_an_id_names_a_file_in_ablations(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "ablations").mkdir()
    write(tmp_path / "ablations", "bn_helps")
    monkeypatch.chdir(tmp_path)
    assert load_ablation("bn_helps") == load_ablation("ablations/bn_helps.yaml")


@pytest.mark.parametrize(
    "name", ["bn_help", "ablations/bn_help.yaml", "nowhere/x.yaml", "", "x" * 5000, "a\0b.yaml", "\n"]
)
def test_a_missing_file_is_said_with_the_nearest_id(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    (tmp_path / "ablations").mkdir()
    write(tmp_path / "ablations", "bn_helps")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SpecError, match="does not exist") as error:
        load_ablation(name)
    assert str(error.value).isprintable()
    assert ("(did you mean 'bn_helps'?)" in str(error.value)) == ("bn_help" in name)


@pytest.mark.parametrize("name", [".", "ablations", "ablations/"])
def test_a_folder_is_not_an_ablation(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    (tmp_path / "ablations").mkdir()
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SpecError):
        load_ablation(name)


def test_an_unreadable_name_cannot_become_an_id(tmp_path: Path) -> None:
    with pytest.raises(SpecError, match="the file's name is the ablation's id"):
        load_ablation(str(write(tmp_path, "bn helps?")))


def test_one_sweep_for_all_arms(tmp_path: Path) -> None:
    spec = ablation(tmp_path)
    assert spec.swept("plain") == spec.swept("bn") == {"optimizer.lr": [0.01, 0.03]}


def test_a_sweep_for_each_arm(tmp_path: Path) -> None:
    spec = ablation(
        tmp_path,
        sweep="{plain: {optimizer.lr: [0.01, 0.03]}, bn: {optimizer.momentum: [0.8], optimizer.lr: [0.1, 0.3]}}",
    )
    assert spec.swept("bn") == {"optimizer.momentum": [0.8], "optimizer.lr": [0.1, 0.3]}


@pytest.mark.parametrize("sweep", ["{}", "null"])
def test_no_sweep(tmp_path: Path, sweep: str) -> None:
    if sweep == "null":
        with pytest.raises(SpecError, match="sweep: null is not a mapping"):
            ablation(tmp_path, sweep=sweep)
    else:
        assert ablation(tmp_path, sweep=sweep).swept("bn") == {}


def test_identical_arms_under_two_names_are_fine(tmp_path: Path) -> None:
    assert ablation(tmp_path, arms="{plain: {}, bn: {}}").arms == {"plain": {}, "bn": {}}


def test_an_undefined_scale(tmp_path: Path) -> None:
    with pytest.raises(SpecError, match="workloads: has no scale 'full'; it has quick"):
        ablation(tmp_path).workloads_at("full")


def test_a_workload_file_of_ones_own(tmp_path: Path) -> None:
    own = tmp_path / "my_digits.yaml"
    own.write_text((FOLDER / "digits_cnn.yaml").read_text(encoding="utf-8"), encoding="utf-8")
    assert load_workload(str(own)).id == "my_digits"
    assert ablation(tmp_path, workloads=f"[digits_cnn, {own}]").workloads_at("quick") == ("digits_cnn", str(own))
    with pytest.raises(SpecError, match="names 'my_digits' twice"):
        ablation(tmp_path, workloads=f"[{own}, {own}]")


def test_problems_of_a_workload_are_those_of_its_own_file(tmp_path: Path) -> None:
    broken = tmp_path / "broken.yaml"
    broken.write_text("description: x\n")
    with pytest.raises(SpecError) as error:
        ablation(tmp_path, workloads=f"[{broken}]")
    assert {problem.file for problem in error.value.problems} == {str(broken)}


def test_code_from_outside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "someones_nets").mkdir()
    (tmp_path / "someones_nets" / "mlp.py").write_text("def build(shape, classes, *, width: PositiveInt = 8): ...\n")
    monkeypatch.syspath_prepend(tmp_path)
    arms = "{plain: {model: someones_nets.mlp}, bn: {model: someones_nets.mlp, model.width: 16}}"
    with pytest.raises(SpecError) as error:
        ablation(tmp_path, arms=arms)
    assert len(error.value.problems) == 2
    assert all("pass --allow-code" in problem.message for problem in error.value.problems)
    assert ablation(tmp_path, arms=arms, allow_code=True).arms["bn"]["model.width"] == 16
