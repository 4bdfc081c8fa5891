"""What is said of a data set with boxes, before anything is trained on it."""

import base64
import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from suite.errors import DataError
from suite.report import box_page
from suite.report.box_profile import findings, profile
from suite.report.data_page import write_page

CLASSES = ("cell", "plate")


def made(pool: int = 12, test: int = 6) -> list[NDArray[Any]]:
    """Noise, with a cell of 4 x 4 in each image and a plate of 4 x 9 in every second one."""
    inputs = np.random.default_rng(0).integers(0, 256, (pool + test, 16, 20, 1), dtype=np.uint8)
    boxes = np.full((pool + test, 3, 5), -1.0, dtype=np.float32)
    boxes[:, 0] = (0, 2, 3, 6, 7)
    boxes[::2, 1] = (1, 10, 1, 14, 10)
    return [inputs[:pool], boxes[:pool], inputs[pool:], boxes[pool:]]


def said(parts: list[NDArray[Any]]) -> dict[str, bool]:
    return {finding.text: finding.is_problem for finding in findings(profile(*parts, CLASSES))}


def test_objects_are_counted_and_measured_class_by_class() -> None:
    found = profile(*made(), CLASSES)
    assert (found.classes.pool, found.classes.test, found.pictures) == ((12, 6), (6, 3), (12, 6))
    assert found.sizes[0].sides == pytest.approx((4, 4, 4))
    assert found.sizes[1].sides == pytest.approx((6, 6, 6))
    assert found.sizes[1].elongations == pytest.approx((4 / 9, 4 / 9, 4 / 9))
    assert found.per_image == ((1, 1, 2), (1, 1, 2))
    assert (found.empty, found.beyond, found.twice, found.without) == (0, 0, 0, (0, 0))


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ((0, 5, 5, 5, 9), "1 of the 28 boxes are ones of no area: nothing can be found there"),
        ((1, 15, 5, 21, 9), "1 of the 28 boxes are ones that reach beyond their image: the rest of the object"),
        ((0, 2, 3, 6, 6.9), "1 of the 28 boxes are ones that nearly agree with another one of their class: one object"),
    ],
)
def test_boxes_that_cannot_be_right_are_problems(row: tuple[float, ...], words: str) -> None:
    parts = made()
    assert not any(problem for text, problem in said(parts).items() if "boxes" in text)
    parts[1][3, 2] = row
    assert [text for text, problem in said(parts).items() if problem and text.startswith(words)]


def test_two_objects_of_different_classes_may_be_in_one_place() -> None:
    parts = made()
    parts[1][3, 2] = (1, 2, 3, 6, 7)
    assert profile(*parts, CLASSES).twice == 0


def test_images_without_objects_and_classes_without_any_are_told() -> None:
    parts = made()
    parts[3][:] = -1
    texts = said(parts)
    assert texts["no object in the test part: “cell”, “plate”"]
    assert "6 of the 6 images of the test part have no object: whatever is found there is wrong" in texts


@pytest.mark.parametrize(
    ("spoilt", "words"),
    [
        (np.zeros((12, 3, 4), np.float32), "accepted: floats"),
        (np.full((12, 3, 5), np.nan, np.float32), "finite"),
        (np.full((12, 3, 5), 2.0, np.float32), "accepted: -1 to 1"),
    ],
)
def test_what_is_no_list_of_boxes_is_refused(spoilt: NDArray[Any], words: str) -> None:
    images, _, *test = made()
    with pytest.raises(DataError, match=words):
        profile(images, spoilt, *test, CLASSES)


def test_objects_are_framed_where_they_are(tmp_path: Path) -> None:
    images, boxes, *test = made()
    images[:] = 100
    found = box_page.describe(images, boxes, *test, CLASSES)
    first = found.sections["strips"][0]
    picture = np.asarray(Image.open(io.BytesIO(base64.b64decode(first.source.split(",")[1]))))
    framed = (picture == (0, 200, 255)).all(axis=2)[:, :256]  # 12.8 times as large: the box is 26 to 77 and 38 to 90
    expected = np.zeros_like(framed)
    expected[35:93, 23:80] = True
    expected[38:90, 26:77] = False
    assert (framed == expected).all()
    assert write_page("cells", found, tmp_path).read_text(encoding="utf-8").count("<img") >= 2
