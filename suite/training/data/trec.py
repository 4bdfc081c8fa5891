"""TREC questions: what is asked for, an abbreviation, a description, a person...? 5,452 + 500, 3 to 37 words and signs.

Li and Roth, Learning Question Classifiers (2002), licence not stated. 6 coarse classes, 50 fine ones (42 in the test).
5,369 different questions that do not occur in the test are left for training.
"""

from typing import Literal

from suite.training import corpus, text
from suite.training.arguments import PositiveInt
from suite.training.data_cache import Dataset
from suite.training.fetch import Fetch

_FILES = {
    "train": ("train_5500.label", "073462e3fcefaae31e00edb1f18d2d02"),
    "test": ("TREC_10.label", "323a3554401d86e650717e2d2f942589"),
}
_URLS = (
    "https://cogcomp.seas.upenn.edu/Data/QA/QC/{official}",
    "https://github.com/harvardnlp/sent-conv-torch/raw/d61ded09c99c/data/raw/TREC.{part}",
)


def build(fetch: Fetch, *, classes: Literal["coarse", "fine"] = "coarse", vocabulary: PositiveInt = 5000) -> Dataset:
    """Classes have the names of the files, in alphabetical order: ABBR or ABBR:abb."""
    parts = [_questions(fetch, part, fine=classes == "fine") for part in _FILES]
    names = sorted({name for name, _ in parts[0]})
    train, test = ([(words, names.index(name)) for name, words in part] for part in parts)
    return corpus.labelled(train, test, classes=names, vocabulary=vocabulary)


def _questions(fetch: Fetch, part: str, *, fine: bool) -> list[tuple[str, tuple[str, ...]]]:
    """A line: COARSE:fine, then the question."""
    official, md5 = _FILES[part]
    urls = [url.format(official=official, part=part) for url in _URLS]
    content = corpus.read(fetch, f"trec/TREC.{part}", f"trec/{official}", official, md5=md5, urls=urls)
    lines = [line.split(" ", 1) for line in content.decode("latin-1").split("\n") if line]
    return [(name if fine else name.split(":")[0], tuple(text.words(question))) for name, question in lines]
