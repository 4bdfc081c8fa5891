"""What is said of a data set with a class for every pixel, before anything is trained on it."""

import base64
import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from torchmetrics.functional.classification import multiclass_jaccard_index

from suite.errors import DataError
from suite.report import map_page
from suite.report.data_page import write_page
from suite.report.map_profile import findings, profile

CLASSES = ("ground", "A", "B")


def made(pool: int = 12, test: int = 6, seed: int = 0) -> list[NDArray[Any]]:
    """Noise with two squares each, of class 1 and 2, and a row without a class."""
    draws = np.random.default_rng(seed)
    inputs = draws.integers(0, 256, (pool + test, 10, 14, 1), dtype=np.uint8)
    maps = np.zeros((pool + test, 10, 14), dtype=np.int16)
    maps[:, 2:5, 2:5] = 1
    maps[::2, 6:8, 9:12] = 2
    maps[:, 0] = -1
    return [inputs[:pool], maps[:pool], inputs[pool:], maps[pool:]]


def said(parts: list[NDArray[Any]]) -> dict[str, bool]:
    return {finding.text: finding.is_problem for finding in findings(profile(*parts, CLASSES))}


def test_shares_are_of_the_pixels_that_have_a_class() -> None:
    parts = made()
    found = profile(*parts, CLASSES)
    assert found.classes.pool == (12 * (9 * 14 - 9) - 6 * 6, 12 * 9, 6 * 6)
    assert found.pictures == (12, 12, 6)
    assert found.void == (pytest.approx(0.1), pytest.approx(0.1))
    assert all(place % 2 == 0 for place in found.classes.examples[2])
    assert (found.classes.guess, found.copies.in_pool, found.images.height) == ("ground", 0, 10)


def test_what_always_guessing_gives_is_torchmetrics_own() -> None:
    import torch

    parts = made()
    found = profile(*parts, CLASSES)
    truth = torch.from_numpy(parts[3]).long()
    guess = torch.zeros_like(truth)
    iou = multiclass_jaccard_index(guess, truth, len(CLASSES), ignore_index=-1)
    assert found.guess_iou == pytest.approx(float(iou), abs=1e-6)
    assert found.classes.guess_accuracy == pytest.approx(float((truth[truth >= 0] == 0).float().mean()))


def test_a_class_of_most_pixels_and_a_class_of_none_are_problems() -> None:
    parts = made()
    texts = said(parts)
    assert any(problem and "always guessing “ground” is right on 90.5" in text for text, problem in texts.items())
    parts[3] = np.where(parts[3] == 2, 0, parts[3])
    assert said(parts)["no pixel in the test part: “B”"]


def test_copies_with_other_maps_are_a_contradiction_and_with_the_same_are_not() -> None:
    parts = made()
    parts[0][4], parts[0][6], parts[2][1] = parts[0][2], parts[0][1], parts[0][8]
    parts[1][6] = parts[1][1]
    parts[3][1] = 1
    copies = profile(*parts, CLASSES).copies
    assert (copies.in_pool, copies.test_in_pool, copies.contradictions) == (2, 1, 1)


def test_the_page_shows_images_above_where_each_class_is(tmp_path: Path) -> None:
    parts = made()
    found = map_page.describe(*parts, CLASSES)
    page = write_page("made", found, tmp_path).read_text(encoding="utf-8")
    assert all(name in page for name in CLASSES)
    assert "Pixels per class" in page
    last = found.sections["strips"][2]
    shown = np.asarray(Image.open(io.BytesIO(base64.b64decode(last.source.split(",")[1]))))
    place = found.profile.classes.examples[2][0]
    assert np.array_equal(shown[:10, :14], parts[0][place][..., 0])
    assert np.array_equal(shown[10:20, :14] == 255, parts[1][place] == 2)
    assert np.array_equal(shown[10:20, :14] == 128, parts[1][place] == -1)


@pytest.mark.parametrize(
    ("place", "wrong", "words"),
    [
        (1, np.zeros((12, 10, 13), dtype=np.int16), r"maps of the pool: int16 \(12, 10, 13\); accepted: one integer"),
        (3, np.full((6, 10, 14), 3, dtype=np.int16), "maps of the test part: 3 to 3; accepted: -1 to 2"),
        (0, np.zeros((12, 10, 14, 1), dtype=np.float32), r"pool: float32 .*; accepted: images"),
    ],
)
def test_what_is_no_such_data_set_gets_one_clear_line(place: int, wrong: NDArray[Any], words: str) -> None:
    parts = made()
    parts[place] = wrong
    with pytest.raises(DataError, match=words):
        profile(*parts, CLASSES)
