"""What an evaluation trial keeps for people to look at."""

import base64
import io
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from tiny import BOXES, EMBEDDINGS, PIXELS, random_boxes, random_dataset, random_pixels, run

from suite.training.answers import KEPT, photograph

SMALL: dict[str, Any] = {"engine__train_examples": 100, "engine__validation_examples": 50, "engine__epochs": 1}


def pixels(file: str) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(file))))


def test_a_detection_trial_keeps_the_first_test_images_with_their_objects_by_name() -> None:
    data = random_boxes()
    result = run(data, base=BOXES, **SMALL)
    assert len(result.answers) == KEPT
    for (picture, truth, said), image, boxes in zip(
        result.answers, data.test_inputs[:KEPT], data.test_targets[:KEPT], strict=True
    ):
        assert picture == photograph(image)
        there = [row for row in boxes.tolist() if row[0] >= 0]
        assert [box[0] for box in truth] == [data.classes[int(row[0])] for row in there]  # type: ignore[union-attr,index]
        assert np.allclose([box[1:] for box in truth], [row[1:] for row in there], atol=1e-3)  # type: ignore[union-attr,index]
        assert all(box[0] in data.classes and 0 < box[5] <= 1 for box in said)  # type: ignore[union-attr,index,operator]


def test_a_segmentation_trial_keeps_maps_in_which_void_is_255() -> None:
    data = random_pixels()
    result = run(data, base=PIXELS, **SMALL)
    for (_, truth, said), classes in zip(result.answers, data.test_targets[:KEPT].numpy(), strict=True):
        assert (pixels(str(truth)) == np.where(classes < 0, 255, classes)).all()
        assert pixels(str(said)).max() < len(data.classes)


@pytest.mark.parametrize("changes", [{"base": BOXES, "purpose": "tuning"}, {"base": EMBEDDINGS}])
def test_others_keep_none(changes: dict[str, Any]) -> None:
    data = random_boxes() if changes["base"] is BOXES else random_dataset((16, 16, 1), pool=200, test=40)
    assert run(data, **changes, **SMALL).answers == ()


def test_a_picture_looks_like_its_image() -> None:
    image = torch.arange(64).view(8, 8, 1).expand(8, 8, 3).to(torch.uint8).mul(3).contiguous()
    assert np.abs(pixels(photograph(image)).astype(int) - image.numpy().astype(int)).mean() < 3
    assert pixels(photograph(image[..., :1])).shape == (8, 8)
