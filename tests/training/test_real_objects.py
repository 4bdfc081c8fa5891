"""Real pictures with boxes, with a class for each pixel, and of classes never seen before: as they were published."""

from pathlib import Path

import pytest
import torch

from suite.training.data_cache import Dataset, load, prepare
from suite.training.targets import VOID


def real(name: str, data_root: Path, cache_dir: Path) -> Dataset:
    return load(prepare({"data": name}, data_dirs=[data_root], cache_dir=cache_dir))


def test_blood_cells_are_as_published_but_for_two_boxes_without_an_area(data_root: Path, cache_dir: Path) -> None:
    data = real("bccd", data_root, cache_dir)
    assert (data.inputs.shape, data.test_inputs.shape) == ((292, 120, 160, 3), (72, 120, 160, 3))
    boxes = torch.cat([part[part[..., 0] != VOID] for part in (data.targets, data.test_targets)])
    assert len(boxes) == 4888 - 2
    assert (boxes[:, 3:] > boxes[:, 1:3]).all()
    assert boxes[:, 1:].min() >= 0
    assert (boxes[:, 3:].amax(dim=0) <= torch.tensor([160.0, 120.0])).all()
    few = data.test_targets[data.test_targets[..., 0] != VOID][:, 0].long().bincount().tolist()
    assert dict(zip(data.classes, few, strict=True)) == {"RBC": 805, "WBC": 71, "Platelets": 69}


def test_playing_cards_are_of_six_kinds_and_none_is_without_a_box(data_root: Path, cache_dir: Path) -> None:
    data = real("playing_cards", data_root, cache_dir)
    assert (len(data.inputs), len(data.test_inputs), len(data.classes)) == (296, 67, 6)
    for targets in (data.targets, data.test_targets):
        assert (targets[..., 0] != VOID).any(dim=1).all()
        boxes = targets[targets[..., 0] != VOID]
        assert boxes[:, 0].unique().tolist() == list(range(6))
        assert (boxes[:, 3:] > boxes[:, 1:3]).all()


def test_what_a_driving_car_sees_has_eleven_classes_and_pixels_of_none(data_root: Path, cache_dir: Path) -> None:
    data = real("camvid", data_root, cache_dir)
    assert (len(data.inputs), len(data.test_inputs), len(data.classes)) == (367 + 101, 233, 11)
    assert data.targets.unique().tolist() == [VOID, *range(11)]
    share = float((data.targets == VOID).double().mean())
    assert 0.01 < share < 0.1
    sky = data.test_targets == data.classes.index("sky")
    assert sky[:, :30].sum() > 20 * sky[:, -30:].sum(), "the sky is above"


def test_nuclei_are_one_class_on_what_is_none(data_root: Path, cache_dir: Path) -> None:
    data = real("nuclei", data_root, cache_dir)
    assert (len(data.inputs), len(data.test_inputs)) == (430, 108)
    assert data.targets.unique().tolist() == [0, 1]
    assert 0.05 < float((data.targets == 1).double().mean()) < 0.4


@pytest.mark.parametrize("part", ["pool", "test"])
def test_the_characters_of_the_test_are_in_no_training(data_root: Path, cache_dir: Path, part: str) -> None:
    data = real("omniglot", data_root, cache_dir)
    targets, other = data.targets, data.test_targets
    examples, classes = (19_280, 964) if part == "pool" else (13_180, 659)
    counted = (targets if part == "pool" else other).bincount()
    assert (int(counted.sum()), int((counted > 0).sum())) == (examples, classes)
    assert counted[counted > 0].unique().tolist() == [20]
    assert not set(targets.unique().tolist()) & set(other.unique().tolist())
