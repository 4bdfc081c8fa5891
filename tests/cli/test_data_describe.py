"""`suite data describe`: the data in words, as JSON and as a page."""

import json
from pathlib import Path

import pytest
from conftest import Suite

from suite.cli.data import one_of
from suite.errors import InputError
from suite.spec.workload import load_workload


def test_a_data_set_is_described_in_words_and_its_page_named_last(suite: Suite, folder: Path) -> None:
    done = suite("data", "describe", "digits")
    assert done.returncode == 0, done.stderr
    for words in (
        "! 4 of the 64 pixels are the same in every image of the training pool",
        "classes are balanced: 87 to 92 examples each in the training pool, 87 to 91 in the test part",
        "900 images",
        "897 images",
        "8 × 8 pixels, 1 channel",
        "77.49",
    ):
        assert words in done.stdout
    assert done.stdout.splitlines()[0].startswith("! ")
    assert done.stdout.splitlines()[-1] == f"page: {Path('results/data/digits/index.html')}"
    assert "digits" in (folder / "results" / "data" / "digits" / "index.html").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("docstrings", ["6,000 texts", "8 to 256 words", "a 90 % pad", "unknown words", "matplotlib", "typical"]),
        ("digits_rows", ["900 series", "8 places each", "the channels' standard deviations go from", "channel 8"]),
        (
            "topics",
            ["windows of 64 characters of the test part", "every target is the symbol that follows", "␣", "nats"],
        ),
    ],
)
def test_sequences_are_described_too(suite: Suite, folder: Path, name: str, words: list[str]) -> None:
    done = suite("data", "describe", name)
    assert done.returncode == 0, done.stderr
    for word in words:
        assert word in done.stdout.replace("\xa0", " ")
    assert (folder / "results" / "data" / name / "index.html").is_file()


def test_as_json_it_is_json_and_nothing_else(suite: Suite, folder: Path) -> None:
    done = suite("data", "describe", "glyphs_cnn", "--json", "--results", "elsewhere")
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    assert said["data"] == "glyphs_cnn"
    assert (said["profile"]["pool"], said["profile"]["test"]) == (4000, 5000)
    assert sum(said["profile"]["classes"]["pool"]) == 4000
    assert said["profile"]["copies"]["test_in_pool"] == 0
    assert {"text": "no pixel is the same in every image", "is_problem": False} in said["findings"]
    assert (folder / said["page"]).is_file()
    assert Path(said["page"]).parts[0] == "elsewhere"


def test_an_unknown_name_gets_one_line_with_what_is_accepted(suite: Suite, folder: Path) -> None:
    done = suite("data", "describe", "dogits")
    assert done.returncode == 2
    assert done.stdout == ""
    (line,) = done.stderr.splitlines()
    assert line.startswith("error: data set 'dogits': not known; accepted: digits,")
    assert not (folder / "results").exists()


def test_a_name_that_means_two_data_sets_is_refused_naming_the_workloads() -> None:
    here = load_workload("glyphs_cnn")
    there = here.model_copy(update={"id": "more_glyphs", "settings": {**here.settings, "data.pool_examples": 9}})
    twin = here.model_copy(update={"id": "twin"})
    assert one_of("glyphs", [here, twin]) is here
    with pytest.raises(InputError, match="name one of them: glyphs_cnn, more_glyphs"):
        one_of("glyphs", [here, there])


def test_maps_of_classes_are_described_by_their_pixels(suite: Suite, folder: Path) -> None:
    done = suite("data", "describe", "scenes_unet")
    assert done.returncode == 0, done.stderr
    for words in ("! classes have 4.", "always guessing “background”", "mean IoU", "40 × 40 pixels, 1 channel"):
        assert words in done.stdout.replace("\xa0", " ")
    assert "Pixels per class" in (folder / "results/data/scenes_unet/index.html").read_text(encoding="utf-8")


def test_boxes_are_described_by_their_objects(suite: Suite, folder: Path) -> None:
    done = suite("data", "describe", "scenes_detector")
    assert done.returncode == 0, done.stderr
    for words in (
        "classes are nearly balanced",
        "no boxes that reach beyond their image",
        "objects per image",
        "64 × 64 pixels",
    ):
        assert words in done.stdout.replace("\xa0", " ")
    assert "Objects per class" in (folder / "results/data/scenes_detector/index.html").read_text(encoding="utf-8")
