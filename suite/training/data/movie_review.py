"""MR: is a sentence from a film review positive or negative? 5,331 of each, 1 to 59 tokens, in lower case.

Pang and Lee, Seeing Stars (2005), "sentence polarity dataset v1.0", licence not stated. No two sentences are the same.
"""

import torch

from suite.training import corpus
from suite.training.arguments import NonNegativeInt, PositiveInt
from suite.training.data_cache import Dataset
from suite.training.fetch import Fetch

_CLASSES = {"neg": "1e35b7f7c5df24a135ca62b8eecded53", "pos": "afcc7ff580b3b4df4bdb6528e6558ab5"}
_URL = "https://github.com/harvardnlp/sent-conv-torch/raw/d61ded09c99c/data/raw/"
_TEST_SHARE = 0.1


def build(fetch: Fetch, *, vocabulary: PositiveInt = 10_000, seed: NonNegativeInt = 0) -> Dataset:
    """There is no official test: it is a tenth of each class, drawn by `seed`. 9,596 + 1,066 sentences.

    Training: first the negative ones, then the positive ones.
    """
    generator = torch.Generator().manual_seed(seed)
    train: list[corpus.Example] = []
    test: list[corpus.Example] = []
    for label, (name, md5) in enumerate(_CLASSES.items()):
        file = f"rt-polarity.{name}"
        content = corpus.read(fetch, f"movie-review/{file}", file, md5=md5, urls=[_URL + file]).decode("latin-1")
        sentences = [(tuple(line.split()), label) for line in content.split("\n") if line]
        drawn = torch.randperm(len(sentences), generator=generator).tolist()
        cut = round(len(sentences) * _TEST_SHARE)
        test += [sentences[row] for row in drawn[:cut]]
        train += [sentences[row] for row in drawn[cut:]]
    return corpus.labelled(train, test, classes=tuple(_CLASSES), vocabulary=vocabulary)
