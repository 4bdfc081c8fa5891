"""`suite check` on maps of classes: planted faults are named, nothing else is, and what is told is true."""

import sys
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))
from planted_faults import forgotten_layer, frozen_layer, mixed, no_zero_grad, rolled

from suite.spec import defaults, slots
from suite.training.checkup import Checkup, check_parts
from suite.training.data import scenes
from suite.training.data_cache import Dataset
from suite.training.fetch import Fetch
from suite.training.loaded import Loaded, load_examples
from suite.training.overfit import Parts, make_parts
from suite.training.targets import VOID

SETTINGS: dict[str, Any] = {
    "data": "scenes",
    "preprocess": "standardize",
    "model": "segmenter",
    "model.widths": (8, 16),
    "init": "torch_default",
    "task": "segmentation",
    "loss": "cross_entropy",
    "optimizer": "adam",
    "optimizer.lr": 0.02,
    "schedule": "cosine",
    "engine.device": "cpu",
    "engine.epochs": 2,
    "engine.batch_size": 8,
    "engine.train_examples": 150,
    "engine.validation_examples": 40,
}


@cache
def dataset() -> Dataset:
    made = scenes.build(
        Fetch(folders=(), staging=Path()),
        letters="HO",
        annotate="pixels",
        pool_examples=200,
        test_examples=1,
        pixels=24,
        objects=2,
        smallest=10.0,
        largest=20.0,
        noise=0.02,
    )
    made.targets[:, 0, :3] = VOID
    return made


def as_it_is(given: Any) -> Any:
    return given


def checked(
    spoil_data: Callable[[Loaded], Loaded] = as_it_is, spoil_parts: Callable[[Parts], Parts] = as_it_is, **changes: Any
) -> Checkup:
    dotted = {key.replace("__", "."): value for key, value in changes.items()}
    settings = slots.complete(slots.override({**defaults.DEFAULTS, **SETTINGS}, dotted))
    torch.set_num_threads(1)
    loaded = spoil_data(load_examples(settings, dataset(), 0))
    made = make_parts(settings, loaded, 0)
    return check_parts(lambda: spoil_parts(made()), loaded, 0)


def across_the_image(parts: Parts) -> Parts:
    """Softmax over the image's rows."""

    def loss(outputs: Tensor, targets: Tensor) -> Tensor:
        classes = targets.long().clamp_min(0)[:, None]
        return -outputs.float().log_softmax(dim=2).gather(1, classes).mean()

    return replace(parts, criterion=loss)


def a_score_for_the_image(parts: Parts) -> Parts:
    """A classifier's network: one score for each class, and none for each pixel."""
    return replace(parts, model=torch.nn.Sequential(parts.model, torch.nn.AdaptiveAvgPool2d(1)))


def beyond_the_last(loaded: Loaded) -> Loaded:
    targets = loaded.targets.clone()
    targets[0, 5, 5] = 3
    return replace(loaded, targets=targets)


def test_a_segmenter_learns_eight_images_by_heart_and_nothing_is_wrong() -> None:
    found = checked()
    assert found.findings == ()
    learnt, data = found.measured.overfit, found.measured.data
    assert learnt is not None
    assert (learnt.examples, learnt.measure) == (8, "mean IoU")
    assert learnt.best.accuracy >= 0.9
    assert data.kind == "pixels"
    assert sum(data.counts) == 150 * (24**2 - 3)
    assert data.agreement.share > 0.9 > 0.5 == data.agreement.chance
    model = found.measured.model
    assert model.output == model.wanted_output == (3, 24, 24)
    assert model.loss is not None
    assert model.loss.even == pytest.approx(torch.log(torch.tensor(3.0)))
    assert model.loss.alone == pytest.approx(model.loss.together)


@pytest.mark.parametrize(
    ("kind", "words", "spoilt"),
    [
        ("labels", "shifted", {"spoil_data": rolled}),
        ("labels", "shifted", {"labels": "misaligned"}),
        ("labels", "do not go with their inputs", {"spoil_data": mixed}),
        ("frozen", "requires_grad", {"spoil_parts": frozen_layer}),
        ("frozen", "was not given", {"spoil_parts": forgotten_layer}),
        ("zero_grad", "old gradients", {"spoil_parts": no_zero_grad}),
        ("loss_axis", "dim=1 of scores of shape (n, classes, H, W)", {"spoil_parts": across_the_image}),
        ("input_scale", "0 to 255", {"preprocess": "raw"}),
    ],
)
def test_a_planted_fault_is_named_and_nothing_else_is(kind: str, words: str, spoilt: dict[str, Any]) -> None:
    wrong = checked(**spoilt).wrong
    assert [finding.kind for finding in wrong] == [kind]
    assert words in f"{wrong[0].sentence} {wrong[0].remedy}"


def test_a_class_that_is_none_is_told_before_what_it_causes() -> None:
    wrong = checked(spoil_data=beyond_the_last).wrong
    assert [finding.kind for finding in wrong] == ["label_range", "does_not_run"]


def test_a_network_without_a_score_for_each_pixel_is_told() -> None:
    found = checked(spoil_parts=a_score_for_the_image)
    assert "cannot be trained" in found.wrong[0].sentence


def test_a_rate_at_which_nothing_is_learnt_is_told() -> None:
    (fault,) = checked(optimizer="sgd", optimizer__lr=1e4).wrong
    assert fault.kind in ("rate", "overfit")
