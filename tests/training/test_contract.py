"""What every mechanism and every workload must do, found by looking into their folders: new ones are tested as well."""

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tiny import (
    BOXES,
    EMBEDDINGS,
    PIXELS,
    SERIES,
    SETTINGS,
    TEXT,
    TOKENS,
    finish,
    made_up_weights,
    numbers,
    random_boxes,
    random_dataset,
    random_pixels,
    random_series,
    random_text,
    random_tokens,
    run,
    trial,
)

from suite.spec import slots
from suite.spec.ablation import find_ablations, load_ablation
from suite.spec.signatures import REQUIRED
from suite.spec.workload import find_workloads, load_workload
from suite.training.data_cache import Dataset
from suite.training.engine import train

VALUES: dict[str, Any] = {
    **{"lr": 0.01, "max_norm": 1.0, "t_max": 3, "count": 5, "epochs": 1},
    **{"embedding": 8, "hidden": 16},
}
"""For required arguments of mechanisms, by argument name."""

ONE_BY_ONE = {
    **{"engine.batch_size": 1, "engine.train_examples": 2},
    **{"engine.validation_examples": 1, "engine.evaluation_batch_size": 1},
}
SMALLER: dict[str, dict[str, Any]] = {
    "fcos_resnet50": {**ONE_BY_ONE, "model.resolution": 64},
    "retinanet_resnet50": {**ONE_BY_ONE, "model.resolution": 64},
    "ssd300_vgg16": ONE_BY_ONE,
}
"""For networks that were made for a GPU. The SSD has one size only: its tests are slow ones."""

SITUATIONS: dict[tuple[str, str], dict[str, Any]] = {
    ("pretraining", "imagenet"): {"model": "resnet18", "model.resolution": 32},
    ("pretraining", "other_classes"): {"classes": "first", "classes.count": 5},
    **{("model", name): {**settings, "optimizer.lr": 1e-4} for name, settings in SMALLER.items()},
    ("augment", "multi_scale"): {"model": "deep_cnn"},
    ("evaluation", "multi_scale"): {"model": "deep_cnn"},
}
"""What a mechanism needs beside it."""

SHAPES: dict[str, tuple[int, ...]] = {
    "digits": (8, 8, 1),
    "glyphs": (16, 16, 1),
    "fashion_mnist": (28, 28, 1),
    "cifar10": (32, 32, 3),
    "words": (12, 36, 1),
    "scenes": (64, 64, 1),
    "bccd": (120, 160, 3),
    "cells_and_cards": (120, 160, 3),
    "playing_cards": (128, 128, 3),
    "nuclei": (96, 96, 1),
    "unseen_glyphs": (20, 20, 1),
    "omniglot": (28, 28, 1),
    "camvid": (90, 120, 3),
    "voc2007": (300, 300, 3),
    "oxford_pet": (128, 128, 3),
    "fashion_rows": (14, 70, 1),
    "digits_rows": (8, 8),
    "mnist1d": (10, 4),
    "japanese_vowels": (29, 12),
    **dict.fromkeys(("docstrings", "imdb", "movie_review", "sst", "trec"), ()),
    **dict.fromkeys(("tiny_shakespeare", "topics", "wikitext2"), ()),
}
"""(H, W, C) of images, (T, C) of series, nothing of tokens: the data sets that workloads name."""

TWO_STEPS = {
    "engine.epochs": 1,
    "engine.batch_size": 32,
    "engine.train_examples": 64,
    "engine.validation_examples": 32,
    "engine.evaluation_batch_size": 32,
    "engine.device": "cpu",
}
KINDS = {
    "images": (SETTINGS, random_dataset(pool=400)),
    "series": (SERIES, random_series()),
    "tokens": (TOKENS, random_tokens()),
    "text": (TEXT, random_text()),
    "boxes": (BOXES, random_boxes()),
    "pixels": (PIXELS, random_pixels()),
    "likes": (EMBEDDINGS, random_dataset(pool=400)),
}
KIND = {
    ("preprocess", "standardize_series"): "series",
    ("preprocess", "cut"): "tokens",
    ("model", "rnn"): "tokens",
    ("order", "by_length"): "tokens",
    ("order", "streams"): "text",
    ("task", "continuation"): "text",
    **{("model", name): "boxes" for name in SMALLER},
    **dict.fromkeys([("model", "detector"), ("task", "detection"), ("loss", "detection"), ("loss", "fcos")], "boxes"),
    ("pretraining", "yes_no"): "boxes",
    ("pretraining", "itself"): "boxes",
    **dict.fromkeys([("model", "embedder"), ("task", "retrieval"), ("loss", "triplet")], "likes"),
    **dict.fromkeys(
        [("loss", "head_cross_entropy"), ("pretraining", "classification"), ("split", "by_class")], "likes"
    ),
    **dict.fromkeys([("model", "segmenter"), ("task", "segmentation")], "pixels"),
}
"""What a mechanism is for, if not for images."""

MECHANISMS = [(slot, name) for slot in slots.SLOTS if slot != "data" for name in slots.mechanisms(slot)]
WORKLOADS = [(path.stem, scale) for path in find_workloads() for scale in load_workload(path.stem).scales]


def trained(cases: list[tuple[str, str]]) -> list[Any]:
    """With those of the SSD marked as slow."""
    heavy = {("model", "ssd300_vgg16"), *((f"{data}_ssd", "full") for data in ("bccd", "voc2007", "cells_and_cards"))}
    return [pytest.param(*case, marks=pytest.mark.slow if case in heavy else ()) for case in cases]


@pytest.fixture(autouse=True, scope="module")
def weights_in_torch_s_folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Made up, in place of ImageNet's: nothing is fetched."""
    folder = tmp_path_factory.mktemp("torch")
    with pytest.MonkeyPatch.context() as patch:
        for network in ("resnet18", "resnet50"):
            made_up_weights(folder, patch, network)
        yield


def required_arguments(slot: str, mechanism: str) -> dict[str, Any]:
    names = [item.name for item in slots.arguments(slot, mechanism).values() if item.default is REQUIRED]
    unknown = [name for name in names if name not in VALUES]
    assert not unknown, f"{slot}/{mechanism} requires {unknown}: add values for them to VALUES in {__file__}"
    return {f"{slot}.{name}": VALUES[name] for name in names} | SITUATIONS.get((slot, mechanism), {})


def two_steps(settings: dict[str, Any]) -> dict[str, Any]:
    """Two steps of the workload's settings."""
    return {**settings, **TWO_STEPS, **SMALLER.get(str(settings["model"]), {})}


def random_data(settings: dict[str, Any]) -> Dataset:
    """As the workload's own data set is, in kind and shape."""
    assert settings["data"] in SHAPES, f"add the shape of {settings['data']} to SHAPES in {__file__}"
    shape = SHAPES[settings["data"]]
    if settings["task"] == "detection":
        return random_boxes((shape[0], shape[1], shape[2]), first=settings.get("classes.count", 5))
    if settings["task"] == "segmentation":
        return random_pixels((shape[0], shape[1], shape[2]))
    if len(shape) == 3:
        return random_dataset((shape[0], shape[1], shape[2]), pool=400)
    if len(shape) == 2:
        return random_series((shape[0], shape[1]))
    return random_text() if settings["task"] == "continuation" else random_tokens()


def takes_two_steps_twice_alike(settings: dict[str, Any], dataset: Dataset) -> None:
    first, second = (run(dataset, base=settings, seed=5) for _ in range(2))
    assert first.status == "completed", first.reason
    if settings.get("balance", "as_given") == "as_given":  # others leave examples out
        assert [epoch.examples for epoch in first.epochs] == [settings["engine.train_examples"]]
    measured = [value for epoch in first.epochs for value in (epoch.train_loss, epoch.val_loss, epoch.gradient_norm)]
    assert all(math.isfinite(value) for value in [*measured, *first.measurements.values()])
    assert numbers(first) == numbers(second)


@pytest.mark.parametrize(("slot", "mechanism"), trained(MECHANISMS))
def test_every_mechanism_takes_two_steps_with_the_same_result_twice(slot: str, mechanism: str) -> None:
    chosen = {slot: mechanism, **required_arguments(slot, mechanism)}
    base, data = KINDS[KIND.get((slot, mechanism), "images")]
    takes_two_steps_twice_alike(slots.override({**base, **TWO_STEPS}, chosen), data)


@pytest.mark.parametrize(
    ("slot", "mechanism", "argument", "choice"),
    [
        (slot, mechanism, argument.name, choice)
        for slot, mechanism in MECHANISMS
        for argument in slots.arguments(slot, mechanism).values()
        for choice in argument.choices
    ],
)
def test_every_choice_that_an_argument_lists_takes_two_steps(
    slot: str, mechanism: str, argument: str, choice: Any
) -> None:
    base, data = KINDS["text" if (argument, choice) == ("pooling", "none") else KIND.get((slot, mechanism), "images")]
    chosen = {slot: mechanism, **required_arguments(slot, mechanism), f"{slot}.{argument}": choice}
    takes_two_steps_twice_alike(slots.override({**base, **TWO_STEPS}, chosen), data)


@pytest.mark.parametrize(("workload", "scale"), trained(WORKLOADS))
def test_every_workload_takes_two_steps_at_each_of_its_scales(workload: str, scale: str) -> None:
    settings = two_steps(load_workload(workload).at(scale))
    takes_two_steps_twice_alike(settings, random_data(settings))


@pytest.mark.parametrize(("workload", "scale"), WORKLOADS)
def test_every_workload_has_a_full_batch_to_train_on_at_each_of_its_scales(workload: str, scale: str) -> None:
    settings = load_workload(workload).at(scale)
    assert settings["engine.train_examples"] >= settings["engine.batch_size"]


@pytest.mark.parametrize(("workload", "scale"), trained(WORKLOADS))
def test_a_tuning_trial_of_every_workload_measures_validation_and_no_test(workload: str, scale: str) -> None:
    settings = two_steps(load_workload(workload).at(scale))
    wanted = trial(base=settings, purpose="tuning")
    result = finish(train(wanted, dataset=random_data(settings)))
    assert {f"val_{result.metric_name}", "val_loss"} <= set(result.measurements)
    assert not [name for name in result.measurements if name.startswith("test")]
    assert result.trial_id == wanted.id


@pytest.mark.parametrize("path", find_ablations(Path(__file__).parents[2] / "ablations"), ids=lambda path: path.stem)
def test_every_arm_of_every_ablation_takes_two_steps(path: Path) -> None:
    ablation = load_ablation(str(path))
    scale = min(ablation.workloads, key=("quick", "standard", "full").index)
    workload = load_workload(ablation.workloads[scale][0])
    for arm, changes in ablation.arms.items():
        swept = {key: values[-1] for key, values in ablation.swept(arm).items()}
        settings = workload.at(scale)
        for layer in (ablation.settings, changes, swept, {"engine.train_share": 1.0}):
            settings = slots.override(settings, layer)
        short = two_steps(settings)
        if settings.get("pretraining") == "other_classes":
            short |= {"pretraining.epochs": 1, "pretraining.examples": short["engine.train_examples"]}
        result = run(random_data(settings), base=short, purpose="tuning")
        assert len(result.epochs) == 1, f"{arm}: {result.reason}"
