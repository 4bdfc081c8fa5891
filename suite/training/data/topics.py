"""The topics of Python's built-in help as characters: some 370,000 of English prose and code that every Python brings.

The Python Software Foundation, `pydoc_data.topics` (PSF licence). Another version of Python has a somewhat other text.
"""

import torch

from suite.training import text
from suite.training.arguments import Fraction, NonNegativeInt, PositiveInt
from suite.training.data_cache import Dataset
from suite.training.fetch import Fetch


def build(fetch: Fetch, *, window: PositiveInt = 64, test_share: Fraction = 0.15, seed: NonNegativeInt = 0) -> Dataset:
    """Windows of `window` characters, each to be continued. Topics come in a random order; the last are the test's.

    Many topics repeat paragraphs of others: each is kept once, or else the test would be known by heart.
    """
    from pydoc_data.topics import topics

    names = sorted(topics)
    drawn = torch.randperm(len(names), generator=torch.Generator().manual_seed(seed)).tolist()
    paragraphs = dict.fromkeys(part for number in drawn for part in topics[names[number]].strip().split("\n\n"))
    whole = "\n\n".join(paragraphs)
    known = (text.PADDING, *sorted(set(whole)))
    cut = round(len(whole) * (1 - test_share))
    inputs, targets = text.windows(whole[:cut], known, length=window)
    test_inputs, test_targets = text.windows(whole[cut:], known, length=window)
    return Dataset(inputs, targets, test_inputs, test_targets, known, vocabulary=known, separator="")
