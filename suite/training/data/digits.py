"""Handwritten digits, 8x8 grey, 1,797 of 43 people: bundled with scikit-learn.

Alpaydin and Kaynak, Optical Recognition of Handwritten Digits (1998), UCI Machine Learning Repository, CC BY 4.0.
"""

import numpy as np
import torch

from suite.training.arguments import PositiveInt
from suite.training.data_cache import Dataset
from suite.training.fetch import Fetch

_SPLIT_SEED = 0
"""Of the test part, which no official split defines."""


def build(fetch: Fetch, *, test_examples: PositiveInt = 897) -> Dataset:
    """The test part is stratified and always the same; half the set, so that test-set noise stays small."""
    from sklearn.datasets import load_digits
    from sklearn.model_selection import train_test_split

    digits = load_digits()
    images = np.rint(digits.images * (255 / 16)).astype(np.uint8)[..., None]
    rest, test = train_test_split(
        np.arange(len(images)), test_size=test_examples, stratify=digits.target, random_state=_SPLIT_SEED
    )
    return Dataset(
        torch.from_numpy(images[rest]),
        torch.from_numpy(digits.target[rest].astype(np.int64)),
        torch.from_numpy(images[test]),
        torch.from_numpy(digits.target[test].astype(np.int64)),
        tuple("0123456789"),
    )
