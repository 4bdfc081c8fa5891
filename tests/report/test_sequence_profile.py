"""Series, labelled texts and texts to be continued: each number counted again in another way."""

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from suite.errors import DataError
from suite.report import continuation_profile, series_profile, text_profile
from suite.report.sequence_profile import Lengths, length_findings, lengths_in, lengths_of

VOCABULARY = ("<pad>", "<unk>", "the", "cat", "dog", ",", "meows", "barks")
CLASSES = ("cats", "dogs")


def tokens(*texts: str, length: int = 6) -> NDArray[np.int16]:
    made = np.zeros((len(texts), length), dtype=np.int16)
    for row, text in enumerate(texts):
        words = text.split()
        made[row, : len(words)] = [VOCABULARY.index(word) if word in VOCABULARY else 1 for word in words]
    return made


POOL = tokens("the cat meows", "the dog barks", "the cat , meows", "the dog , barks loudly", "cat cat", "dog dog")
TEST = tokens("the cat meows", "a dog barks")
LABELS, TEST_LABELS = np.array([0, 1] * 3), np.array([1, 1])


def labelled(**changes: Any) -> text_profile.TokensProfile:
    given = {"inputs": POOL, "targets": LABELS, "test_inputs": TEST, "test_targets": TEST_LABELS, **changes}
    return text_profile.profile(**given, classes=CLASSES, vocabulary=VOCABULARY, separator=" ")


def said(findings: Any, *, problems: bool) -> str:
    return "\n".join(finding.text for finding in findings if finding.is_problem == problems)


def of(*lengths: int) -> Lengths:
    return lengths_of(np.array(lengths), np.array([1, 9]))


def test_a_pad_keeps_what_it_says() -> None:
    lengths = np.random.default_rng(0).integers(1, 60, 500)
    found = lengths_of(lengths, lengths[:9])
    for pad in found.pads:
        kept = [min(length, pad.length) for length in lengths]
        assert pad.whole == np.mean([length <= pad.length for length in lengths]) >= pad.percentile / 100
        assert pad.kept == pytest.approx(sum(kept) / lengths.sum())
        assert pad.padding == pytest.approx(1 - sum(kept) / (pad.length * 500))
    assert (found.pads[-1].whole, found.pads[-1].kept) == (1, 1)
    assert (found.total, found.longest, found.test_longest) == (lengths.sum(), lengths.max(), lengths[:9].max())


def test_lengths_end_with_the_last_thing_there() -> None:
    there = np.array([[1, 1, 0, 0], [1, 0, 1, 0], [0, 0, 0, 0], [1, 1, 1, 1]], dtype=bool)
    assert lengths_in(there).tolist() == [2, 3, 0, 4]


def test_much_padding_and_empty_examples_are_problems_and_equal_lengths_are_none() -> None:
    much = said(length_findings(of(10, 1, 1, 1, 1), "words"), problems=True)
    assert "padded to the longest, 72 % of all places would hold nothing" in much.replace("\xa0", " ")
    assert said(length_findings(of(10, 9, 9), "words"), problems=True) == ""
    assert "1 example has nothing in it" in said(length_findings(of(4, 0), "words"), problems=True)
    assert said(length_findings(of(4, 4), "words"), problems=False) == "all examples have 4 words: nothing is padding"


def test_words_are_counted_and_the_unknown_among_them() -> None:
    found = labelled()
    assert (found.pool, found.test, found.what) == (6, 2, "words")
    assert found.words.vocabulary == 8
    assert found.words.used == 6
    assert found.words.unknown == 1 / 19
    assert found.words.test_unknown == 1 / 6
    assert "lacks 5.3 % of the words of the training pool and 16.7 % of those of the test part" in said(
        text_profile.findings(found), problems=True
    ).replace("\xa0", " ")


def test_words_of_a_class_are_its_most_frequent_and_its_own() -> None:
    many = np.repeat(POOL, 20, axis=0)
    found = labelled(inputs=many, targets=np.repeat(LABELS, 20))
    cats, dogs = found.by_class
    assert cats.frequent == ("cat", "the", "meows")
    assert cats.typical == ("cat", "meows")
    assert dogs.typical == ("dog", "barks")


def test_texts_that_occur_in_both_parts_are_told_with_their_labels() -> None:
    found = labelled()
    assert (found.copies.test_in_pool, found.copies.contradictions) == (1, 1)
    assert found.copies.groups[0].labels == CLASSES
    assert "1 of the 2 examples of the test part occurs in the training pool" in said(
        text_profile.findings(found), problems=True
    )


def test_texts_of_the_test_part_that_begin_as_one_of_the_pool_are_counted() -> None:
    eight = "cat dog cat dog the the dog cat"
    pool, test = tokens(f"{eight} barks", "the cat", length=9), tokens(f"{eight} meows", eight, "the cat", length=9)
    found = labelled(inputs=pool, targets=np.array([0, 1]), test_inputs=test, test_targets=np.array([0, 1, 1]))
    assert found.begin_alike == 2, "shorter ones are alike by chance"
    assert labelled().begin_alike == 0


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"inputs": POOL.astype(float)}, "pool: float64 (6, 6); accepted: tokens"),
        ({"inputs": POOL + 3}, "tokens of the pool: 3 to 10; accepted: 0 to 7"),
        ({"test_targets": np.array([0, 2])}, "labels of the test part: 0 to 2; accepted: 0 to 1"),
    ],
)
def test_what_is_no_labelled_text_gets_one_clear_line(changes: dict[str, Any], words: str) -> None:
    with pytest.raises(DataError) as raised:
        labelled(**changes)
    assert words in str(raised.value)


def windows(text: str, known: str, length: int = 4) -> tuple[NDArray[np.int16], NDArray[np.int64]]:
    numbers = np.array([known.index(sign) for sign in text])
    count = (len(text) - 1) // length
    cut = count * length
    return numbers[:cut].reshape(count, length).astype(np.int16), numbers[1 : cut + 1].reshape(count, length)


def continued(pool: str, test: str) -> continuation_profile.ContinuationProfile:
    known = "\0" + "".join(sorted(set(pool + test)))
    return continuation_profile.profile(*windows(pool, known), *windows(test, known), tuple(known), "")


def test_windows_of_the_test_part_are_found_wherever_they_begin_in_the_pool() -> None:
    generator = np.random.default_rng(0)
    pool, test = ("".join(generator.choice(list("ab"), size)) for size in (60, 200))
    found = continued(pool, test)
    whole = pool[: found.pool * 4]
    assert found.test_in_pool == sum(test[begin : begin + 4] in whole for begin in range(0, 196, 4)) > 0
    cut = [pool[begin : begin + 4] for begin in range(0, len(whole), 4)]
    assert found.in_pool == len(cut) - len(set(cut))
    assert continued("abcdefghijklmnopq", "qponmlkjihgfedcba").test_in_pool == 0
    assert continued("xxabcdxxefghi", "abcdabcda").test_in_pool == 2


def test_symbols_their_frequency_and_what_the_pool_lacks() -> None:
    found = continued("xaab" * 5, "xaaz?" * 4)
    assert found.frequent[0].symbol == "a"
    assert set(found.unseen) == {"z", "?"}
    shares = np.array([each.pool for each in found.frequent])
    assert shares.sum() == pytest.approx(1)
    assert found.entropy == pytest.approx(-(shares * np.log(shares)).sum())
    assert found.guess_accuracy == found.frequent[0].test
    problems = said(continuation_profile.findings(found), problems=True)
    assert "symbols of the test part that the training pool lacks: ? z" in problems


def test_targets_that_do_not_follow_are_a_problem() -> None:
    known = "\0abcdefghij"
    inputs, targets = windows("abcdefghij", known)
    found = continuation_profile.profile(inputs, inputs.astype(np.int64), inputs, targets, tuple(known), "")
    assert found.following == 0.5
    assert "at 50.0 % of the places" in said(continuation_profile.findings(found), problems=True).replace("\xa0", " ")


def series(examples: int = 40, *, seed: int = 0) -> NDArray[np.float32]:
    generator = np.random.default_rng(seed)
    made = generator.normal(size=(examples, 7, 3)).astype(np.float32)
    made[np.arange(7) >= generator.integers(2, 8, examples)[:, None]] = np.nan
    return made


def described(inputs: NDArray[np.float32]) -> series_profile.SeriesProfile:
    labels = np.arange(40) % 2
    return series_profile.profile(inputs, labels, series(seed=1), labels, CLASSES)


def test_values_of_series_are_numpy_s_without_the_padding() -> None:
    inputs = series()
    found = described(inputs)
    for place, channel in enumerate(found.channels):
        values = inputs[..., place][~np.isnan(inputs[..., place])].astype(float)
        assert channel.mean == pytest.approx(values.mean())
        assert channel.standard_deviation == pytest.approx(values.std())
        assert (channel.minimum, channel.maximum) == (values.min(), values.max())
        assert channel.quartiles == pytest.approx(np.percentile(values, (25, 50, 75)))
    assert found.missing == 0
    assert found.lengths.total == (~np.isnan(inputs[..., 0])).sum()


def test_missing_values_constant_channels_and_unlike_scales_are_problems() -> None:
    inputs = series()
    inputs[3, 0, 1] = np.nan
    there = ~np.isnan(inputs[..., 0])
    inputs[there, 2] = 5
    inputs[there, 0] *= 1000
    problems = said(series_profile.findings(described(inputs)), problems=True)
    assert "1 value is no number, before the end of the series" in problems
    assert "channel 3 is the same everywhere in the training pool" in problems
    assert "the channels' standard deviations go from" in problems


def test_what_is_no_series_gets_one_clear_line() -> None:
    with pytest.raises(DataError, match=r"pool: int64 \(40, 7, 3\); accepted: series"):
        described(np.nan_to_num(series()).astype(np.int64))
