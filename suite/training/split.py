"""Which examples a trial trains on and which it is validated on, and by which labels."""

from typing import NamedTuple

import torch
from torch import Tensor

from suite.training.build import bind
from suite.training.data_cache import Dataset
from suite.training.streams import stream
from suite.trial_result import Settings


class Split(NamedTuple):
    """Rows of the data set's training part, int64 (n,) and (m,); `labels`, int64, of all of its rows."""

    train: Tensor
    validation: Tensor
    labels: Tensor


def split_rows(
    settings: Settings,
    dataset: Dataset,
    seed: int,
    *,
    train_examples: int,
    validation_examples: int,
    train_share: float = 1.0,
) -> Split:
    """Drawn by the seed alone, so that both trials of a pair get the same. The data set's test part has no share in it.

    The numbers are the engine's settings of these names. Raises ValueError if the data set has too few examples.
    """
    train, validation = max(1, round(train_share * train_examples)), validation_examples
    rows = torch.randperm(len(dataset.targets), generator=stream(seed, "split"))
    if train + validation > len(rows):
        raise ValueError(f"{train} + {validation} examples asked for, the data set has {len(rows)}")
    classes = len(dataset.classes)
    labels = bind(settings, "labels", classes)(dataset.targets, stream(seed, "labels"))
    chosen = bind(settings, "balance", rows[:train], labels[rows[:train]], classes)
    return Split(chosen, rows[train : train + validation], labels)
