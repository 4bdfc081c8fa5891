"""What the loader really gives: a part of the examples, the first batch, and what is needed to judge them."""

from dataclasses import dataclass, replace
from typing import Literal

import torch
from torch import Tensor

from suite.training import padding
from suite.training.batches import Order
from suite.training.build import arguments, bind
from suite.training.data_cache import Dataset
from suite.training.examples import Device, Examples, Resident
from suite.training.rows import split_rows
from suite.training.streams import stream
from suite.trial_result import Settings

MOST, MOST_HELD = 2000, 1000
"""Examples looked at, of training and of validation: enough for every question that `suite check` asks."""
Kind = Literal["images", "boxes", "pixels", "likes", "series", "tokens", "text"]
"""`images`, `series` and `tokens` have one label each; a `text` is to be continued at every place. Images with `boxes`
have objects to be found, with `pixels` a class for each of them; of `likes` those of the same class are sought."""
_IMAGES: dict[str, Kind] = {"detection": "boxes", "segmentation": "pixels", "retrieval": "likes"}
_SIZES = ("train_examples", "validation_examples", "train_share", "validation_share")
_DEVICE = Device(name="cpu", precision="fp32", layout=torch.channels_last)


@dataclass(frozen=True, kw_only=True)
class Loaded:
    """Examples as the engine would train on them. `rows` are places in the data set, whose labels are `stored`."""

    inputs: Tensor
    """After preprocessing: images (n, C, H, W), tokens (n, T) or series (n, T, C)."""
    shape: tuple[int, ...]
    """What the network is built for."""
    targets: Tensor
    """As in `targets.py`."""
    rows: Tensor
    held_inputs: Tensor
    held_targets: Tensor
    stored: Tensor
    """(N, ...): the target of every row, in stored order, as training and validation use them."""
    batch: Tensor
    """The first batch of the first epoch: in its order, augmented."""
    batch_targets: Tensor
    classes: tuple[str, ...]
    batch_size: int
    vocabulary: tuple[str, ...] = ()
    """What each token stands for, the first one for padding."""
    separator: str = " "
    task: str = "classification"
    """The mechanism's name."""

    @property
    def kind(self) -> Kind:
        """What the examples are."""
        if self.inputs.ndim == 2:
            return "text" if self.targets.ndim == 2 else "tokens"
        return "series" if self.inputs.ndim == 3 else _IMAGES.get(self.task, "images")

    @property
    def available(self) -> int:
        """How many examples `some` can give."""
        return len(_in_company(self.batch_targets) if self.kind == "likes" else self.targets)

    def some(self, rows: slice) -> tuple[Tensor, Tensor]:
        """Some of the examples as a batch: sequences no longer than the longest of them.

        Of `likes` those of the first batch that have others of their class in it, class by class.
        """
        if self.kind == "likes":
            places = _in_company(self.batch_targets)[rows]
            return self.batch[places], self.batch_targets[places]
        return trimmed(self.inputs[rows], self.targets[rows])


def _in_company(labels: Tensor) -> Tensor:
    """Places of those labels (n,) that occur more than once, label by label; all of them if none does."""
    _, kind, counts = torch.unique(labels, return_inverse=True, return_counts=True)
    several: Tensor = (counts[kind] > 1).nonzero()[:, 0]
    return several[labels[several].argsort(stable=True)] if len(several) else torch.arange(len(labels))


def trimmed(inputs: Tensor, targets: Tensor) -> tuple[Tensor, Tensor]:
    """Without the places where no example has anything; images as they are."""
    lengths = padding.lengths(inputs)
    if lengths is None:
        return inputs, targets
    width = max(1, int(lengths.max()))
    return inputs[:, :width], targets[:, :width] if targets.ndim == 2 else targets


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
    device = replace(_DEVICE, trim=bool(engine.get("trim_padding", True)))
    ((batch, batch_targets),) = Resident(examples, device).batches([places])
    augment = bind(settings, "augment")
    if augment is not None:
        batch, batch_targets = augment(batch, batch_targets, stream(seed, "augment"))
    return Loaded(
        inputs=_DEVICE.images(examples.inputs[:MOST]),
        shape=examples.shape,
        targets=labels[rows],
        rows=rows,
        held_inputs=_DEVICE.images(preprocess(dataset.inputs[held])),
        held_targets=labels[held],
        stored=labels,
        batch=batch,
        batch_targets=batch_targets,
        classes=split.classes,
        batch_size=batch_size,
        vocabulary=dataset.vocabulary,
        separator=dataset.separator,
        task=str(settings.get("task", "classification")),
    )
