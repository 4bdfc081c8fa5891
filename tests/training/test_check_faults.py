"""`suite check` on digits: each planted fault is named, and nothing else is; healthy set-ups are left in peace."""

import math
import sys
from pathlib import Path
from typing import Any

import pytest
import torch

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))
from check_faults import examine
from planted_faults import FAULTS, HEALTHY, Case, fitting

from suite.spec import slots
from suite.spec.workload import load_workload
from suite.training import data_cache
from suite.training.checkup import check
from suite.training.data_cache import Dataset
from suite.training.finding import Finding

SETTINGS = load_workload("digits_cnn").at("quick")
WORKLOADS = {
    "images": "digits_cnn", "series": "digits_rows_lstm", "tokens": "docstrings_lstm", "text": "topics_lm",
    "boxes": "scenes_detector", "pixels": "scenes_unet", "likes": "glyph_retrieval",
}  # fmt: skip
DROPOUT = next(case for case in HEALTHY if case.title == "dropout 0.5")


@pytest.fixture(scope="module")
def digits(cache_dir: Path) -> Dataset:
    torch.set_num_threads(1)
    return data_cache.load(data_cache.prepare({"data": "digits"}, data_dirs=(), cache_dir=cache_dir))


@pytest.mark.parametrize("case", [*FAULTS, *HEALTHY], ids=lambda case: case.title)
def test_every_case_can_happen_to_whatever_it_says_it_is_for(case: Case) -> None:
    settings = {kind: load_workload(WORKLOADS[kind]).at("quick") for kind in case.of}
    assert [kind for kind in case.of if fitting([case], kind, settings[kind])] == list(case.of), "an argument misspelt?"


def found(digits: Dataset, **changes: Any) -> tuple[Finding, ...]:
    dotted = {key.replace("__", "."): value for key, value in changes.items()}
    settings = slots.complete(slots.override(SETTINGS, {"engine.device": "cpu", **dotted}))
    return check(settings, digits, 0).findings


@pytest.mark.parametrize("case", fitting(FAULTS, "images", SETTINGS), ids=lambda case: case.title)
def test_a_planted_fault_is_named_and_nothing_else_is(digits: Dataset, case: Case) -> None:
    assert tuple(finding.kind for finding in examine(case, SETTINGS, digits, 0).wrong) == case.named


@pytest.mark.parametrize("case", fitting(HEALTHY, "images", SETTINGS), ids=lambda case: case.title)
def test_a_healthy_set_up_raises_no_alarm(digits: Dataset, case: Case) -> None:
    checkup = examine(case, SETTINGS, digits, 1)
    assert checkup.wrong == ()
    assert checkup.measured.overfit is not None
    assert checkup.measured.overfit.best.accuracy > 0.95


def test_sizes_and_the_loss_at_the_start_are_those_of_the_network(digits: Dataset) -> None:
    model = examine(HEALTHY[0], SETTINGS, digits, 0).measured.model
    layers = {layer.name: layer for layer in model.layers}
    assert layers["conv1"].output == (16, 8, 8)
    assert layers["conv1"].parameters == 16 * (9 + 1)
    assert layers["hidden"].parameters == 32 * 2 * 2 * 64 + 64
    assert model.output == (10,)
    assert model.parameters == sum(layer.parameters for layer in model.layers)
    assert model.first_loss == pytest.approx(math.log(10), abs=0.1)


@pytest.mark.parametrize(
    ("changes", "kind"),
    [
        ({"loss": "softmax_twice"}, "loss_squashed"),
        ({"order": "by_class"}, "order"),
        ({"evaluation": "training_mode", "model__norm": "batch"}, "evaluation"),
        ({"evaluation": "training_mode", "model__dropout": 0.5}, "evaluation"),
        ({"evaluation": "shift_flip", "evaluation__pixels": 1, "evaluation__flip": False}, "evaluation"),
        ({"init": "normal", "init__std": 3.0}, "confident_start"),
    ],
)
def test_other_faults_that_the_settings_can_plant_are_named(
    digits: Dataset, changes: dict[str, Any], kind: str
) -> None:
    assert kind in [finding.kind for finding in found(digits, **changes) if finding.wrong]


def test_the_direction_of_a_slip_is_told(digits: Dataset) -> None:
    (finding,) = found(digits, labels="misaligned", labels__rows=2)
    assert "2 rows further down" in finding.sentence


def test_a_rate_that_is_too_high_is_no_fault_where_the_sweep_has_a_lower_one(digits: Dataset) -> None:
    settings = slots.complete(slots.override(SETTINGS, {"engine.device": "cpu", "optimizer.lr": 3.0}))
    assert check(settings, digits, 0, swept_rates=(3.0, 0.03)).wrong == ()
    (finding,) = check(settings, digits, 0, swept_rates=(3.0, 30.0)).wrong
    assert finding.kind == "rate"
    assert "0.03" in finding.remedy


def test_a_layer_that_the_settings_freeze_is_mentioned_but_no_fault(digits: Dataset) -> None:
    (finding,) = found(digits, init="sobel", init__fixed=True)
    assert (finding.kind, finding.wrong) == ("frozen", False)
    assert "conv1" in finding.sentence


def test_a_network_too_deep_for_its_inputs_is_told_in_words(digits: Dataset) -> None:
    (finding,) = found(digits, model__widths=(4, 4, 4, 4))
    assert finding.kind == "does_not_run"


def test_the_same_seed_gives_the_same_answer_and_leaves_the_generator_alone(digits: Dataset) -> None:
    state = torch.get_rng_state()
    first, second = (examine(DROPOUT, SETTINGS, digits, 5) for _ in range(2))
    assert first == second
    assert torch.equal(state, torch.get_rng_state())
