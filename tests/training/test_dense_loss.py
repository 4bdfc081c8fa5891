"""The detectors' loss is RetinaNet's and SSD's where it is set as theirs: by torchvision's own code."""

from types import SimpleNamespace

import pytest
import torch
from torch import Tensor
from torchvision.models.detection._utils import BoxCoder, Matcher, SSDMatcher
from torchvision.models.detection.retinanet import RetinaNetClassificationHead
from torchvision.models.detection.ssd import SSD
from torchvision.ops import box_iou

from suite.training.dense_head import Form, with_background, without_background
from suite.training.loss import detection
from suite.training.targets import VOID

CLASSES, ROWS = 3, 12


def grid() -> Tensor:
    """Places (144, 4) of 10 x 10 pixels, side by side."""
    along = torch.arange(ROWS) * 10.0
    low = torch.stack([along.repeat(ROWS), along.repeat_interleave(ROWS)], dim=1)
    return torch.cat([low, low + 10], dim=1)


def scene(images: int, objects: int, shift: float) -> Tensor:
    """Boxes (n, M, 5), each near a place of its own, off by at most `shift` pixels; a last row holds none."""
    places = torch.stack([torch.randperm(ROWS**2)[:objects] for _ in range(images)])
    boxes = grid()[places] + shift * (2 * torch.rand(images, objects, 4) - 1)
    kinds = torch.randint(0, CLASSES, (images, objects, 1)).float()
    return torch.cat([torch.cat([kinds, boxes], dim=2), torch.full((images, 1, 5), float(VOID))], dim=1)


def outputs(form: Form, scores: Tensor, offsets: Tensor, anchors: Tensor) -> Tensor:
    return torch.cat([anchors.expand(len(scores), -1, -1), *form(scores, offsets, anchors)], dim=2)


def named(target: Tensor, first: int) -> dict[str, Tensor]:
    there = target[target[:, 0] != VOID]
    return {"labels": there[:, 0].long() + first, "boxes": there[:, 1:]}


def same(ours: Tensor, theirs: Tensor, raw: list[Tensor]) -> None:
    torch.testing.assert_close(ours, theirs)
    for own, other in zip(torch.autograd.grad(ours, raw), torch.autograd.grad(theirs, raw), strict=True):
        torch.testing.assert_close(own, other, atol=1e-6, rtol=1e-4)


@pytest.mark.parametrize("seed", range(3))
def test_classes_apart_with_focal_loss_are_retinanet_s(seed: int) -> None:
    torch.manual_seed(seed)
    target = scene(images=1, objects=7, shift=4.0)  # overlaps of every degree: judged, not judged, background
    anchors = torch.cat([grid(), grid() + torch.tensor([-2.2, -2.2, 2.2, 2.2])])
    scores = torch.randn(1, len(anchors), CLASSES, requires_grad=True)
    own = detection.build(classes="apart", objectness="focal", box_weight=0.0)
    ours = own(outputs(without_background, scores, torch.zeros(1, len(anchors), 4), anchors), target)
    truth = named(target[0], first=0)
    matched = Matcher(0.5, 0.4, allow_low_quality_matches=True)(box_iou(truth["boxes"], anchors))
    assert (matched == Matcher.BETWEEN_THRESHOLDS).any()
    head = SimpleNamespace(BETWEEN_THRESHOLDS=Matcher.BETWEEN_THRESHOLDS)
    theirs = RetinaNetClassificationHead.compute_loss(head, [truth], {"cls_logits": scores}, [matched])
    same(ours, theirs, [scores])


def test_a_batch_is_weighed_by_its_objects() -> None:
    torch.manual_seed(0)
    few, many = scene(images=1, objects=2, shift=0.0), scene(images=1, objects=6, shift=0.0)
    output = torch.cat([grid().expand(2, -1, -1), torch.randn(2, ROWS**2, 5 + CLASSES)], dim=2)
    loss = detection.build(classes="apart", objectness="focal")
    both = loss(output, torch.cat([torch.nn.functional.pad(few, (0, 0, 0, 4), value=VOID), many]))
    torch.testing.assert_close(8 * both, 2 * loss(output[:1], few) + 6 * loss(output[1:], many))


@pytest.mark.parametrize("seed", range(3))
def test_with_three_negatives_for_each_object_it_is_ssd_s(seed: int) -> None:
    torch.manual_seed(seed)
    target = scene(images=4, objects=5, shift=0.9)  # no overlap between 0.4 and 0.5, which SSD calls background
    target[0] = VOID  # an image without objects: nothing of it is judged
    scores = torch.randn(4, ROWS**2, 1 + CLASSES, requires_grad=True)
    offsets = torch.randn(4, ROWS**2, 4, requires_grad=True)
    ours = detection.build(negatives=3.0)(outputs(with_background, scores, offsets, grid()), target)
    truths = [named(rows, first=1) for rows in target]
    matched = [SSDMatcher(0.5)(box_iou(truth["boxes"], grid())) if len(truth["boxes"]) else none() for truth in truths]
    network = SimpleNamespace(box_coder=BoxCoder(weights=(10.0, 10.0, 5.0, 5.0)), neg_to_pos_ratio=3)
    given = {"bbox_regression": offsets, "cls_logits": scores}
    theirs = SSD.compute_loss(network, truths, given, [grid()] * 4, matched)
    same(ours, theirs["classification"] + theirs["bbox_regression"], [scores, offsets])


def none() -> Tensor:
    return torch.full((ROWS**2,), -1)


def test_of_one_class_there_is_but_one_question() -> None:
    torch.manual_seed(0)
    target = scene(images=2, objects=4, shift=4.0)
    target[..., 0] = torch.where(target[..., 0] == VOID, VOID, 0)
    output = torch.cat([grid().expand(2, -1, -1), torch.randn(2, ROWS**2, 6)], dim=2)
    for kind in ("cross_entropy", "focal"):
        apart, together = (
            detection.build(objectness=kind, classes=classes)(output, target) for classes in ("apart", "softmax")
        )
        torch.testing.assert_close(apart, together)
