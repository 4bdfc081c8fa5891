"""Tiny Shakespeare: 40,000 lines of plays to be continued, 1,115,394 characters of 65 kinds.

Karpathy, The Unreasonable Effectiveness of Recurrent Neural Networks (2015); the text is in the public domain.
"""

from suite.training import corpus, text
from suite.training.arguments import PositiveInt
from suite.training.data_cache import Dataset
from suite.training.fetch import Fetch

_COMMIT = "6f9487a6fe5b420b7ca9afb0d7c078e37c1d1b4e"
_URL = f"https://raw.githubusercontent.com/karpathy/char-rnn/{_COMMIT}/data/tinyshakespeare/input.txt"
_MD5 = "6fb458f1232090904fb40fe944165e91"
_TRAIN_SHARE = 0.9


def build(fetch: Fetch, *, window: PositiveInt = 64) -> Dataset:
    """Windows of `window` characters in the text's order; the last tenth of the text is the test's, as in nanoGPT.

    With 64 characters 15,685 + 1,742. The vocabulary is one longer, by the padding.
    """
    whole = corpus.read(fetch, "tiny-shakespeare/input.txt", md5=_MD5, urls=[_URL]).decode()
    known = (text.PADDING, *sorted(set(whole)))
    cut = int(len(whole) * _TRAIN_SHARE)
    inputs, targets = text.windows(whole[:cut], known, length=window)
    test_inputs, test_targets = text.windows(whole[cut:], known, length=window)
    return Dataset(inputs, targets, test_inputs, test_targets, known, vocabulary=known, separator="")
