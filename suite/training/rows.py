"""Which examples a trial trains on, is validated and tested on, and by which labels."""

from typing import NamedTuple

import torch
from torch import Tensor

from suite.training.build import bind
from suite.training.data_cache import Dataset
from suite.training.split import Parts
from suite.training.streams import stream
from suite.training.targets import are_boxes, classes_of
from suite.trial_result import Settings


class Split(NamedTuple):
    """Rows are places in the training part of the data set, int64; labels count from 0 among the task's classes."""

    train: Tensor
    """(n,)."""
    validation: Tensor
    labels: Tensor
    """(N, ...), of every row (`targets.py`); those of classes left out count among themselves. Where validation has
    classes of its own (`Parts.apart`), these come behind those that are trained on."""
    classes: tuple[str, ...]
    """The task's: those that a network is trained to tell."""
    other_classes: tuple[str, ...]
    """Those that it leaves out."""
    left_out: Tensor
    """Their rows, in random order."""


def split_rows(
    settings: Settings,
    dataset: Dataset,
    seed: int,
    *,
    train_examples: int,
    validation_examples: int,
    train_share: float = 1.0,
    validation_share: float = 1.0,
) -> Split:
    """Drawn by the seed alone, so that both trials of a pair get the same. The data set's test part has no share in it.

    The numbers are the engine's settings of these names. Raises ValueError if the data set has too few examples,
    or if validation on classes of its own (`split: by_class`) meets another task than retrieval.
    """
    train = max(1, round(train_share * train_examples))
    validation = max(1, round(validation_share * validation_examples))
    count = bind(settings, "classes", len(dataset.classes))
    known = _of_known_class(dataset.targets, count)
    mine = known.nonzero()[:, 0]
    if train + validation > len(mine):
        raise ValueError(f"{train} + {validation} examples asked for, the data set has {len(mine)}")
    drawn = bind(settings, "split", mine, dataset.targets[mine], train, validation, stream(seed, "split"))
    first, second, apart = Parts(*drawn)
    labels = _counted_from_0(dataset.targets, count)
    labels[mine] = bind(settings, "labels", count)(labels[mine], stream(seed, "labels"))
    classes = dataset.classes[:count]
    if apart:
        if settings.get("task") != "retrieval":
            raise ValueError(
                "split: by_class needs task: retrieval: no other can score classes that are not trained on"
            )
        trained = torch.unique(labels[first])
        classes = tuple(dataset.classes[place] for place in trained.tolist())
        labels[mine] = _behind(trained, count)[labels[mine]]
    others = (~known).nonzero()[:, 0]
    return Split(
        train=bind(settings, "balance", first, labels[first], len(classes), "train"),
        validation=bind(settings, "balance", second, labels[second], count, "validation"),
        labels=labels,
        classes=classes,
        other_classes=dataset.classes[count:],
        left_out=others[torch.randperm(len(others), generator=stream(seed, "left out"))],
    )


def scored_rows(settings: Settings, dataset: Dataset) -> Tensor:
    """Rows of the test part that a trial is scored on: the same for every seed."""
    count = bind(settings, "classes", len(dataset.classes))
    rows = _of_known_class(dataset.test_targets, count).nonzero()[:, 0]
    kept: Tensor = bind(settings, "balance", rows, dataset.test_targets[rows], count, "test")
    return kept


def _of_known_class(targets: Tensor, count: int) -> Tensor:
    """bool (N,): nothing in the target is of another than the first `count` classes."""
    return (classes_of(targets) < count).view(len(targets), -1).all(dim=1)


def _behind(trained: Tensor, count: int) -> Tensor:
    """The new number of each of `count` classes, (count,): first those trained on."""
    held = torch.ones(count, dtype=torch.bool).index_fill(0, trained, False).nonzero()[:, 0]
    return torch.cat([trained, held]).argsort()


def _counted_from_0(targets: Tensor, count: int) -> Tensor:
    """Those from `count` on as 0, 1, ..."""
    if not are_boxes(targets):
        return torch.where(targets < count, targets, targets - count)
    counted = targets.clone()
    counted[..., 0] = torch.where(targets[..., 0] < count, targets[..., 0], targets[..., 0] - count)
    return counted
