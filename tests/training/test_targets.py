"""What moves in an image moves in its target: boxes and maps of classes, under every augmentation."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from suite.training.augment import Augment, multi_scale, shift_flip
from suite.training.targets import VOID, area, clipped, resized


def scene(seed: int, height: int = 24, width: int = 32) -> tuple[Tensor, Tensor, Tensor]:
    """Images with one bright rectangle each, the class of each pixel, and the rectangle as a box."""
    draw = torch.Generator().manual_seed(seed)
    images, pixels = torch.zeros(8, 1, height, width), torch.zeros(8, height, width, dtype=torch.int16)
    boxes = torch.full((8, 2, 5), 0.0)
    boxes[:, 1, 0] = VOID
    for i in range(8):
        # not so near the border that a shift by 4 pixels would leave less of it than an object's quarter
        top, left = (int(torch.randint(3, side // 2, (), generator=draw)) for side in (height, width))
        tall, wide = (int(torch.randint(4, side // 2, (), generator=draw)) for side in (height, width))
        images[i, :, top : top + tall, left : left + wide] = 1.0
        pixels[i, top : top + tall, left : left + wide] = 3
        boxes[i, 0] = torch.tensor([3.0, left, top, left + wide, top + tall])
    return images, pixels, boxes


def tight(image: Tensor) -> list[float]:
    """Left, top, right and bottom of what is bright in an image (H, W)."""
    rows, columns = image.any(dim=1).nonzero()[:, 0], image.any(dim=0).nonzero()[:, 0]
    return [float(columns.min()), float(rows.min()), float(columns.max()) + 1, float(rows.max()) + 1]


AUGMENTS = {
    "shift and flip": shift_flip.build(pixels=4, flip=True),
    "shift": shift_flip.build(pixels=3, flip=False),
    "twice the size": multi_scale.build(factors=(2.0,)),
    "half the size": multi_scale.build(factors=(0.5,)),
    "the sizes of multi-scale training": multi_scale.build(),
}


@pytest.mark.parametrize("augment", AUGMENTS.values(), ids=AUGMENTS.keys())
@given(seed=st.integers(0, 10_000))
@settings(max_examples=30, deadline=None)
def test_maps_and_boxes_stay_on_their_objects(augment: Augment, seed: int) -> None:
    images, pixels, boxes = scene(seed)
    moved, classes = augment(images, pixels, torch.Generator().manual_seed(seed))
    same, corners = augment(images, boxes, torch.Generator().manual_seed(seed))
    assert torch.equal(moved, same)
    assert classes.shape == (8, *moved.shape[2:])
    if moved.shape[2] % images.shape[2] == 0:
        assert torch.equal(moved[:, 0] > 0.5, classes == 3)
    for image, where in zip(moved[:, 0] > 0.4, classes == 3, strict=True):  # else a border falls between two pixels
        assert tight(where) == pytest.approx(tight(image), abs=1.01)
    for image, box in zip(moved[:, 0] > 0.4, corners[:, 0], strict=True):
        assert box[0] == 3
        assert box[1:].tolist() == pytest.approx(tight(image), abs=1.01 if moved.shape != images.shape else 0.01)
    assert (corners[:, 1, 0] == VOID).all()


@given(seed=st.integers(0, 10_000))
@settings(max_examples=50, deadline=None)
def test_what_a_shift_cuts_off_is_off_its_box_too(seed: int) -> None:
    draw = torch.Generator().manual_seed(seed)
    images, boxes = torch.zeros(8, 1, 20, 20), torch.zeros(8, 1, 5)
    for i in range(8):
        tall, wide = (int(torch.randint(2, 8, (), generator=draw)) for _ in "hw")
        top, left = (int(torch.randint(0, 21 - side, (), generator=draw)) for side in (tall, wide))  # at borders too
        images[i, :, top : top + tall, left : left + wide] = 1.0
        boxes[i, 0] = torch.tensor([3.0, left, top, left + wide, top + tall])
    moved, corners = shift_flip.build(pixels=6)(images, boxes, draw)
    for before, after, box in zip(images[:, 0], moved[:, 0] > 0.5, corners[:, 0], strict=True):
        if after.sum() >= before.sum() / 4:
            assert box.tolist() == [3.0, *tight(after)]
        else:
            assert box[0] == VOID


def test_what_comes_in_from_outside_is_not_judged() -> None:
    images, pixels, _ = scene(1)
    moved, classes = shift_flip.build(pixels=4)(images + 1.0, pixels, torch.Generator().manual_seed(3))
    assert torch.equal(moved[:, 0] == 0, classes == VOID)
    assert (classes == VOID).any()


def test_a_box_of_which_too_little_is_left_is_no_object_any_more() -> None:
    boxes = torch.tensor([[[1.0, -8, 0, 2, 10], [1.0, -6, 0, 4, 10], [2.0, 3, 3, 5, 5], [0.0, 12, 0, 20, 10]]])
    kept = clipped(boxes, 10, 10)[0]
    assert kept.tolist() == [[VOID, 0, 0, 0, 0], [1, 0, 0, 4, 10], [2, 3, 3, 5, 5], [VOID, 0, 0, 0, 0]]
    assert area(kept[:, 1:]).tolist() == [0, 40, 4, 0]


def test_labels_do_not_change_with_the_size() -> None:
    labels = torch.arange(5)
    assert resized(labels, (10, 10), (20, 30)) is labels
    assert resized(torch.tensor([[[1.0, 2, 3, 4, 5]]]), (10, 10), (20, 30)).tolist() == [[[1.0, 6, 6, 12, 10]]]
