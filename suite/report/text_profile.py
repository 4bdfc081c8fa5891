"""What a data set of labelled texts is made of: classes, copies, lengths, words; and the findings in words."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from suite.errors import DataError
from suite.report import numbers
from suite.report.data_profile import (
    Classes,
    Copies,
    Finding,
    check_labels,
    class_balance,
    class_findings,
    copies_of,
    copy_findings,
)
from suite.report.sequence_profile import Lengths, length_findings, lengths_in, lengths_of

UNKNOWN = "<unk>"
_SHOWN = 8
BEGINNING = 8
"""Tokens by which texts are said to begin alike: more than a turn of phrase, and what a copy with changes keeps."""
_MANY_UNKNOWN = 0.1
_MUCH_MORE = 1.5


@dataclass(frozen=True, kw_only=True)
class Words:
    """Which tokens occur."""

    vocabulary: int
    """Padding and the sign for unknown ones included."""
    used: int
    """Different ones that occur in the pool."""
    unknown: float | None
    """Share of the pool's tokens that the vocabulary lacks; None if it has no sign for these."""
    test_unknown: float | None


@dataclass(frozen=True, kw_only=True)
class ClassWords:
    """Of one class, in the pool."""

    name: str
    frequent: tuple[str, ...]
    """Signs that are neither letter nor digit left out, where tokens are words."""
    typical: tuple[str, ...]
    """More frequent than in the other classes, by what chance alone would not do."""


@dataclass(frozen=True, kw_only=True)
class TokensProfile:
    """A data set of labelled texts in numbers."""

    pool: int
    """Examples from which each trial draws its training and validation parts."""
    test: int
    what: str
    """What a token is: `words` or `characters`."""
    classes: Classes
    copies: Copies
    begin_alike: int
    """Texts of the test part whose first 8 tokens one of the pool begins with as well."""
    lengths: Lengths
    words: Words
    by_class: tuple[ClassWords, ...]


def profile(
    inputs: NDArray[Any],
    targets: NDArray[np.int64],
    test_inputs: NDArray[Any],
    test_targets: NDArray[np.int64],
    classes: Sequence[str],
    vocabulary: Sequence[str],
    separator: str,
) -> TokensProfile:
    """Inputs are (N, T), places in `vocabulary`, 0 where a text has ended, targets (N,).

    Raises DataError for anything else.
    """
    for part, tokens, labels in (("pool", inputs, targets), ("test part", test_inputs, test_targets)):
        check_tokens(part, tokens, len(vocabulary))
        check_labels(part, tokens, labels, len(classes))
    counts = np.zeros((len(classes), len(vocabulary)), dtype=np.int64)
    for label in range(len(classes)):
        counts[label] = counted(inputs[targets == label], len(vocabulary))
    return TokensProfile(
        pool=len(inputs),
        test=len(test_inputs),
        what=unit(separator),
        classes=class_balance(targets, test_targets, classes),
        copies=copies_of(inputs, test_inputs, [*targets.tolist(), *test_targets.tolist()], classes),
        begin_alike=_begin_alike(inputs, test_inputs),
        lengths=lengths_of(lengths_in(inputs != 0), lengths_in(test_inputs != 0)),
        words=words_of(counts.sum(axis=0), counted(test_inputs, len(vocabulary)), vocabulary),
        by_class=tuple(_by_class(label, name, counts, vocabulary, separator) for label, name in enumerate(classes)),
    )


def findings(found: TokensProfile) -> tuple[Finding, ...]:
    """In words: problems first."""
    said = [
        *copy_findings(found.copies, found.pool, found.test),
        *class_findings(found.classes),
        *length_findings(found.lengths, found.what),
        *unknown_findings(found.words, found.what),
    ]
    return tuple(sorted(said, key=lambda one: not one.is_problem))


def _begin_alike(pool: NDArray[Any], test: NDArray[Any]) -> int:
    begun, later = (
        [tuple(row) for row in tokens[:, :BEGINNING].tolist() if len(row) == BEGINNING and row[-1]]
        for tokens in (pool, test)
    )
    known = set(begun)
    return sum(beginning in known for beginning in later)


def unit(separator: str) -> str:
    """What tokens are that stand so far apart."""
    return "words" if separator else "characters"


def check_tokens(part: str, tokens: NDArray[Any], vocabulary: int) -> None:
    """Raises DataError unless all tokens are in the vocabulary."""
    if tokens.dtype.kind not in "iu" or tokens.ndim != 2 or not tokens.size:
        raise DataError(f"{part}: {tokens.dtype} {tokens.shape}; accepted: tokens, integers (N, T), at least one")
    if tokens.min() < 0 or tokens.max() >= vocabulary:
        raise DataError(f"tokens of the {part}: {tokens.min()} to {tokens.max()}; accepted: 0 to {vocabulary - 1}")


def counted(tokens: NDArray[Any], vocabulary: int) -> NDArray[np.int64]:
    """How often each occurs, padding left out: (vocabulary,)."""
    counts: NDArray[np.int64] = np.bincount(tokens.ravel(), minlength=vocabulary).astype(np.int64)
    counts[0] = 0
    return counts


def words_of(pool: NDArray[np.int64], test: NDArray[np.int64], vocabulary: Sequence[str]) -> Words:
    """From the counts of both parts (vocabulary,)."""
    known = UNKNOWN in vocabulary
    place = vocabulary.index(UNKNOWN) if known else 0
    used = int((pool > 0).sum()) - int(known and pool[place] > 0)
    return Words(
        vocabulary=len(vocabulary),
        used=used,
        unknown=float(pool[place] / max(1, pool.sum())) if known else None,
        test_unknown=float(test[place] / max(1, test.sum())) if known else None,
    )


def unknown_findings(words: Words, what: str) -> Iterator[Finding]:
    """How much the vocabulary lacks, and whether it lacks much more of the test part."""
    if words.unknown is None or words.test_unknown is None:
        return
    many = words.test_unknown > _MANY_UNKNOWN or words.test_unknown > _MUCH_MORE * words.unknown
    text = (
        f"a vocabulary of {words.vocabulary:,} lacks {numbers.percent(words.unknown, 1)} of the {what} of the training "
        f"pool and {numbers.percent(words.test_unknown, 1)} of those of the test part"
    )
    yield Finding(text=text, is_problem=many)


def _by_class(
    label: int, name: str, counts: NDArray[np.int64], vocabulary: Sequence[str], separator: str
) -> ClassWords:
    """`counts` is (classes, vocabulary)."""
    mine, others = counts[label], counts.sum(axis=0) - counts[label]
    ranked = [vocabulary[place] for place in np.argsort(-mine, kind="stable") if mine[place]]
    surely = _distinctness(mine, others)
    typical = [vocabulary[place] for place in np.argsort(-surely, kind="stable") if surely[place] > 2 and mine[place]]
    telling = [word for word in ranked if not separator or any(sign.isalnum() for sign in word)]
    return ClassWords(
        name=name,
        frequent=tuple([word for word in telling if word != UNKNOWN][:_SHOWN]),
        typical=tuple([word for word in typical if word != UNKNOWN][:_SHOWN]),
    )


def _distinctness(mine: NDArray[np.int64], others: NDArray[np.int64]) -> NDArray[np.float64]:
    """By how many standard deviations the log-odds of each word differ between the class and the others.

    Monroe et al., Fightin' Words (2008), with one occurrence of each word as the prior.
    """
    logs = [np.log(part + 1) - np.log(part.sum() + len(part) - part - 1) for part in (mine, others)]
    found: NDArray[np.float64] = (logs[0] - logs[1]) / np.sqrt(1 / (mine + 1) + 1 / (others + 1))
    return found
