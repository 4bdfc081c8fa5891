"""Trials that take a fraction of a second, and data sets to go with them."""

import dataclasses
import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import torch
from torchvision.models import resnet18, resnet50, vgg16

from suite.spec import defaults, slots
from suite.spec.trials import Trial
from suite.training.data_cache import Dataset
from suite.training.engine import Training, train
from suite.training.pretraining import imagenet
from suite.trial_result import EpochRecord, Purpose, TrialResult

SETTINGS: Mapping[str, Any] = {
    "data": "digits",
    "preprocess": "standardize",
    "model": "cnn",
    "model.widths": (4, 8),
    "model.hidden": 16,
    "init": "torch_default",
    "task": "classification",
    "loss": "cross_entropy",
    "optimizer": "sgd",
    "optimizer.lr": 0.05,
    "schedule": "cosine",
    "engine.device": "cpu",
    "engine.epochs": 2,
    "engine.batch_size": 32,
    "engine.train_examples": 200,
    "engine.validation_examples": 100,
}

RECURRENT = {"model": "rnn", "model.embedding": 8, "model.hidden": 16, "preprocess": "cut"}
SERIES: Mapping[str, Any] = {**slots.override(SETTINGS, RECURRENT), "preprocess": "standardize_series"}
TOKENS: Mapping[str, Any] = slots.override(SETTINGS, RECURRENT)
TEXT: Mapping[str, Any] = {
    **TOKENS,
    "model.pooling": "none",
    "task": "continuation",
    "split": "contiguous",
    "order": "streams",
}
BOXES: Mapping[str, Any] = {
    **slots.override(SETTINGS, {"model": "detector", "model.widths": (4, 8, 8), "model.branches": (4, 8)}),
    **{"task": "detection", "loss": "detection"},
}
PIXELS: Mapping[str, Any] = {
    **slots.override(SETTINGS, {"model": "segmenter", "model.widths": (4, 8)}),
    **{"task": "segmentation"},
}
EMBEDDINGS: Mapping[str, Any] = {
    **slots.override(SETTINGS, {"model": "embedder", "model.widths": (4, 8)}),
    **{"task": "retrieval", "loss": "head_cross_entropy", "order": "class_groups"},
}
"""`SETTINGS` for the data sets below: series, tokens to be classified, text to be continued, boxes, pixels, and images
whose likes are to be found."""


def trial(
    *, seed: int = 3, purpose: Purpose = "evaluation", base: Mapping[str, Any] = SETTINGS, **changes: Any
) -> Trial:
    """`SETTINGS` with changes; a key's dot is written as two underscores."""
    dotted = {key.replace("__", "."): value for key, value in changes.items()}
    settings = slots.complete(slots.override({**defaults.DEFAULTS, **base}, dotted))
    return Trial(settings=settings, seed=seed, purpose=purpose, data_fingerprint="tiny")


def finish(training: Training) -> TrialResult:
    """The result of a generator that may have begun."""
    while True:
        try:
            next(training)
        except StopIteration as end:
            return end.value


def run(dataset: Dataset, **changes: Any) -> TrialResult:
    return finish(train(trial(**changes), dataset=dataset))


def numbers(result: TrialResult) -> dict[str, Any]:
    """All that a trial measured, but for times."""
    record = dataclasses.asdict(result)
    record["measurements"] = {key: value for key, value in record["measurements"].items() if "second" not in key}
    record["epochs"] = [without_seconds(epoch) for epoch in result.epochs]
    return record


def without_seconds(epoch: EpochRecord) -> dict[str, Any]:
    return {key: value for key, value in dataclasses.asdict(epoch).items() if key != "seconds"}


def random_dataset(
    shape: tuple[int, int, int] = (8, 8, 1), *, pool: int = 160, test: int = 40, classes: int = 10, seed: int = 0
) -> Dataset:
    """Noise of the shape (H, W, C), with a bright corner that depends on the class."""
    generator = torch.Generator().manual_seed(seed)
    inputs = torch.randint(0, 200, (pool + test, *shape), generator=generator, dtype=torch.uint8)
    targets = torch.randint(0, classes, (pool + test,), generator=generator)
    inputs[:, 0, 0] = (25 * targets[:, None]).to(torch.uint8)
    names = tuple(str(label) for label in range(classes))
    return Dataset(inputs[:pool], targets[:pool], inputs[pool:], targets[pool:], names)


def random_series(shape: tuple[int, int] = (10, 3), *, pool: int = 400, test: int = 40, classes: int = 10) -> Dataset:
    """Noise of the shape (T, C) and of unequal length, at a level that depends on the class."""
    generator = torch.Generator().manual_seed(0)
    targets = torch.randint(0, classes, (pool + test,), generator=generator)
    inputs = torch.randn(pool + test, *shape, generator=generator) + targets[:, None, None]
    lengths = torch.randint(3, shape[0] + 1, (pool + test,), generator=generator)
    inputs[torch.arange(shape[0]) >= lengths[:, None]] = torch.nan
    names = tuple(str(label) for label in range(classes))
    return Dataset(inputs[:pool], targets[:pool], inputs[pool:], targets[pool:], names)


def random_tokens(length: int = 12, *, pool: int = 400, test: int = 40, classes: int = 10) -> Dataset:
    """Words of unequal number, among them one that depends on the class."""
    generator = torch.Generator().manual_seed(0)
    targets = torch.randint(0, classes, (pool + test,), generator=generator)
    inputs = torch.randint(1, 50, (pool + test, length), generator=generator, dtype=torch.int16)
    inputs[:, 1] = (2 + targets).to(torch.int16)
    lengths = torch.randint(3, length + 1, (pool + test,), generator=generator)
    inputs[torch.arange(length) >= lengths[:, None]] = 0
    words = tuple(f"word{number}" for number in range(50))
    names = tuple(str(label) for label in range(classes))
    return Dataset(inputs[:pool], targets[:pool], inputs[pool:], targets[pool:], names, vocabulary=words)


def random_boxes(
    shape: tuple[int, int, int] = (16, 16, 1), *, pool: int = 200, test: int = 20, classes: int = 10, first: int = 5
) -> Dataset:
    """Noise with up to four boxes in each picture, a fifth to half as large as it; in every second one all are of the
    `first` few classes."""
    images = random_dataset(shape, pool=pool, test=test)
    height, width, _ = shape

    def boxes(n: int, seed: int) -> torch.Tensor:
        draw = torch.Generator().manual_seed(seed)
        kind = torch.randint(0, first, (n, 4, 1), generator=draw) + first * (torch.arange(n) % 2)[:, None, None]
        unit = torch.tensor([width, height]) / 16
        corner = torch.rand(n, 4, 2, generator=draw) * 12 * unit
        far = torch.minimum(corner + (3 + 5 * torch.rand(n, 4, 2, generator=draw)) * unit, 16 * unit)
        result = torch.cat([kind.float(), corner, far], dim=2)
        result[torch.rand(n, 4, generator=draw) < 0.3] = torch.tensor([-1.0, 0, 0, 0, 0])
        return result

    names = tuple(str(kind) for kind in range(classes))
    return Dataset(images.inputs, boxes(pool, 1), images.test_inputs, boxes(test, 2), names)


def random_pixels(shape: tuple[int, int, int] = (16, 16, 1), *, pool: int = 200, test: int = 20) -> Dataset:
    """Noise, with ten classes of pixels and a few VOID ones."""
    images, draw = random_dataset(shape, pool=pool, test=test), torch.Generator().manual_seed(1)
    maps = [torch.randint(-1, 10, (n, *shape[:2]), generator=draw).to(torch.int16) for n in (pool, test)]
    return Dataset(images.inputs, maps[0], images.test_inputs, maps[1], images.classes)


def random_text(length: int = 12, *, pool: int = 400, test: int = 40, symbols: int = 20) -> Dataset:
    """A text in which each symbol is the one before plus one or two, in windows."""
    steps = torch.randint(1, 3, ((pool + test) * length + 1,), generator=torch.Generator().manual_seed(0))
    text = 1 + steps.cumsum(dim=0) % (symbols - 1)
    inputs, targets = text[:-1].view(-1, length).to(torch.int16), text[1:].view(-1, length)
    signs = tuple("·abcdefghijklmnopqrstuvwxyz"[:symbols])
    return Dataset(inputs[:pool], targets[:pool], inputs[pool:], targets[pool:], signs, vocabulary=signs, separator="")


def made_up_weights(folder: Path, patch: pytest.MonkeyPatch, network: str = "resnet18") -> dict[str, torch.Tensor]:
    """A ResNet-18, a ResNet-50 or a VGG-16 as ImageNet's, in a TORCH_HOME of its own; without counters of batches, as
    torchvision's files are."""
    builder = {"resnet18": resnet18, "resnet50": resnet50, "vgg16": vgg16}[network]
    fresh = {name: value for name, value in builder().state_dict().items() if "num_batches" not in name}
    state = {name: value + 0.02 * torch.rand_like(value) for name, value in fresh.items()}  # norms' as well
    state = {name: value for name, value in state.items() if not name.startswith("classifier.0")}  # most of the file
    checkpoints = folder / "hub" / "checkpoints"
    checkpoints.mkdir(parents=True, exist_ok=True)
    torch.save(state, checkpoints / "weights.pth")
    digits = hashlib.sha256((checkpoints / "weights.pth").read_bytes()).hexdigest()[:8]
    (checkpoints / "weights.pth").rename(checkpoints / f"{network}-{digits}.pth")
    patch.setenv("TORCH_HOME", str(folder))
    key = next(name for name in imagenet.PUBLISHED if name.startswith(network))
    file = dataclasses.replace(imagenet.PUBLISHED[key], url=f"https://example.org/{network}-{digits}.pth")
    patch.setitem(imagenet.PUBLISHED, key, file)
    return state
