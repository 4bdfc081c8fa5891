"""Published text: the content of a file, packed or not, and labelled texts as a data set."""

import hashlib
import lzma
from collections.abc import Sequence

import torch

from suite.errors import DataError
from suite.training import text
from suite.training.data_cache import Dataset
from suite.training.fetch import Fetch

Example = tuple[tuple[str, ...], int]
"""The words of a text, and the number of its class."""


def read(fetch: Fetch, *names: str, md5: str, urls: Sequence[str] = ()) -> bytes:
    """A file by any of its relative paths, as it is or packed with xz (`.xz` behind the name); else downloaded.

    The checksum is the content's, however that is packed. Raises DataError as `Fetch.file` does.
    """
    found = fetch.find(*names, *(f"{name}.xz" for name in names))
    if found is None or found.suffix != ".xz":
        return fetch.file(names, md5=md5, urls=urls).read_bytes()
    try:
        content = lzma.decompress(found.read_bytes())
    except (lzma.LZMAError, OSError) as error:
        raise DataError(f"{found}: cannot be unpacked ({error}); delete it and fetch it again") from None
    digest = hashlib.md5(content, usedforsecurity=False).hexdigest()
    if digest != md5:
        raise DataError(f"{found}: corrupt (MD5 of what is in it {digest}, the published one is {md5}); fetch it again")
    return content


def labelled(
    train: Sequence[Example],
    test: Sequence[Example],
    *,
    dev: Sequence[Example] = (),
    classes: Sequence[str],
    vocabulary: int,
    length: int = 0,
) -> Dataset:
    """The most frequent words of the training part, and all parts in these; `dev` goes behind the training part.

    Of the training part, what also occurs in another part is left out, and what occurs twice is kept once, with its
    first label; of `dev`, what also occurs in the test. The test stays as it was published.
    """
    tested = {words for words, _ in test}
    dev = [example for example in dev if example[0] not in tested]
    elsewhere = tested | {words for words, _ in dev}
    kept: dict[tuple[str, ...], int] = {}
    for words, label in train:
        if words not in elsewhere:
            kept.setdefault(words, label)
    examples = [*kept.items(), *dev, *test]
    known = text.vocabulary(kept, size=vocabulary)
    inputs = text.encode([words for words, _ in examples], known, length=length)
    targets = torch.tensor([label for _, label in examples])
    pool = len(kept) + len(dev)
    return Dataset(inputs[:pool], targets[:pool], inputs[pool:], targets[pool:], tuple(classes), vocabulary=known)
