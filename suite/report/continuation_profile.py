"""What a text that is to be continued is made of: symbols, and whether the test part occurs in the pool; in words."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from suite.errors import DataError
from suite.report import numbers
from suite.report.data_profile import Finding, finding
from suite.report.readable import symbol
from suite.report.text_profile import Words, check_tokens, counted, unit, unknown_findings, words_of

_FREQUENT = 20
_UNSEEN_SHOWN = 10
_FACTOR = 0x9E3779B97F4A7C15
"""Odd, so that it has an inverse among numbers of 64 bits."""


@dataclass(frozen=True, kw_only=True)
class Frequent:
    """A symbol, and its share of all."""

    symbol: str
    pool: float
    test: float


@dataclass(frozen=True, kw_only=True)
class ContinuationProfile:
    """A text that is to be continued, in numbers."""

    pool: int
    """Windows from which each trial takes its training and validation parts."""
    test: int
    window: int
    """Symbols of each."""
    what: str
    """What a symbol is: `words` or `characters`."""
    words: Words
    frequent: tuple[Frequent, ...]
    unseen: tuple[str, ...]
    """Symbols of the test part that the pool lacks."""
    entropy: float
    """In nats: the loss of a model that knows how frequent each symbol is, and nothing else."""
    guess_accuracy: float
    """Of always guessing the pool's most frequent symbol, on the test part."""
    following: float
    """Share of places, of both parts, whose target is the symbol at the next place of the input."""
    test_in_pool: int
    """Windows of the test part that occur in the text of the pool, wherever they begin."""
    in_pool: int
    """Windows of the pool that repeat an earlier window."""


def profile(
    inputs: NDArray[Any],
    targets: NDArray[np.int64],
    test_inputs: NDArray[Any],
    test_targets: NDArray[np.int64],
    vocabulary: Sequence[str],
    separator: str,
) -> ContinuationProfile:
    """Inputs and targets are (N, T), window after window. Raises DataError for anything else."""
    for part, tokens, labels in (("pool", inputs, targets), ("test part", test_inputs, test_targets)):
        check_tokens(part, tokens, len(vocabulary))
        if labels.shape != tokens.shape:
            raise DataError(f"targets of the {part}: {labels.shape}; accepted: one for each place, {tokens.shape}")
    pool, test = (counted(part, len(vocabulary)) for part in (targets, test_targets))
    shares, test_shares = pool / max(1, pool.sum()), test / max(1, test.sum())
    ranked = np.argsort(-pool, kind="stable")
    same = [
        (part[:, 1:] == labels[:, :-1]).ravel() for part, labels in ((inputs, targets), (test_inputs, test_targets))
    ]
    everywhere, windows = _fingerprints(inputs.ravel(), inputs.shape[1]), inputs.shape[1]
    return ContinuationProfile(
        pool=len(inputs),
        test=len(test_inputs),
        window=windows,
        what=unit(separator),
        words=words_of(pool, test, vocabulary),
        frequent=tuple(
            Frequent(symbol=vocabulary[place], pool=float(shares[place]), test=float(test_shares[place]))
            for place in ranked[:_FREQUENT]
            if pool[place]
        ),
        unseen=tuple(vocabulary[place] for place in np.flatnonzero((test > 0) & (pool == 0)).tolist()),
        entropy=float(-(shares[pool > 0] * np.log(shares[pool > 0])).sum()),
        guess_accuracy=float(test_shares[ranked[0]]),
        following=float(np.concatenate(same).mean()) if windows > 1 else 1.0,
        test_in_pool=int(np.isin(_fingerprints(test_inputs.ravel(), windows)[::windows], everywhere).sum()),
        in_pool=len(inputs) - len(np.unique(everywhere[::windows])),
    )


def findings(found: ContinuationProfile) -> tuple[Finding, ...]:
    """In words: problems first."""
    said = [*_overlap_findings(found), *_target_findings(found), *unknown_findings(found.words, found.what)]
    said += _symbol_findings(found)
    return tuple(sorted(said, key=lambda one: not one.is_problem))


def _fingerprints(text: NDArray[Any], length: int) -> NDArray[np.uint64]:
    """One number for each run of `length` symbols, wherever it begins (Karp and Rabin, 1987), modulo 2^64."""
    powers, inverses = (_powers(factor, len(text)) for factor in (_FACTOR, pow(_FACTOR, -1, 2**64)))
    sums = np.zeros(len(text) + 1, dtype=np.uint64)
    np.cumsum((text.astype(np.uint64) + np.uint64(1)) * powers, out=sums[1:], dtype=np.uint64)
    found: NDArray[np.uint64] = (sums[length:] - sums[:-length]) * inverses[: len(text) - length + 1]
    return found


def _powers(factor: int, count: int) -> NDArray[np.uint64]:
    """From the 0th on, modulo 2^64."""
    steps = np.full(count, factor, dtype=np.uint64)
    steps[:1] = 1
    return np.cumprod(steps, dtype=np.uint64)


def _overlap_findings(found: ContinuationProfile) -> Iterator[Finding]:
    seen, long = found.test_in_pool, f"windows of {found.window} {found.what}"
    yield finding(
        seen,
        f"{seen:,} of the {found.test:,} {long} of the test part occur{'s' * (seen == 1)} in the training pool, symbol "
        "for symbol: there the test measures memory",
        f"none of the {found.test:,} {long} of the test part occurs in the training pool, wherever it may begin",
    )
    twice = found.in_pool
    text = f"{twice:,} of the {found.pool:,} windows of the training pool repeat{'s' * (twice == 1)} an earlier one"
    yield finding(twice, text, "no window of the training pool repeats another")


def _target_findings(found: ContinuationProfile) -> Iterator[Finding]:
    yield finding(
        found.following < 1,
        f"at {numbers.percent(1 - found.following, 1)} of the places the target is not the symbol that follows",
        "every target is the symbol that follows",
    )


def _symbol_findings(found: ContinuationProfile) -> Iterator[Finding]:
    if found.unseen:
        shown = " ".join(symbol(sign) for sign in found.unseen[:_UNSEEN_SHOWN])
        more = f" and {len(found.unseen) - _UNSEEN_SHOWN} more" if len(found.unseen) > _UNSEEN_SHOWN else ""
        yield Finding(text=f"symbols of the test part that the training pool lacks: {shown}{more}", is_problem=True)
    if found.frequent:
        text = (
            f"a model that knows only how frequent symbols are has a loss of {found.entropy:.2f} nats, a perplexity of "
            f"{np.exp(found.entropy):.3g}; always guessing “{symbol(found.frequent[0].symbol)}” is right at "
            f"{numbers.percent(found.guess_accuracy, 1)} of the places of the test part"
        )
        yield Finding(text=text, is_problem=False)
