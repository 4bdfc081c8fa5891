"""Japanese vowels: which of nine men says "ae"? 270 + 370 series of 12 channels (spectra), 7 to 29 steps long.

Kudo, Toyama and Shimbo, Multidimensional Curve Classification Using Passing-Through Regions (1999), UCI archive. 30 of
each speaker for training, 24 to 88 for the test; both parts are sorted by speaker.
"""

import math

import torch
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence

from suite.training import corpus
from suite.training.data_cache import Dataset
from suite.training.fetch import Fetch

_MD5 = {"TRAIN": "9165e3eec783ac6342d658685c864d19", "TEST": "14d15214e3ab6ac39ab2d48901d3e2a3"}
_URL = "https://github.com/sktime/sktime/raw/7bd7d1620c06/sktime/datasets/data/JapaneseVowels/"


def build(fetch: Fetch) -> Dataset:
    """float32 (N, 29, 12), as published; NaN from where a series ends."""
    parts = [_part(fetch, part) for part in _MD5]
    inputs = pad_sequence([each for series, _ in parts for each in series], batch_first=True, padding_value=math.nan)
    train, test = (torch.tensor(speakers) for _, speakers in parts)
    count = len(train)
    return Dataset(inputs[:count], train, inputs[count:], test, tuple("123456789"))


def _part(fetch: Fetch, part: str) -> tuple[list[Tensor], list[int]]:
    """A line: the channels' values, then the speaker's number, counted from 1; comments and a head before these."""
    name = f"JapaneseVowels_{part}.ts"
    content = corpus.read(fetch, f"japanese-vowels/{name}", name, md5=_MD5[part], urls=[_URL + name]).decode()
    rows = [line.split(":") for line in content.split("\n") if line and line[0] not in "#@"]
    series = [torch.tensor([[float(value) for value in channel.split(",")] for channel in row[:-1]]).T for row in rows]
    return series, [int(row[-1]) - 1 for row in rows]
