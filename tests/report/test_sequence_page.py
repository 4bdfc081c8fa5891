"""Pages of series and texts: one file each, nothing loaded, everything escaped, examples to look at."""

import base64
import io
import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from suite.report.data_page import Description, write_page
from suite.report.figures.curve_grid import curve_grid, curve_strip, value_span
from suite.report.sequence_page import describe_continuation, describe_series, describe_tokens

WORDS = ("<pad>", "<unk>", "<script>alert(1)</script>", '"onload="x"', "\x1b[2J", "cat", "dog", "the")
CLASSES = ("<b>cats", "dogs")


def texts() -> Description:
    generator = np.random.default_rng(0)
    inputs, test = (generator.integers(1, len(WORDS), (count, 6)).astype(np.int16) for count in (30, 20))
    inputs[::3, 4:] = 0
    test[2] = inputs[1]
    return describe_tokens(inputs, np.arange(30) % 2, test, np.arange(20) % 2, CLASSES, vocabulary=WORDS, separator=" ")


def text() -> Description:
    known = ("<pad>", *"\n <abcdefgh>&")
    numbers = np.random.default_rng(0).integers(1, len(known), 401)
    inputs, targets = numbers[:-1].reshape(40, 10).astype(np.int16), numbers[1:].reshape(40, 10)
    return describe_continuation(inputs[:30], targets[:30], inputs[30:], targets[30:], vocabulary=known, separator="")


def series(channels: int = 2) -> Description:
    inputs = np.random.default_rng(0).normal(size=(40, 9, channels)).astype(np.float32)
    inputs[::2, 6:] = np.nan
    labels = np.arange(40) % 2
    return describe_series(inputs[:30], labels[:30], inputs[30:], labels[30:], CLASSES)


MADE = {"texts": texts, "text": text, "series": series}


@pytest.mark.parametrize("name", MADE)
def test_the_page_is_one_file_that_loads_nothing_and_is_the_same_each_time(tmp_path: Path, name: str) -> None:
    first, second = (write_page(name, MADE[name](), tmp_path / place) for place in ("a", "b"))
    html = first.read_text(encoding="utf-8")
    assert first.read_bytes() == second.read_bytes()
    assert [item.name for item in first.parent.iterdir()] == ["index.html"]
    assert re.findall(r'(?:src|href)="(?!data:|#)[^"]*"', html) == []
    assert re.findall(r"url\((?!#)|@import|<link|<script", html) == []
    assert html.count("<h2>") == len(re.findall(r'<a href="#', html)) >= 3


def test_words_classes_and_signs_that_steer_are_escaped(tmp_path: Path) -> None:
    html = write_page("<i>n", texts(), tmp_path).read_text(encoding="utf-8")
    for raw in ("<script", "<b>cats", "<i>n", '"onload="', "\x1b"):
        assert raw not in html
    for escaped in ("&lt;script&gt;alert(1)&lt;/script&gt;", "&lt;b&gt;cats", "&lt;unk&gt;", "\\x1b[2J"):
        assert escaped in html


def test_texts_lengths_words_and_copies_have_their_places(tmp_path: Path) -> None:
    html = write_page("texts", texts(), tmp_path).read_text(encoding="utf-8")
    order = ("occurs in the training pool", 'id="texts"', 'id="words"', 'id="classes"', 'id="lengths"', 'id="copies"')
    places = [html.index(words) for words in (*order, "pool 1; test 2")]
    assert places == sorted(places)
    for absent in ('id="pictures"', 'id="curves"', 'id="values"', 'id="symbols"'):
        assert absent not in html


def test_passages_keep_their_spaces_and_show_where_windows_and_lines_end(tmp_path: Path) -> None:
    html = write_page("text", text(), tmp_path).read_text(encoding="utf-8")
    passages = re.findall(r'<p class="passage">(.*?)</p>', html)
    assert len(passages) == 4
    assert all(passage.count("<i></i>") == 4 for passage in passages)
    assert "⏎" in "".join(passages)
    assert "&lt;" in "".join(passages)
    assert "white-space: pre-wrap" in html


@pytest.mark.parametrize("channels", [1, 4, 12])
def test_every_class_has_its_curves(tmp_path: Path, channels: int) -> None:
    html = write_page("series", series(channels), tmp_path).read_text(encoding="utf-8")
    pictures = re.findall(r'<img src="data:image/png;base64,([^"]+)" alt="(\d+) examples of', html)
    assert [count for _, count in pictures] == ["6", "6"]
    drawn = [np.asarray(Image.open(io.BytesIO(base64.b64decode(data))).convert("L")) for data, _ in pictures]
    assert all(picture.std() > 5 for picture in drawn)
    assert not np.array_equal(drawn[0], drawn[1])


def test_series_of_one_length_get_no_table_of_lengths(tmp_path: Path) -> None:
    inputs, labels = np.ones((4, 3, 1), np.float32), np.arange(4) % 2
    found = describe_series(inputs, labels, inputs, labels, CLASSES)
    assert "id=\"lengths\"" not in write_page("flat", found, tmp_path).read_text(encoding="utf-8")  # fmt: skip
    assert len(found.tables) == 2


@pytest.mark.parametrize("channels", [1, 4, 5])
def test_series_are_drawn_whatever_they_hold(channels: int) -> None:
    made = np.random.default_rng(0).normal(size=(11, 8, channels))
    made[3:, 5:] = np.nan
    made[4] = np.nan
    made[5, 2] = np.inf
    grid = curve_grid(made, ["猫\ud83d", *map(str, range(10))], title="eleven")
    assert grid == curve_grid(made, ["猫\ud83d", *map(str, range(10))], title="eleven")
    assert Image.open(io.BytesIO(grid)).size[0] > 1000
    assert curve_strip(made[4:5], value_span(made)).startswith(b"\x89PNG")
    assert value_span(np.full((2, 2, 1), np.nan)) == (0.0, 1.0)
