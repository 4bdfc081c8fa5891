"""MNIST-1D: digits as curves of 40 values, moved, scaled, sheared and noisy; as many as one likes, from a seed.

Greydanus and Kobak, Scaling Down Deep Learning with MNIST-1D (2020). Made by the authors' own package (Apache 2.0).
"""

import random

import numpy as np
import torch

from suite.training.arguments import NonNegativeInt, PositiveInt
from suite.training.data_cache import Dataset
from suite.training.fetch import Fetch

_LENGTH = 40
"""Values of a curve, with the authors' settings."""


def build(
    fetch: Fetch,
    *,
    pool_examples: PositiveInt = 5000,
    test_examples: PositiveInt = 10_000,
    step: PositiveInt = 1,
    seed: NonNegativeInt = 42,
) -> Dataset:
    """Series (N, 40 / step, step), drawn with the authors' settings (theirs: 4,000 examples, 1,000 for the test).

    Each place has `step` values. Raises ValueError if 40 is not a multiple of it.
    """
    from mnist1d.data import get_dataset_args, make_dataset

    arguments = get_dataset_args()
    arguments.num_samples = 10 * -(-(pool_examples + test_examples) // 10)
    arguments.train_split = 1.0
    arguments.seed = seed
    before = random.getstate(), np.random.get_state()
    try:
        made = make_dataset(arguments)
    finally:
        random.setstate(before[0])
        np.random.set_state(before[1])
    if _LENGTH % step:
        raise ValueError(f"data.step {step} does not divide the {_LENGTH} values of a curve")
    inputs = torch.from_numpy(made["x"]).float().view(-1, _LENGTH // step, step)
    targets = torch.from_numpy(made["y"]).long()
    pool, test = slice(0, pool_examples), slice(pool_examples, pool_examples + test_examples)
    return Dataset(inputs[pool], targets[pool], inputs[test], targets[test], tuple("0123456789"))
