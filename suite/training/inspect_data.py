"""What the loader really gives: shapes, ranges, class balance, and whether the labels go with the inputs."""

import math
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from suite.training.batches import Order
from suite.training.build import arguments, bind
from suite.training.data_cache import Dataset
from suite.training.examples import Device, Examples
from suite.training.rows import split_rows
from suite.training.streams import stream
from suite.trial_result import Settings

MOST, MOST_HELD = 2000, 1000
"""Examples looked at, of training and of validation: enough for every question asked here."""
_SIZES = ("train_examples", "validation_examples", "train_share", "validation_share")
_DEVICE = Device(name="cpu", precision="fp32", layout=torch.channels_last)
_NEIGHBOURS = 5
_SHIFTS = (-3, -2, -1, 1, 2, 3)


@dataclass(frozen=True, kw_only=True)
class Loaded:
    """Examples as the engine would train on them. `rows` are places in the data set, whose labels are `stored`."""

    inputs: Tensor
    """After preprocessing: images (n, C, H, W), tokens (n, T) or series (n, T, C)."""
    shape: tuple[int, ...]
    """What the network is built for."""
    targets: Tensor
    rows: Tensor
    held_inputs: Tensor
    held_targets: Tensor
    stored: Tensor
    """(N,): the label of every row, in stored order, as training and validation use them."""
    batch: Tensor
    """The first batch of the first epoch: in its order, augmented."""
    batch_targets: Tensor
    classes: tuple[str, ...]
    batch_size: int


@dataclass(frozen=True, kw_only=True)
class Agreement:
    """How often an image and its nearest neighbours have the same label."""

    share: float
    chance: float
    """The same for labels dealt out at random."""
    deviation: float
    """Standard deviation of `share` if the labels were dealt out at random."""

    @property
    def z(self) -> float:
        """Distance from chance, in standard deviations."""
        return (self.share - self.chance) / self.deviation


@dataclass(frozen=True, kw_only=True)
class DataFacts:
    """What a look at the data shows. Ranges are of the inputs as the network gets them."""

    examples: int
    shape: tuple[int, ...]
    batch_shape: tuple[int, ...]
    dtype: str
    low: float
    high: float
    mean: float
    deviation: float
    not_finite: int
    counts: tuple[int, ...]
    """Examples per class, among those looked at."""
    labels_out_of_range: int
    batch_classes: int
    """Different classes in the first batch."""
    batch_expected: float
    """The same, expected of a random batch of that size."""
    agreement: Agreement
    shift: int
    """The shift of the rows at which labels go with inputs best; 0 if none beats what is there."""
    shift_agreement: Agreement


def load_examples(settings: Settings, dataset: Dataset, seed: int) -> Loaded:
    """The engine's split, labels, preprocessing, order and augmentation, for at most MOST examples of each part.

    Raises ValueError if the data set has too few.
    """
    engine = arguments(settings, "engine")
    sizes = {name: engine[name] for name in _SIZES if name in engine}
    split = split_rows(settings, dataset, seed, **sizes)
    all_rows, labels = split.train, split.labels
    rows, held = all_rows[:MOST], split.validation[:MOST_HELD]
    preprocess = bind(settings, "preprocess", dataset.inputs[all_rows])
    batch_size = min(int(engine["batch_size"]), len(all_rows))
    known = (len(split.classes), len(dataset.vocabulary))
    examples = Examples(preprocess(dataset.inputs[all_rows]), labels[all_rows], *known)
    order: Order = bind(settings, "order", examples, all_rows, batch_size)
    places = order.epoch(stream(seed, "order"))[:batch_size]
    batch, augment = _DEVICE.images(examples.inputs[places]), bind(settings, "augment")
    if augment is not None:
        batch = augment(batch, stream(seed, "augment"))
    return Loaded(
        inputs=_DEVICE.images(examples.inputs[:MOST]),
        shape=examples.shape,
        targets=labels[rows],
        rows=rows,
        held_inputs=_DEVICE.images(preprocess(dataset.inputs[held])),
        held_targets=labels[held],
        stored=labels,
        batch=batch,
        batch_targets=examples.targets[places],
        classes=split.classes,
        batch_size=batch_size,
    )


def inspect_data(loaded: Loaded) -> DataFacts:
    """Looks at the examples; trains nothing."""
    inputs, classes = loaded.inputs, len(loaded.classes)
    finite = inputs[torch.isfinite(inputs)].double()
    inside = (loaded.targets >= 0) & (loaded.targets < classes)
    counts = torch.bincount(loaded.targets[inside], minlength=classes)
    shares, size = counts / counts.sum().clamp_min(1), len(loaded.batch_targets)
    agreement, shift, shifted = _agreements(loaded)
    return DataFacts(
        examples=len(inputs),
        shape=tuple(inputs.shape[1:]),
        batch_shape=tuple(loaded.batch.shape),
        dtype=str(inputs.dtype).removeprefix("torch."),
        low=float(finite.min()) if len(finite) else math.nan,
        high=float(finite.max()) if len(finite) else math.nan,
        mean=float(finite.mean()) if len(finite) else math.nan,
        deviation=float(finite.std(correction=0)) if len(finite) else math.nan,
        not_finite=inputs.numel() - len(finite),
        counts=tuple(counts.tolist()),
        labels_out_of_range=int((~inside).sum()),
        batch_classes=len(set(loaded.batch_targets.tolist())),
        batch_expected=float((1 - (1 - shares) ** size).sum()),
        agreement=agreement,
        shift=shift,
        shift_agreement=shifted,
    )


def _agreements(loaded: Loaded) -> tuple[Agreement, int, Agreement]:
    """With the labels as they are; then the shift at which labels and inputs agree best, and how well.

    A slip of one row is undone by slipping back. Labels may have slipped in the stored data set, or in the loader.
    """
    near = _nearest(loaded.inputs)
    best = own = _agreement(loaded.targets, near)
    best_shift = 0
    for shift, labels in _shifted(loaded):
        candidate = _agreement(labels, near)
        if candidate.share > best.share:
            best, best_shift = candidate, shift
    return own, best_shift, best


def _shifted(loaded: Loaded) -> Iterator[tuple[int, Tensor]]:
    for shift in _SHIFTS:
        yield shift, loaded.stored[(loaded.rows + shift) % len(loaded.stored)]
        yield shift, loaded.targets.roll(-shift)


def _nearest(inputs: Tensor) -> Tensor:
    """(n, 5): by the correlation of pixels, which does not care for brightness, contrast or the inputs' scale."""
    flat = torch.nan_to_num(inputs.flatten(1).float(), nan=0.0, posinf=0.0, neginf=0.0)
    flat = flat - flat.mean(dim=0)
    flat = torch.nn.functional.normalize(flat - flat.mean(dim=1, keepdim=True), dim=1)
    likeness = (flat @ flat.T).fill_diagonal_(-2.0)
    return likeness.topk(min(_NEIGHBOURS, len(flat) - 1), dim=1).indices


def _agreement(labels: Tensor, near: Tensor) -> Agreement:
    shares = torch.tensor(list(Counter(labels.tolist()).values())) / len(labels)
    chance = min(float((shares**2).sum()), 1 - 1e-6)
    # each image counts once, not once per neighbour: neighbours share their own neighbours
    deviation = math.sqrt(chance * (1 - chance) / len(labels))
    return Agreement(share=float((labels[near] == labels[:, None]).float().mean()), chance=chance, deviation=deviation)
