"""FCOS in the suite's form learns and finds what torchvision's own code does."""

import math

import pytest
import torch
from torchvision.models.detection import FCOS, fcos_resnet50_fpn

from suite.training.anchors import columns, detections
from suite.training.centerness import joined, parted
from suite.training.dense_head import DenseHead
from suite.training.loss import fcos
from suite.training.model import detector, fcos_resnet50
from suite.training.targets import VOID

CLASSES, SIDE = 3, 128
STRIDES = (8, 16, 32, 64, 128)
PRIOR_LOGIT = math.log((1 - fcos_resnet50.PRIOR) / fcos_resnet50.PRIOR)


@pytest.fixture(scope="module")
def theirs() -> FCOS:
    """torchvision's, on images as they are, with places in the middle of their cells."""
    torch.manual_seed(0)
    plain = {"image_mean": [0, 0, 0], "image_std": [1, 1, 1], "min_size": SIDE, "max_size": SIDE}
    network = fcos_resnet50_fpn(
        weights=None, weights_backbone=None, num_classes=CLASSES, score_thresh=0.0, topk_candidates=10_000, **plain
    ).eval()
    network.anchor_generator.cell_anchors = [torch.tensor([[0.0, 0.0, side, side]]) for side in STRIDES]
    for last in (network.head.classification_head.cls_logits, network.head.regression_head.bbox_ctrness):
        torch.nn.init.normal_(last.weight, std=0.3)
    torch.nn.init.normal_(network.head.regression_head.bbox_reg.weight, std=0.2)
    return network


def cells() -> torch.Tensor:
    """Of all places of an image of 128x128, (A, 4), the finest level first."""
    rows = []
    for side in STRIDES:
        along = torch.arange(SIDE // side) * float(side)
        down, across = torch.meshgrid(along, along, indexing="ij")
        low = torch.stack([across.flatten(), down.flatten()], dim=1)
        rows.append(torch.cat([low, low + side], dim=1))
    return torch.cat(rows)


def scene(*, images: int, boxes: int, size: tuple[float, float] = (6.0, 120.0)) -> torch.Tensor:
    """(n, boxes, 5): of all sizes; the first image has none, and every one a row that holds none."""
    draw = torch.Generator().manual_seed(4)
    sides = size[0] * (size[1] / size[0]) ** torch.rand(images, boxes, 2, generator=draw)
    low = torch.rand(images, boxes, 2, generator=draw) * (SIDE - sides)
    kind = torch.randint(0, CLASSES, (images, boxes, 1), generator=draw).float()
    result = torch.cat([kind, low, low + sides], dim=2)
    result[0] = result[:, 1] = torch.tensor([float(VOID), 0, 0, 0, 0])
    return result


def test_the_loss_and_its_gradients_are_those_of_torchvision_s_own_code(theirs: FCOS) -> None:
    torch.manual_seed(1)
    targets, places = scene(images=4, boxes=9), cells()
    scores = torch.randn(4, len(places), CLASSES)
    distances, centerness = 3 * torch.rand(4, len(places), 4), torch.randn(4, len(places), 1)
    raw = [value.requires_grad_() for value in (scores, distances, centerness)]

    said = fcos_resnet50.form(scores, (distances, centerness), places)
    outputs = torch.cat([places.expand(4, -1, -1), *said], dim=2)
    ours = fcos.build()(outputs, targets)

    listed = [rows[rows[:, 0] != VOID] for rows in targets]
    named = [{"labels": rows[:, 0].long(), "boxes": rows[:, 1:]} for rows in listed]
    given = {"cls_logits": scores - PRIOR_LOGIT, "bbox_regression": distances, "bbox_ctrness": centerness}
    expected = theirs.compute_loss(named, given, [places] * 4, [(SIDE // side) ** 2 for side in STRIDES])

    torch.testing.assert_close(ours, sum(expected.values()))
    for own, other in zip(
        torch.autograd.grad(ours, raw), torch.autograd.grad(sum(expected.values()), raw), strict=True
    ):
        torch.testing.assert_close(own, other, atol=1e-6, rtol=1e-3)


def test_it_finds_what_torchvision_s_own_code_finds(theirs: FCOS) -> None:
    torch.manual_seed(2)
    image = torch.rand(1, 3, SIDE, SIDE)
    head = theirs.head.classification_head.cls_logits
    with torch.inference_mode():
        outputs = DenseHead(theirs, resolution=SIDE, form=fcos_resnet50.form)(image)
        bias = head.bias.clone()
        head.bias -= PRIOR_LOGIT  # which ours adds by itself
        (expected,) = theirs([image[0]])
        head.bias.copy_(bias)
    best = detections(outputs, 1)[0, 0]
    assert int(best[0]) == int(expected["labels"][0])
    torch.testing.assert_close(best[1:5], expected["boxes"][0], atol=1e-3, rtol=1e-4)
    dense = columns(outputs)
    evidence = parted(dense.objectness, dense.classes)[0][0]
    here = evidence[(dense.objectness[0].sigmoid() * dense.classes[0].softmax(dim=1).amax(dim=1)).argmax()].exp()
    shared = (1 + here.max()) / (1 + here.sum())  # the other classes' part
    torch.testing.assert_close(best[5], expected["scores"][0] ** 2 * shared, atol=1e-5, rtol=1e-4)


def test_what_is_joined_can_be_parted_again_whatever_it_was() -> None:
    levels = torch.tensor([-30.0, -12, -4.6, -1, 0, 2, 9, 30])
    evidence = torch.cartesian_prod(levels, levels, levels)
    wanted, centerness = evidence[None, :, :2], evidence[None, :, 2:]
    objectness, classes = joined(wanted, centerness)
    again, central = parted(objectness[..., 0], classes)
    torch.testing.assert_close(again, wanted, atol=2e-5, rtol=1e-5)
    torch.testing.assert_close(central[..., None], centerness, atol=2e-5, rtol=1e-5)
    some = wanted.logsumexp(dim=2, keepdim=True).sigmoid()
    torch.testing.assert_close(objectness.sigmoid(), some * centerness.sigmoid())


def test_a_stretched_image_is_judged_as_the_square_that_the_network_sees() -> None:
    targets, places = scene(images=3, boxes=7), cells()
    square = fcos.match(places.expand(3, -1, -1), targets, 1.5)
    stretch = torch.tensor([2.0, 0.75, 2.0, 0.75])
    wide = targets.clone()
    wide[..., 1:] *= stretch
    oblong = fcos.match((places * stretch).expand(3, -1, -1), wide, 1.5)
    assert square.object.sum() > 20
    assert torch.equal(square.object, oblong.object)
    taken = square.object == 1
    assert torch.equal(square.row[taken], oblong.row[taken])


def test_centerness_is_1_in_the_middle_and_falls_towards_the_sides() -> None:
    place = torch.tensor([[8.0, 8, 16, 16]])
    boxes = torch.tensor([[2.0, 2, 22, 22], [2, 2, 42, 22], [11, 11, 22, 22]])
    expected = torch.tensor([1.0, math.sqrt(10 / 30), math.sqrt((1 / 10) * (1 / 10))])
    torch.testing.assert_close(fcos.central(place.expand(3, -1), boxes), expected)


def test_the_small_detector_with_one_anchor_as_large_as_its_cell_learns_by_the_same_loss() -> None:
    torch.manual_seed(0)
    model = detector.build((1, 32, 32), 2, widths=(8, 16, 16), branches=(4, 8), anchor=1.0, per_place=1)
    images = torch.zeros(2, 1, 32, 32)
    images[0, :, 4:14, 4:14] = images[1, :, 8:28, 8:28] = 1.0
    targets = torch.tensor([[[0, 4, 4, 14, 14]], [[1, 8, 8, 28, 28]]]).float()
    criterion, optimizer = fcos.build(), torch.optim.Adam(model.parameters(), lr=0.01)
    for _ in range(80):
        criterion(model(images), targets).backward()
        optimizer.step()
        optimizer.zero_grad()
    with torch.inference_mode():
        found = detections(model(images), 1)[:, 0]
    assert found[:, 0].tolist() == [0.0, 1.0]
    torch.testing.assert_close(found[:, 1:5], targets[:, 0, 1:], atol=2.0, rtol=0.0)


def test_on_fewer_levels_the_others_predictions_stay_as_they_are() -> None:
    torch.manual_seed(0)
    whole = fcos_resnet50.build((3, 64, 64), 2, resolution=128).eval()
    cut = fcos_resnet50.build((3, 64, 64), 2, resolution=128, levels=(4, 3, 6)).eval()
    cut.load_state_dict(whole.state_dict())
    images = torch.rand(1, 3, 64, 64)
    with torch.inference_mode():
        everything, rest = whole(images), cut(images)
    counts = [(128 // side) ** 2 for side in STRIDES]
    finest, second, _, fourth, _ = everything.split(counts, dim=1)
    assert torch.equal(rest, torch.cat([finest, second, fourth], dim=1))


@pytest.mark.parametrize("levels", [(), (2, 3), (7, 8)])
def test_a_level_that_the_pyramid_has_not_is_refused(levels: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match=r"model.levels .* are not among the pyramid's, \[3, 4, 5, 6, 7\]"):
        fcos_resnet50.build((3, 64, 64), 2, levels=levels)
