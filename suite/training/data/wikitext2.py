"""WikiText-2: good Wikipedia articles to be continued word by word, 2,088,628 + 217,646 + 245,569 of 33,278 words.

Merity et al., Pointer Sentinel Mixture Models (2016), CC BY-SA, as in torch's own example of a language model: with its
`<unk>` for rare words, `<eos>` at the end of each line, and the words of all three parts.
"""

import torch

from suite.training import corpus, text
from suite.training.arguments import PositiveInt
from suite.training.data_cache import Dataset
from suite.training.fetch import Fetch

_MD5 = {
    "train": "34a77ebe59551b3a3b3d8c0a2797c976",
    "valid": "d756d22ab2310e7e60c094bea5c5a8eb",
    "test": "781c9418ab9414bd09e4aad825aae752",
}
_URL = "https://github.com/pytorch/examples/raw/77f55b912142/word_language_model/data/wikitext-2/"


def build(fetch: Fetch, *, window: PositiveInt = 35) -> Dataset:
    """Windows of `window` words in the text's order: those of train, behind them those of valid; the test's.

    With 35 words 59,675 + 6,218 and 7,016. The vocabulary is one longer than the published one, by the padding.
    """
    train, valid, test = (_words(fetch, part) for part in _MD5)
    known = tuple(dict.fromkeys((text.PADDING, text.UNKNOWN, *train, *valid, *test)))
    parts = [text.windows(part, known, length=window) for part in (train, valid)]
    inputs, targets = (torch.cat(pieces) for pieces in zip(*parts, strict=True))
    return Dataset(inputs, targets, *text.windows(test, known, length=window), known, vocabulary=known)


def _words(fetch: Fetch, part: str) -> list[str]:
    name = f"{part}.txt"
    content = corpus.read(fetch, f"wikitext-2/{name}", md5=_MD5[part], urls=[_URL + name]).decode()
    return content.replace("\n", " <eos> ").split()
