"""The schemas for editors: in step with the code, right about good files, and about what bad files get wrong."""

import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from spec_examples import write

from suite.spec.ablation import find_ablations
from suite.spec.schema import ablation_schema, workload_schema, written
from suite.spec.slots import mechanisms
from suite.spec.workload import find_workloads
from suite.spec.yaml_loader import load

ROOT = Path(__file__).parent.parent.parent


def errors(schema: dict[str, Any], path: Path) -> list[str]:
    Draft202012Validator.check_schema(schema)
    return [error.message for error in Draft202012Validator(schema).iter_errors(load(path).content)]


@pytest.mark.parametrize("name", ["ablation.schema.json", "workload.schema.json"])
def test_the_files_are_in_step(name: str) -> None:
    kept = (ROOT / "docs" / "schema" / name).read_text(encoding="utf-8")
    assert json.loads(kept) == json.loads(written()[name]), "run: python -m suite.spec.schema"


@pytest.mark.parametrize("path", find_ablations(ROOT / "ablations"), ids=lambda path: path.stem)
def test_every_ablation_is_valid(path: Path) -> None:
    assert errors(ablation_schema(), path) == []


@pytest.mark.parametrize("path", find_workloads(), ids=lambda path: path.stem)
def test_every_workload_is_valid(path: Path) -> None:
    assert errors(workload_schema(), path) == []


@pytest.mark.parametrize(
    ("change", "valid"),
    [
        ({}, True),
        ({"sweep": "{plain: {optimizer.lr: [0.1]}, bn: {optimizer.momentum: [0.8]}}"}, True),
        ({"sweep": "{optimizer: [sgd, adamw]}"}, True),
        ({"arms": "{plain: {}, bn: {model: my_package.my_model}}"}, True),
        ({"sweep": "{optimizer.lr: ['3e-4']}"}, False),
        ({"sweep": "{optimizer.lr: 0.1}"}, False),
        ({"sweep": "{optimizer.rl: [0.1]}"}, False),
        ({"arms": "{bn: {}}"}, False),
        ({"arms": "{plain: {}, bn: {model.nrom: batch}}"}, False),
        ({"arms": "{plain: {}, bn: {model.norm: bath}}"}, False),
        ({"arms": "{plain: {}, bn: {model: cn}}"}, False),
        ({"arms": "{plain: {}, bn: {data: glyphs}}"}, False),
        ({"settings": "{engine.device: cuda}"}, False),
        ({"workloads": "[digit_cnn]"}, False),
        ({"workloads": "[mine/digits.yaml]"}, True),
        ({"tuning": "both"}, False),
    ],
)
def test_an_editor_marks_what_the_loader_refuses(tmp_path: Path, change: dict[str, str], valid: bool) -> None:
    assert (errors(ablation_schema(), write(tmp_path, **change)) == []) == valid


def test_an_editor_can_complete_the_keys_of_an_arm() -> None:
    keys = ablation_schema()["$defs"]["settings"]["properties"]
    assert {"model", "model.widths", "optimizer.lr", "engine.epochs"} <= set(keys)
    assert keys["schedule"]["anyOf"][0]["enum"] == mechanisms("schedule")
    assert keys["model.connections"]["enum"] == ["plain", "residual", "dense"]
