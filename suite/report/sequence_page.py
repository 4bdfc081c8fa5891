"""Data sets of series and of texts as a person looks at them: curves or words of each class, lengths, copies."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from suite.report import continuation_profile, numbers, series_profile, text_profile
from suite.report.continuation_profile import ContinuationProfile
from suite.report.data_page import (
    MOST_CLASSES,
    Description,
    Strip,
    balance_figure,
    class_facts,
    class_table,
    copy_facts,
    data_uri,
    where,
)
from suite.report.data_profile import Classes
from suite.report.figures.curve_grid import curve_strip, legend, value_span
from suite.report.readable import clipped, readable, symbol
from suite.report.sequence_profile import Lengths
from suite.report.series_profile import SeriesProfile
from suite.report.tables import Table, number, text
from suite.report.text_profile import BEGINNING, TokensProfile, Words

_CURVES, _TEXTS = 6, 3
_LONGEST = 280
_BETWEEN = "\N{EM SPACE}"
"""Words of a list: commas are words themselves, and a page makes one of two spaces."""
_PASSAGES, _WINDOWS_OF_A_PASSAGE = 4, 5


@dataclass(frozen=True, kw_only=True)
class Texts:
    """A few texts under one heading."""

    label: str
    note: str
    texts: tuple[str, ...]


def describe_series(
    inputs: NDArray[np.float32],
    targets: NDArray[np.int64],
    test_inputs: NDArray[np.float32],
    test_targets: NDArray[np.int64],
    classes: Sequence[str],
) -> Description:
    """Inputs are (N, T, C), targets (N,). Raises DataError for what is no such data set."""
    found = series_profile.profile(inputs, targets, test_inputs, test_targets, classes)
    values, lengths, balance = _value_table(found), length_table(found.lengths, "places"), class_table(found.classes)
    facts = [
        ("training pool", f"{found.pool:,} series"),
        ("test part", f"{found.test:,} series"),
        *_length_facts(found.lengths, "places"),
        ("channels", f"{len(found.channels):,}"),
        *class_facts(found.classes),
        *copy_facts(found.copies, found.test),
    ]
    return Description(
        profile=found,
        findings=series_profile.findings(found),
        facts=_facts(facts),
        tables=(*([lengths] if lengths else []), values, balance),
        sections={
            "what": "places",
            "curves": _curves(found.classes, inputs),
            "curve_note": legend(inputs.shape[2]),
            "left_out": max(0, len(found.classes.names) - MOST_CLASSES),
            "figure_of_classes": balance_figure(found.classes),
            "class_table": balance,
            "value_table": values,
            "length_table": lengths,
            "copied_texts": [
                Texts(label=", ".join(group.labels), note=where(group), texts=()) for group in found.copies.groups
            ],
        },
    )


def describe_tokens(
    inputs: NDArray[Any],
    targets: NDArray[np.int64],
    test_inputs: NDArray[Any],
    test_targets: NDArray[np.int64],
    classes: Sequence[str],
    *,
    vocabulary: Sequence[str],
    separator: str,
) -> Description:
    """Inputs are (N, T), targets (N,). Raises DataError for what is no such data set."""
    found = text_profile.profile(inputs, targets, test_inputs, test_targets, classes, vocabulary, separator)
    lengths, words, balance = length_table(found.lengths, found.what), _word_table(found), class_table(found.classes)

    def told(row: NDArray[Any]) -> str:
        return clipped(readable(row.tolist(), vocabulary, separator), _LONGEST)

    facts = [
        ("training pool", f"{found.pool:,} texts, {found.lengths.total:,} {found.what}"),
        ("test part", f"{found.test:,} texts, {found.lengths.test_total:,} {found.what}"),
        *_length_facts(found.lengths, found.what),
        *_word_facts(found.words, found.what),
        *class_facts(found.classes),
        *copy_facts(found.copies, found.test),
        ("begin as one of the pool", f"{found.begin_alike:,} test texts, for {BEGINNING} {found.what} and more"),
    ]
    shown = list(zip(found.classes.names, found.classes.pool, found.classes.examples, strict=True))[:MOST_CLASSES]
    groups = [
        (group, told(inputs[group.pool[0]] if group.pool else test_inputs[group.test[0]]))
        for group in found.copies.groups
    ]
    return Description(
        profile=found,
        findings=text_profile.findings(found),
        facts=_facts(facts),
        tables=(*([lengths] if lengths else []), words, balance),
        sections={
            "what": found.what,
            "texts": [
                Texts(
                    label=name, note=f"{count:,} in the pool", texts=tuple(told(inputs[row]) for row in rows[:_TEXTS])
                )
                for name, count, rows in shown
                if rows
            ],
            "left_out": max(0, len(found.classes.names) - MOST_CLASSES),
            "figure_of_classes": balance_figure(found.classes),
            "class_table": balance,
            "length_table": lengths,
            "word_table": words,
            "copied_texts": [
                Texts(label=", ".join(group.labels), note=where(group), texts=(said,)) for group, said in groups
            ],
        },
    )


def describe_continuation(
    inputs: NDArray[Any],
    targets: NDArray[np.int64],
    test_inputs: NDArray[Any],
    test_targets: NDArray[np.int64],
    *,
    vocabulary: Sequence[str],
    separator: str,
) -> Description:
    """Inputs and targets are (N, T), windows in their order. Raises DataError for what is no such data set."""
    found = continuation_profile.profile(inputs, targets, test_inputs, test_targets, vocabulary, separator)
    symbols = _symbol_table(found)
    most = f"“{symbol(found.frequent[0].symbol)}”" if found.frequent else "nothing"
    facts = [
        ("training pool", f"{found.pool:,} windows, {found.pool * found.window:,} {found.what}"),
        ("test part", f"{found.test:,} windows, {found.test * found.window:,} {found.what}"),
        ("window", f"{found.window:,} {found.what}"),
        *_word_facts(found.words, found.what),
        ("always guessing", f"{most} is right at {numbers.percent(found.guess_accuracy, 1)} of the places of the test"),
        ("frequencies alone", f"{found.entropy:.2f} nats, perplexity {np.exp(found.entropy):.3g}"),
        ("test in pool", f"{found.test_in_pool:,} of {found.test:,} windows"),
        ("copies", f"{found.in_pool:,} windows within the pool"),
    ]
    return Description(
        profile=found,
        findings=continuation_profile.findings(found),
        facts=_facts(facts),
        tables=(symbols,),
        sections={
            "what": found.what,
            "passages": list(_passages(inputs, vocabulary, separator)),
            "symbol_table": symbols,
        },
    )


def length_table(found: Lengths, what: str) -> Table | None:
    """What a pad to the length of a share of the examples keeps, and what it costs; None if all are of one length."""
    if found.shortest == found.longest:
        return None
    heads = ("share of the examples", "length", "examples kept whole", f"{what} kept", "padding")
    rows = tuple(
        (
            text("the longest" if pad.percentile == 100 else f"{pad.percentile}{numbers.SPACE}%"),
            number(f"{pad.length:,}"),
            *(number(numbers.percent(share, 1)) for share in (pad.whole, pad.kept, pad.padding)),
        )
        for pad in found.pads
    )
    return Table(caption="If all were cut off or padded to the length of", columns=heads, rows=rows)


def _facts(lines: Sequence[tuple[str, str]]) -> Table:
    rows = tuple((text(what), text(it)) for what, it in lines)
    return Table(caption="Sizes and counts", columns=("quantity", "value"), rows=rows)


def _length_facts(lengths: Lengths, what: str) -> Iterator[tuple[str, str]]:
    if lengths.shortest == lengths.longest == lengths.test_longest:
        yield "length", f"{lengths.longest:,} {what} each"
        return
    spread = f"{lengths.shortest:,} to {lengths.longest:,} {what}, {lengths.mean:.1f} on average"
    yield "length", f"{spread}; the longest of the test part has {lengths.test_longest:,}"
    usual = next(pad for pad in lengths.pads if pad.percentile == 90)
    kept = f"{numbers.percent(usual.whole, 1)} of the examples whole, {numbers.percent(usual.kept, 1)} of the {what}"
    yield "a 90 % pad", f"{usual.length:,} {what}: keeps {kept}; {numbers.percent(usual.padding)} padding"


def _word_facts(words: Words, what: str) -> Iterator[tuple[str, str]]:
    yield "vocabulary", f"{words.vocabulary:,}, of which {words.used:,} occur in the pool"
    if words.unknown is not None and words.test_unknown is not None:
        shares = (
            f"{numbers.percent(words.unknown, 1)} of the pool, {numbers.percent(words.test_unknown, 1)} of the test"
        )
        yield f"unknown {what}", f"{shares} part"


def _value_table(found: SeriesProfile) -> Table:
    heads = ("channel", "mean", "standard deviation", "minimum", "25 %", "median", "75 %", "maximum")
    rows = tuple(
        (
            text(channel.name),
            *(
                number(f"{value:.3g}".replace("-", numbers.MINUS))
                for value in (
                    *(channel.mean, channel.standard_deviation, channel.minimum),
                    *(*channel.quartiles, channel.maximum),
                )
            ),
        )
        for channel in found.channels
    )
    return Table(caption="Values in the training pool", columns=heads, rows=rows)


def _word_table(found: TokensProfile) -> Table:
    rows = tuple(
        (text(each.name), *(text(_BETWEEN.join(map(symbol, words))) for words in (each.frequent, each.typical)))
        for each in found.by_class
    )
    heads = ("class", "most frequent", "typical: more frequent than elsewhere")
    return Table(caption=f"{found.what.capitalize()} of each class", columns=heads, rows=rows)


def _symbol_table(found: ContinuationProfile) -> Table:
    rows = tuple(
        (text(symbol(each.symbol)), *(number(numbers.percent(share, 2)) for share in (each.pool, each.test)))
        for each in found.frequent
    )
    return Table(
        caption=f"The most frequent {found.what}",
        columns=("symbol", "share of the pool", "of the test part"),
        rows=rows,
    )


def _curves(classes: Classes, inputs: NDArray[np.float32]) -> list[Strip]:
    shown = list(zip(classes.names, classes.pool, classes.examples, strict=True))[:MOST_CLASSES]
    span = value_span(inputs)
    return [
        Strip(
            label=name,
            note=f"{count:,} in the pool",
            count=len(rows[:_CURVES]),
            source=data_uri(curve_strip(inputs[list(rows[:_CURVES])], span)),
        )
        for name, count, rows in shown
        if rows
    ]


def _passages(inputs: NDArray[Any], vocabulary: Sequence[str], separator: str) -> Iterator[tuple[str, ...]]:
    """From all over the pool: a few windows that follow one another."""
    last = max(0, len(inputs) - _WINDOWS_OF_A_PASSAGE)
    for begin in dict.fromkeys(np.linspace(0, last, _PASSAGES).astype(int).tolist()):
        windows = inputs[begin : begin + _WINDOWS_OF_A_PASSAGE]
        yield tuple(readable(window.tolist(), vocabulary, separator) for window in windows)
