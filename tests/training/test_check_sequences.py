"""`suite check` on series, tokens and text: planted faults are named, nothing else is, and what is told is true."""

import dataclasses
import math
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from tiny import SERIES, TEXT, TOKENS, random_series, random_text, random_tokens

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))
from check_faults import examine, workloads
from planted_faults import FAULTS, HEALTHY, Case, fitting

from suite.spec import defaults, slots
from suite.spec.workload import load_workload
from suite.training import data_cache
from suite.training.checkup import Checkup, check
from suite.training.data_cache import Dataset
from suite.training.findings import find
from suite.training.loaded import load_examples
from suite.training.overfit import Attempt

WORKLOADS = {"series": "digits_rows_lstm", "tokens": "docstrings_lstm", "text": "topics_lm"}


def can_happen(cases: tuple[Case, ...], kind: str) -> list[tuple[str, Case]]:
    return [(kind, case) for case in fitting(cases, kind, load_workload(WORKLOADS[kind]).at("quick"))]


PLANTED = [planted for kind in WORKLOADS for planted in can_happen(FAULTS, kind)]
SOUND = [sound for kind in ("series", "tokens") for sound in can_happen(HEALTHY, kind)]


@pytest.fixture(scope="module")
def loaded(cache_dir: Path) -> dict[str, Dataset]:
    torch.set_num_threads(1)
    made = {}
    for name in workloads("sequences", "quick"):
        data = load_workload(name).data_settings
        made[name] = data_cache.load(data_cache.prepare(data, data_dirs=(), cache_dir=cache_dir))
    return made


def named(loaded: dict[str, Dataset], name: str, case: Case, seed: int) -> tuple[str, ...]:
    return tuple(finding.kind for finding in examine(case, load_workload(name).at("quick"), loaded[name], seed).wrong)


def checked(dataset: Dataset, base: Any, **changes: Any) -> Checkup:
    dotted = {key.replace("__", "."): value for key, value in changes.items()}
    settings = slots.complete(slots.override({**defaults.DEFAULTS, **base}, dotted))
    return check(settings, dataset, 0)


@pytest.mark.parametrize(("kind", "case"), PLANTED, ids=[f"{kind}: {case.title}" for kind, case in PLANTED])
def test_a_planted_fault_is_named_and_nothing_else_is(loaded: dict[str, Dataset], kind: str, case: Case) -> None:
    assert named(loaded, WORKLOADS[kind], case, 0) == case.named


@pytest.mark.parametrize(("kind", "case"), SOUND, ids=[f"{kind}: {case.title}" for kind, case in SOUND])
def test_a_healthy_set_up_raises_no_alarm(loaded: dict[str, Dataset], kind: str, case: Case) -> None:
    assert named(loaded, WORKLOADS[kind], case, 1) == ()


@pytest.mark.parametrize("name", workloads("sequences", "quick"))
def test_every_workload_as_it_is_starts_at_chance_and_learns_a_tiny_set(loaded: dict[str, Dataset], name: str) -> None:
    case = next(case for case in HEALTHY if not case.changes)
    checkup = examine(case, load_workload(name).at("quick"), loaded[name], 2)
    measured = checkup.measured
    assert checkup.findings == ()
    assert measured.model.first_loss == pytest.approx(math.log(measured.classes), abs=0.1)
    assert measured.overfit is not None
    assert measured.overfit.attempts[0].accuracy >= 0.95


def test_padding_has_no_part_in_the_range_of_values_and_is_not_missing() -> None:
    data = checked(random_series(), SERIES, preprocess="cut").measured.data
    raw = random_series().inputs
    there = raw[~raw.isnan()]
    assert data.not_finite == 0
    assert data.low >= there.min()
    assert data.high <= there.max()
    assert data.lengths is not None
    assert data.lengths.percentiles[0] == 3
    assert data.lengths.percentiles[-1] == 10
    assert 0.2 < data.lengths.padding < 0.5


def test_a_value_that_is_missing_within_a_series_is_no_padding() -> None:
    dataset = random_series()
    dataset.inputs[:, 1, 2] = torch.nan
    assert checked(dataset, SERIES, preprocess="cut").measured.data.not_finite == 200


def test_the_first_batch_is_as_long_as_its_longest_example() -> None:
    settings = slots.complete({**defaults.DEFAULTS, **TOKENS, "order": "by_length"})
    short = load_examples(settings, random_tokens(), 0)
    whole = load_examples({**settings, "engine.trim_padding": False}, random_tokens(), 0)
    assert short.batch.shape[1] == int((short.batch != 0).sum(dim=1).max()) < 12
    assert whole.batch.shape[1] == 12
    assert torch.equal(short.batch_targets, whole.batch_targets)


def test_tokens_are_counted_and_those_that_stand_for_nothing_are_named() -> None:
    dataset = random_tokens()
    tokens = checked(dataset, TOKENS).measured.data.tokens
    assert tokens is not None
    assert (tokens.vocabulary, tokens.unknown, tokens.outside) == (50, None, 0)
    found = checked(dataset._replace(vocabulary=("<pad>", "<unk>", *dataset.vocabulary[2:30])), TOKENS)
    assert {"token_range", "does_not_run"} <= {finding.kind for finding in found.wrong}
    assert found.measured.data.tokens is not None
    assert 0 < found.measured.data.tokens.unknown < 0.1


def test_labels_that_words_tell_nothing_of_are_named() -> None:
    dataset = random_tokens()
    order = torch.randperm(len(dataset.targets), generator=torch.Generator().manual_seed(3))
    (finding,) = checked(dataset._replace(targets=dataset.targets[order]), TOKENS).wrong
    assert finding.kind == "labels"
    assert "texts with like words share a label" in finding.sentence


@pytest.mark.parametrize(
    ("moved", "words"), [(0, "that place's own symbol at 100%"), (2, "the one after the next at 100%")]
)
def test_how_far_the_targets_of_a_text_are_off_is_told(moved: int, words: str) -> None:
    dataset = random_text()
    whole = torch.cat([dataset.inputs.flatten().long(), dataset.targets[-1, -1:], torch.tensor([1])])
    targets = whole[moved:][: dataset.inputs.numel()].view(dataset.inputs.shape)
    (finding,) = checked(dataset._replace(targets=targets), TEXT, optimizer="adam", optimizer__lr=0.02).wrong
    assert finding.kind == "labels"
    assert words in finding.sentence


def test_a_text_with_some_wrong_targets_gets_a_remark() -> None:
    dataset = random_text()
    targets = dataset.targets.clone()
    targets[:, ::5] = 1
    found = checked(dataset._replace(targets=targets), TEXT, optimizer="adam", optimizer__lr=0.02)
    assert [(finding.kind, finding.wrong) for finding in found.findings] == [("labels", False)]


def test_every_layer_of_a_recurrent_network_has_its_size_and_shared_weights_count_once() -> None:
    tied = {"model__tied": True, "model__embedding": 16, "optimizer": "adam", "optimizer__lr": 0.02}
    model = checked(random_text(), TEXT, **tied).measured.model
    layers = {layer.name: layer for layer in model.layers}
    assert model.problem == ""
    assert layers["embedding"].output == (12, 16)
    assert layers["recurrent1.forwards.cell"].output == (12, 16)
    assert model.output == model.wanted_output == (12, 20)
    assert layers["output"].gradient
    assert model.parameters == 20 * 16 + 20 + 8 * 16 * (16 + 1)


def test_a_network_without_a_score_for_each_place_is_told() -> None:
    assert {"output_size", "does_not_run"} & {
        finding.kind for finding in checked(random_text(), TEXT, model__pooling="mean", order="shuffled").wrong
    }


def test_a_rate_at_which_the_loss_shoots_up_is_too_high_if_a_tenth_of_it_is_as_quick() -> None:
    measured = checked(random_tokens(), TOKENS, optimizer="adam", optimizer__lr=0.02).measured
    wild = Attempt(
        factor=1.0, rate=1.0, rescue=False, first_loss=2.3, highest_loss=9.0, last_loss=0.1, accuracy=1.0,
        held_accuracy=0.1, steps=100,
    )  # fmt: skip
    for steps, kinds in ((100, ["rate"]), (101, [])):
        calm = dataclasses.replace(wild, factor=0.1, rate=0.1, highest_loss=2.3, steps=steps)
        overfit = dataclasses.replace(measured.overfit, attempts=(wild, calm))
        assert [finding.kind for finding in find(dataclasses.replace(measured, overfit=overfit))] == kinds
    swept = dataclasses.replace(
        measured,
        overfit=dataclasses.replace(measured.overfit, attempts=(wild, dataclasses.replace(calm, steps=9))),
        swept_rates=(1.0, 0.05),
    )
    assert [finding.wrong for finding in find(swept)] == [False]
