"""Text as tokens: words or characters, a vocabulary, and numbers in a tensor."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence

import numpy as np
import torch
from torch import Tensor

PADDING, UNKNOWN = "<pad>", "<unk>"
"""Numbers 0 and 1 of every vocabulary of words. A vocabulary of characters has no unknown ones."""
_WORD = re.compile(r"[^\W_]+|[^\w\s]|_")


def words(text: str) -> list[str]:
    """Lower-case runs of letters and digits; every other sign by itself."""
    return _WORD.findall(text.lower())


def vocabulary(texts: Iterable[Sequence[str]], *, size: int) -> tuple[str, ...]:
    """Padding, unknown, then the most frequent words, at most `size` in all; among equals the first of the alphabet."""
    counts = Counter(word for text in texts for word in text if word not in (PADDING, UNKNOWN))
    return (PADDING, UNKNOWN, *sorted(counts, key=lambda word: (-counts[word], word))[: max(0, size - 2)])


def encode(texts: Sequence[Sequence[str]], known: Sequence[str], *, length: int = 0) -> Tensor:
    """Tokens (N, T) in the smaller of int16 and int32 that holds them; T is `length`, or the longest text's.

    Words that are not known become `UNKNOWN`. Longer texts lose their end.
    """
    numbers = {word: number for number, word in enumerate(known)}
    longest = length or max((len(text) for text in texts), default=1)
    tokens = np.zeros((len(texts), longest), dtype=np.int16 if len(known) < 2**15 else np.int32)
    for row, text in enumerate(texts):
        found = [numbers.get(word, 1) for word in text[:longest]]
        tokens[row, : len(found)] = found
    return torch.from_numpy(tokens)


def windows(text: Sequence[str], known: Sequence[str], *, length: int) -> tuple[Tensor, Tensor]:
    """Inputs int16 or int32 (N, length) and what follows each place, int64 (N, length); an incomplete end is left out.

    Window after window, in the text's order, so that each goes on where the one before ended.
    """
    tokens = encode([text], known)[0]
    count = (len(tokens) - 1) // length
    inputs = tokens[: count * length].view(count, length)
    return inputs, tokens[1 : count * length + 1].view(count, length).long()
