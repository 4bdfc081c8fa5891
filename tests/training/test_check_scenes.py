"""`suite check` on objects, pixels and likes: planted faults are named, healthy set-ups raise no alarm."""

from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from suite.report.figures.overlays import overlaid
from suite.spec import slots
from suite.spec.workload import load_workload
from suite.training import checkup
from suite.training.data import scenes, unseen_glyphs
from suite.training.data_cache import Dataset
from suite.training.data_findings import label_findings
from suite.training.fetch import Fetch
from suite.training.inspect_data import inspect_data
from suite.training.loaded import Loaded, load_examples
from suite.training.overfit import keeps_old_gradients, make_parts

NOWHERE = Fetch(folders=(), staging=Path())
SIZES = {"engine.device": "cpu", "engine.train_examples": 300, "engine.validation_examples": 60}
WORKLOADS = ("scenes_detector", "scenes_unet", "glyph_retrieval")


@cache
def data(workload: str) -> Dataset:
    build = unseen_glyphs.build if workload == "glyph_retrieval" else scenes.build
    chosen = load_workload(workload).at("quick")
    given = {key.removeprefix("data."): value for key, value in chosen.items() if key.startswith("data.")}
    sizes: dict[str, Any] = {"pool_examples": 420, "test_examples": 10}
    return build(NOWHERE, **{**given, **sizes})  # type: ignore[operator]


def settings(workload: str, **faults: Any) -> dict[str, Any]:
    dotted = {key.replace("__", "."): value for key, value in faults.items()}
    chosen = slots.override(load_workload(workload).at("quick"), {**SIZES, **dotted})
    return dict(slots.complete(chosen))


def loaded(workload: str, **faults: Any) -> Loaded:
    return load_examples(settings(workload, **faults), data(workload), 0)


@pytest.mark.parametrize("workload", WORKLOADS)
def test_a_healthy_set_up_raises_no_alarm_and_learns_a_few_images_by_heart(workload: str) -> None:
    found = checkup.check(settings(workload), data(workload), 0)
    assert found.wrong == ()
    assert found.measured.overfit.attempts[0].learnt, "at its own rate, by its own optimiser"
    if workload != "glyph_retrieval":
        assert found.measured.overfit.examples == 8


@pytest.mark.parametrize("workload", WORKLOADS)
def test_targets_of_other_images_are_seen(workload: str) -> None:
    (found,) = label_findings(inspect_data(loaded(workload, labels="misaligned")), None)
    assert found.wrong
    assert "shifted" in found.sentence
    assert not list(label_findings(inspect_data(loaded(workload)), None))


@pytest.mark.parametrize("workload", WORKLOADS)
def test_gradients_that_pile_up_are_seen(workload: str) -> None:
    examples = loaded(workload)
    healthy, faulty = (make_parts(settings(workload, gradients=kind), examples, 0) for kind in ("none", "never_zeroed"))
    assert keeps_old_gradients(healthy, examples, 0) == 0.0
    assert keeps_old_gradients(faulty, examples, 0) > 0.05


@pytest.mark.slow
def test_a_rate_100_times_too_high_is_seen() -> None:
    found = checkup.check(settings("scenes_detector", optimizer__lr=0.5), data("scenes_detector"), 0)
    assert {finding.kind for finding in found.wrong} == {"rate"}


def test_examples_to_learn_by_heart_have_others_of_their_class() -> None:
    _, labels = loaded("glyph_retrieval").some(slice(32))
    assert (torch.unique(labels, return_counts=True)[1][:-1] > 1).all()  # of the last class there may be more behind


def test_a_batch_of_which_some_have_no_company_is_learnt_too() -> None:
    changes = {"order": "shuffled", "engine.batch_size": 32}
    few = loaded("glyph_retrieval", **changes)
    assert 0 < few.available < 32
    assert (torch.unique(few.some(slice(32))[1], return_counts=True)[1] > 1).all()
    found = checkup.check(settings("glyph_retrieval", **changes), data("glyph_retrieval"), 0)
    assert found.measured.overfit.examples == few.available
    assert found.measured.overfit.attempts[0].steps > 0


def test_boxes_and_pixels_are_drawn_where_they_are() -> None:
    images = np.zeros((1, 10, 12, 1))
    boxes = np.array([[[1.0, 2, 3, 8, 9], [-1, 0, 0, 0, 0]]])
    drawn = overlaid(images, boxes, 3)
    coloured = drawn[0].sum(axis=2) > 0
    assert drawn.shape == (1, 30, 36, 3)
    assert np.flatnonzero(coloured.any(axis=0))[[0, -1]].tolist() == [6, 23]
    assert np.flatnonzero(coloured.any(axis=1))[[0, -1]].tolist() == [9, 26]
    assert not coloured[13:22, 10:20].any()
    maps = np.zeros((1, 10, 12), dtype=np.int16)
    maps[0, 4, 5], maps[0, 0, 0] = 2, -1
    veiled = overlaid(images, maps, 3)[0].sum(axis=2) > 0
    assert (veiled[12:15, 15:18]).all()
    assert veiled.sum() == 9


def test_pixels_without_a_class_are_darker_than_those_of_the_first_one() -> None:
    images = np.linspace(0, 1, 16).reshape(1, 4, 4, 1)
    maps = np.zeros((1, 4, 4), dtype=np.int16)
    maps[0, 3, 3] = -1
    drawn = overlaid(images, maps, 3)[0]
    assert (drawn[9:, :9] > drawn[9:, 9:].max()).all()
