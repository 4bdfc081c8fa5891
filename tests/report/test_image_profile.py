from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from suite.errors import DataError
from suite.report.data_profile import Finding
from suite.report.image_profile import ImageProfile, findings, profile

NAMES = ("ant", "bee", "cow")


def clean(pool: int = 90, test: int = 60, channels: int = 3) -> dict[str, NDArray[Any]]:
    """Noise: no two pictures alike, no pixel constant, classes equally many."""
    generator = np.random.default_rng(0)
    return {
        "inputs": generator.integers(0, 256, (pool, 6, 5, channels), dtype=np.uint8),
        "targets": np.arange(pool) % len(NAMES),
        "test_inputs": generator.integers(0, 256, (test, 6, 5, channels), dtype=np.uint8),
        "test_targets": np.arange(test) % len(NAMES),
    }


def measured(data: dict[str, NDArray[Any]], classes: tuple[str, ...] = NAMES) -> ImageProfile:
    return profile(**data, classes=classes)


def problems(found: ImageProfile) -> list[str]:
    return [finding.text for finding in findings(found) if finding.is_problem]


def test_a_clean_set_raises_no_problem_and_says_what_was_looked_for() -> None:
    found = measured(clean())
    assert problems(found) == []
    said = " | ".join(finding.text for finding in findings(found))
    for words in ("no example of the test part occurs in the training pool", "no content carries different labels"):
        assert words in said
    assert "classes are balanced: 30 examples each in the training pool, 20 in the test part" in said
    assert (found.copies.in_pool, found.copies.in_test, found.copies.test_in_pool) == (0, 0, 0)
    assert found.copies.groups == ()


def test_test_examples_that_occur_in_the_pool_are_counted_and_said_first() -> None:
    data = clean()
    data["test_inputs"][[4, 7, 10]] = data["inputs"][[1, 1, 4]]  # all of class 1
    data["inputs"][:, 0, 0] = data["test_inputs"][:, 0, 0] = 9  # a lesser problem
    found = measured(data)
    assert found.copies.test_in_pool == 3
    assert problems(found)[0].startswith("3 of the 60 examples of the test part occur in the training pool")
    assert problems(found)[1].startswith("1 of the 60 examples of the test part repeats an earlier one")
    assert [(group.pool, group.test) for group in found.copies.groups] == [((1,), (4, 7)), ((4,), (10,))]


def test_copies_within_a_part_count_without_the_first_of_them() -> None:
    data = clean()
    data["inputs"][[3, 6, 9]] = data["inputs"][0]
    data["test_inputs"][5] = data["test_inputs"][2]
    found = measured(data)
    assert (found.copies.in_pool, found.copies.in_test, found.copies.test_in_pool) == (3, 1, 0)
    assert "3 of the 90 examples of the training pool repeat an earlier one" in problems(found)[0]
    assert "1 of the 60 examples of the test part repeats an earlier one" in problems(found)[1]
    assert [group.pool for group in found.copies.groups] == [(0, 3, 6, 9), ()]


def test_one_bit_makes_a_different_example() -> None:
    data = clean()
    data["test_inputs"][0] = data["inputs"][0]
    data["test_inputs"][0, 0, 0, 0] ^= 1
    assert measured(data).copies.test_in_pool == 0


def test_the_same_content_with_different_labels_is_a_contradiction_wherever_it_lies() -> None:
    data = clean()
    data["inputs"][[1, 2]] = data["inputs"][0]  # ant, bee, cow
    data["test_inputs"][0] = data["inputs"][4]  # ant there, bee here
    data["inputs"][10] = data["inputs"][7]  # bee twice: a copy, not a contradiction
    found = measured(data)
    assert found.copies.contradictions == 2
    assert "the same content carries different labels in 2 cases: no model can be right on every copy" in problems(
        found
    )
    assert [group.labels for group in found.copies.groups] == [NAMES, ("ant", "bee"), ("bee",)]


def test_at_most_ten_groups_are_kept_but_all_are_counted() -> None:
    data = clean()
    data["inputs"][45:90] = data["inputs"][:45]
    found = measured(data)
    assert found.copies.in_pool == 45
    assert len(found.copies.groups) == 10


@pytest.mark.parametrize(
    ("counts", "words", "is_problem"),
    [
        ((30, 28, 30), "balanced", False),
        ((30, 24, 30), "nearly balanced", False),
        ((30, 20, 25), "uneven", True),
        ((70, 10, 10), "very uneven", True),
    ],
)
def test_the_balance_of_the_classes_is_said_in_words(counts: tuple[int, ...], words: str, is_problem: bool) -> None:
    data = clean(pool=sum(counts))
    data["targets"] = np.repeat(np.arange(3), counts)
    found = measured(data)
    assert found.classes.pool == counts
    assert found.classes.pool_ratio == min(counts) / max(counts)
    (said,) = [finding for finding in findings(found) if finding.text.startswith(f"classes are {words}:")]
    assert f"{min(counts)} to {max(counts)} examples each in the training pool, 20 in the test part" in said.text
    assert said.is_problem == is_problem
    assert ("always guessing “ant” is right on 33.3" in said.text) == is_problem


def test_an_uneven_test_part_is_a_problem_too() -> None:
    data = clean()
    data["test_targets"] = np.repeat(np.arange(3), (50, 5, 5))
    (said,) = problems(measured(data))
    assert said.startswith("classes are very uneven: 30 examples each in the training pool, 5 to 50 in the test part")
    assert "83.3" in said


def test_a_class_without_examples_is_named() -> None:
    data = clean()
    data["test_targets"] = np.arange(60) % 2
    found = measured(data, (*NAMES, "dodo"))
    assert "no example in the training pool: “dodo”" in problems(found)
    assert "no example in the test part: “cow”, “dodo”" in problems(found)
    assert found.classes.pool_ratio == 0
    assert found.classes.examples[3] == ()


def test_constant_pixels_are_those_that_no_channel_varies_in() -> None:
    data = clean()
    data["inputs"][:, 0, 0] = 7
    data["inputs"][:, 5, 4] = (1, 2, 3)
    data["inputs"][:, 2, 2, 0] = 7  # one channel of three: not constant
    found = measured(data)
    assert found.images.constant_pixels == 2
    assert "2 of the 30 pixels are the same in every image of the training pool" in problems(found)[0]


def test_values_that_fill_little_of_their_range_are_a_problem() -> None:
    data = clean(channels=1)
    data["inputs"] //= 16
    assert problems(measured(data)) == ["the values (grey) fill only 0 to 15 of 0 to 255"]


@pytest.mark.parametrize("channels", [1, 2, 3])
def test_the_numbers_are_numpy_s(channels: int) -> None:
    data = clean(pool=5000, channels=channels)  # more than one chunk
    data["inputs"][..., 0] //= 3
    found = measured(data)
    assert [channel.name for channel in found.images.channels] == {
        1: ["grey"], 2: ["channel 1", "channel 2"], 3: ["red", "green", "blue"]
    }[channels]  # fmt: skip
    for place, channel in enumerate(found.images.channels):
        values = data["inputs"][..., place]
        assert channel.mean == pytest.approx(values.mean(), rel=1e-12)
        assert channel.standard_deviation == pytest.approx(values.std(), rel=1e-12)
        assert (channel.minimum, channel.maximum) == (values.min(), values.max())
        assert channel.quartiles == tuple(np.percentile(values, (25, 50, 75), method="inverted_cdf"))
    assert (found.pool, found.test, found.images.height, found.images.width) == (5000, 60, 6, 5)


def test_examples_to_show_are_of_their_class_and_from_all_over_the_pool() -> None:
    data = clean(pool=900)
    examples = measured(data).classes.examples
    for label, places in enumerate(examples):
        assert len(set(places)) == 10
        assert set(data["targets"][list(places)]) == {label}
        assert max(places) - min(places) > 890


def test_problems_come_before_what_is_well() -> None:
    data = clean()
    data["inputs"][:, 0, 0] = 7
    kinds = [finding.is_problem for finding in findings(measured(data))]
    assert kinds == sorted(kinds, reverse=True)
    assert kinds[0]
    assert isinstance(findings(measured(data))[0], Finding)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"inputs": np.zeros((90, 30), np.uint8)}, "pool: uint8 (90, 30); accepted: images"),
        ({"inputs": np.zeros((90, 6, 5, 3), np.float32)}, "pool: float32"),
        ({"test_inputs": np.zeros((0, 6, 5, 3), np.uint8)}, "test part: uint8 (0, 6, 5, 3)"),
        ({"targets": np.zeros(90)}, "labels of the pool: float64"),
        ({"targets": np.zeros(89, int)}, "labels of the pool: int64 (89,)"),
        ({"test_targets": np.full(60, 3)}, "labels of the test part: 3 to 3; accepted: 0 to 2"),
        ({"test_inputs": np.zeros((60, 5, 5, 3), np.uint8)}, "(6, 5, 3) in the pool, (5, 5, 3) in the test part"),
    ],
)
def test_what_is_not_images_with_a_class_each_gets_one_clear_line(change: dict[str, NDArray[Any]], words: str) -> None:
    with pytest.raises(DataError) as raised:
        measured({**clean(), **change})
    assert words in str(raised.value)
    assert "\n" not in str(raised.value)
