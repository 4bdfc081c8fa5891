"""Pictures of what networks find: each box is called what it is, and broken pictures do not break the page."""

import base64
import io
import re
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from PIL import Image

from suite.report.figures.answers import answers, sorted_out
from suite.report.figures.recall import _span, recall
from suite.report.figures.style import Arms, in_lines

ARMS = Arms(["pyramid", "coarse"])
OBJECTS = [("cat", 0.0, 0.0, 10.0, 10.0), ("dog", 20.0, 20.0, 30.0, 30.0)]


def file(kind: str, shape: tuple[int, ...], seed: int = 0) -> str:
    content = io.BytesIO()
    Image.fromarray(np.random.default_rng(seed).integers(0, 3, shape).astype(np.uint8)).save(content, format=kind)
    return base64.b64encode(content.getvalue()).decode()


def evidence(given: tuple[Any, ...], **measured: float) -> Any:
    run = SimpleNamespace(
        answers=given, metric_name="mean_iou", measurements={"test_mean_iou": 0.5, **measured},
        settings={"task.medium": 10.0, "task.large": 20.0},
    )  # fmt: skip
    selected = {"scenes": {"pyramid": (run, run), "coarse": (run, run)}}
    return SimpleNamespace(selected_runs=selected, shared_runs=selected, metric_name=lambda workload: "mean iou")


@pytest.mark.parametrize(
    ("predicted", "states"),
    [
        ([("cat", 1, 1, 10, 10, 0.9), ("dog", 20, 20, 30, 30, 0.8)], ["found", "found"]),
        ([("dog", 0, 0, 10, 10, 0.9), ("dog", 20, 20, 30, 30, 0.8)], ["misnamed", "found", "missed"]),
        ([("cat", 0, 0, 10, 10, 0.9), ("cat", 0, 0, 10, 9, 0.8)], ["found", "wrong", "missed"]),
        ([("cat", 0, 0, 10, 10, 0.9), ("dog", 0, 0, 10, 9, 0.8)], ["found", "wrong", "missed"]),
        ([("cat", 5, 5, 15, 15, 0.9)], ["wrong", "missed", "missed"]),
        ([], ["missed", "missed"]),
    ],
)
def test_boxes_are_found_wrong_or_missed(predicted: list[Any], states: list[str]) -> None:
    assert [state for _, state in sorted_out(OBJECTS, predicted)] == states


def test_no_more_boxes_than_objects_are_shown_and_those_are_the_surest() -> None:
    many = [("dog", 0, 0, 1, 1, 0.1), ("cat", 0, 0, 10, 10, 0.9), ("dog", 20, 20, 30, 30, 0.5)]
    assert [state for _, state in sorted_out(OBJECTS, many)] == ["found", "found"]


def test_the_truth_stands_first_and_then_what_each_arm_says() -> None:
    picture, truth, other = file("JPEG", (40, 40, 3)), file("PNG", (40, 40)), file("PNG", (40, 40), seed=1)
    given = evidence(((picture, truth, truth),) * 2)
    wrong = evidence(((picture, truth, other),) * 2).shared_runs["scenes"]["coarse"]
    given.shared_runs["scenes"]["coarse"] = wrong
    figure = answers(given, ARMS)
    assert figure is not None
    svg = figure.panels[0].svg
    shown = re.findall(r'<image[^>]*href="([^"]+)"', svg)
    assert len(shown) == 2 * 3
    assert shown[2:4] == shown[:2]
    assert all(one != true for one, true in zip(shown[4:], shown[:2], strict=True))


def test_boxes_are_drawn_on_the_picture_of_the_truth_and_of_each_arm() -> None:
    said = tuple((*box, 0.9) for box in OBJECTS[:1])
    figure = answers(evidence(((file("JPEG", (40, 40, 3)), tuple(OBJECTS), said),)), ARMS)
    assert figure is not None
    svg = figure.panels[0].svg
    assert len(set(re.findall(r'<image[^>]*href="([^"]+)"', svg))) == 1
    assert svg.count("stroke: #00c8ff") == 2 + 1 + 1
    assert svg.count("stroke: #ff5ad9") == 1 + 1


@pytest.mark.parametrize(("shape", "height_over_width"), [((20, 40), 0.5), ((40, 40), 1.0), ((5, 400), 0.25)])
def test_an_image_has_the_room_of_its_shape(shape: tuple[int, int], height_over_width: float) -> None:
    def height(shown: tuple[int, int]) -> float:
        wrong = tuple((kind, *corners, 0.9) for (kind, *_), (_, *corners) in zip(OBJECTS, OBJECTS[::-1], strict=True))
        given = ((file("JPEG", (*shown, 3)), tuple(OBJECTS), wrong),)
        figure = answers(evidence(given), ARMS)
        assert figure is not None
        return float(re.findall(r'viewBox="0 0 [0-9.]+ ([0-9.]+)"', figure.panels[0].svg)[0])

    square, tall = height((40, 40)), height((80, 40))
    row = tall - square  # twice as tall is another row
    assert height(shape) == pytest.approx(square + (height_over_width - 1) * row, abs=0.5)


def test_the_name_of_an_arm_is_told_whole_where_it_has_joints() -> None:
    assert in_lines("multi_scale_training_and_testing", 13).split("\n") == ["multi_scale_", "training_and_", "testing"]
    assert in_lines("a_frozen_backbone", 30) == "a_frozen_backbone"
    assert in_lines("onewordthatislong_and", 9).split("\n") == ["onew…ong_", "and"]


def test_what_is_no_picture_leaves_its_place_empty() -> None:
    figure = answers(evidence((("bm90IGEgcGljdHVyZQ==", "AA", "%%%"),)), ARMS)
    assert figure is not None


def test_without_answers_and_sizes_there_is_nothing_to_see() -> None:
    assert answers(evidence(()), ARMS) is None
    assert recall(evidence(()), ARMS) is None


def test_recall_names_the_smallest_objects_first() -> None:
    figure = recall(evidence((), test_recall_small=0.25, test_recall_large=0.75), ARMS)
    assert figure is not None
    said = figure.message.replace("“", "").replace("”", "").replace("\N{NO-BREAK SPACE}", " ")
    assert said == "Small objects found: 25 % in pyramid and 25 % in coarse"
    assert _span("small", {"task.medium": 10.0, "task.large": 20.0}).startswith("below 10")
