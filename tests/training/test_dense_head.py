"""torchvision's detectors in the suite's form say what they say in torchvision's."""

import math
from typing import Any

import pytest
import torch
from torchvision.models.detection import retinanet_resnet50_fpn, ssd300_vgg16
from torchvision.models.detection.image_list import ImageList

from suite.training.anchors import columns, detections
from suite.training.dense_head import DenseHead, rarer, with_background, without_background
from suite.training.loss import detection, fcos
from suite.training.model import fcos_resnet50, retinanet_resnet50
from suite.training.model import ssd300_vgg16 as ssd300_vgg16_of_the_suite
from suite.training.stage import heads


def test_ssd_finds_what_torchvision_s_own_code_finds() -> None:
    torch.manual_seed(0)
    theirs = ssd300_vgg16(
        weights=None, weights_backbone=None, num_classes=4, image_mean=[0, 0, 0], image_std=[1, 1, 1], score_thresh=0.0
    ).eval()
    for parameter in theirs.head.parameters():
        torch.nn.init.normal_(parameter, std=0.01)
    image = torch.rand(1, 3, 300, 300)
    with torch.inference_mode():
        ours = DenseHead(theirs, resolution=300, form=with_background)(image)
        (expected,) = theirs([image[0]])
    dense = columns(ours)
    probability = dense.objectness.sigmoid()[..., None] * dense.classes.softmax(dim=2)
    assert float(probability.max()) == pytest.approx(float(expected["scores"][0]), rel=1e-5)
    best = detections(ours, 1)[0, 0]
    assert int(best[0]) + 1 == int(expected["labels"][0])
    torch.testing.assert_close(best[1:5], expected["boxes"][0], atol=1e-2, rtol=1e-4)


def test_anchors_are_torchvision_s_in_the_image_as_it_came_in_the_middle_of_their_cells() -> None:
    torch.manual_seed(0)
    model = retinanet_resnet50.build((1, 40, 80), 5, resolution=128).eval()
    with torch.inference_mode():
        dense = columns(model(torch.rand(2, 1, 40, 80)))
    plain = retinanet_resnet50_fpn(weights=None, weights_backbone=None).anchor_generator
    sides = (16, 8, 4, 2, 1)
    features = [torch.zeros(1, 256, side, side) for side in sides]
    (corner,) = plain(ImageList(torch.zeros(1, 3, 128, 128), [(128, 128)]), features)
    half = torch.cat([torch.full((9 * side**2, 1), 64.0 / side) for side in sides])
    torch.testing.assert_close(dense.anchors[0], (corner + half) * torch.tensor([80, 40, 80, 40]) / 128)
    assert dense.classes.shape == (2, len(corner), 5)
    middles = (dense.anchors[0, :, :2] + dense.anchors[0, :, 2:]) / 2
    torch.testing.assert_close(middles.amin(dim=0) + middles.amax(dim=0), torch.tensor([80.0, 40.0]))


def test_a_prior_makes_objects_as_rare_at_first_as_the_focal_loss_wants_them() -> None:
    image = torch.rand(1, 3, 128, 128)
    said = []
    for prior in (0.5, 0.01):
        torch.manual_seed(0)
        model = retinanet_resnet50.build((3, 128, 128), 4, resolution=128, prior=prior).eval()
        with torch.inference_mode():
            said.append(columns(model(image)))
    even, rare = said
    torch.testing.assert_close(even.objectness - rare.objectness, torch.full_like(even.objectness, math.log(99)))
    torch.testing.assert_close(even.classes.softmax(dim=2), rare.classes.softmax(dim=2))
    with pytest.raises(ValueError, match="prior"):
        retinanet_resnet50.build((3, 128, 128), 4, prior=0.0)


@pytest.mark.parametrize("classes", [1, 3, 20])
def test_a_prior_is_that_of_an_object_whatever_the_number_of_classes(classes: int) -> None:
    nothing = torch.zeros(1, 5, classes)
    for form, scores in ((without_background, nothing), (with_background, torch.zeros(1, 5, 1 + classes))):
        said = rarer(form, 0.01)(scores, torch.zeros(1, 5, 4), torch.zeros(5, 4))
        torch.testing.assert_close(said.objectness.sigmoid(), torch.full((1, 5, 1), 0.01))


def test_ssd_s_places_end_where_the_image_ends() -> None:
    with torch.device("meta"):
        model = ssd300_vgg16_of_the_suite.build((3, 300, 300), 3)
    features = [torch.zeros(1, 1, side, side) for side in (38, 19, 10, 5, 3, 1)]
    (boxes,) = model.anchors(ImageList(torch.zeros(1, 3, 300, 300), [(300, 300)]), features)
    middles = (boxes[:, :2] + boxes[:, 2:]) / 2
    torch.testing.assert_close(middles.amin(dim=0) + middles.amax(dim=0), torch.tensor([300.0, 300.0]))


@pytest.mark.parametrize("resolution", [300, 320, 600])
def test_a_resolution_at_which_anchors_would_drift_is_refused(resolution: int) -> None:
    with pytest.raises(ValueError, match="multiple of 128"):
        retinanet_resnet50.build((3, 64, 64), 2, resolution=resolution)


@pytest.mark.parametrize(("network", "of", "left"), [(retinanet_resnet50, detection, 0.6), (fcos_resnet50, fcos, 0.8)])
def test_it_learns_where_an_object_is_and_hands_over_all_but_the_classes(network: Any, of: Any, left: float) -> None:
    torch.manual_seed(0)
    model = network.build((3, 64, 64), 2, resolution=64)
    images = torch.zeros(2, 3, 64, 64)
    images[0, :, 8:40, 8:40] = images[1, :, 24:56, 24:56] = 1.0
    targets = torch.tensor([[[0, 8, 8, 40, 40]], [[1, 24, 24, 56, 56]]]).float()
    criterion, optimizer = of.build(), torch.optim.Adam(model.parameters(), lr=1e-4)
    losses = []
    for _ in range(12):
        losses.append(criterion(model(images), targets))
        losses[-1].backward()
        optimizer.step()
        optimizer.zero_grad()
    assert losses[-1] < left * losses[0]
    assert all(name.startswith("heads.") for name in heads(model))
