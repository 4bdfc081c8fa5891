"""Detection: matching, coding and suppression of boxes, the loss, average precision as COCO's own code has it."""

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.nn import functional
from torchmetrics.detection import MeanAveragePrecision
from torchvision.models.detection._utils import Matcher
from torchvision.ops import batched_nms, box_iou

from suite.training import anchors, average_precision
from suite.training.loss import detection as loss
from suite.training.model import detector
from suite.training.targets import VOID, overlap
from suite.training.task import detection as task


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def boxes(n: int, rows: int, classes: int, seed: int, *, size: float = 60) -> Tensor:
    """(n, rows, 5), about a third of them empty."""
    draw = generator(seed)
    corner, side = torch.rand(n, rows, 2, generator=draw) * size, 3 + torch.rand(n, rows, 2, generator=draw) * 30
    kind = torch.randint(0, classes, (n, rows, 1), generator=draw).float()
    result = torch.cat([kind, corner, corner + side], dim=2)
    result[torch.rand(n, rows, generator=draw) < 0.3] = torch.tensor([float(VOID), 0, 0, 0, 0])
    return result


def guesses(targets: Tensor, most: int, seed: int) -> Tensor:
    """Detections (n, most, 6) that are shifted, doubled, of another class, or nothing but noise."""
    draw = generator(seed)
    n, rows, _ = targets.shape
    picked = torch.randint(0, rows, (n, most), generator=draw)
    near = targets[torch.arange(n)[:, None], picked].clone()
    near[..., 1:] += 3 * torch.randn(n, most, 4, generator=draw)
    other = torch.rand(n, most, generator=draw) < 0.2
    near[..., 0] = torch.where(other & (near[..., 0] != VOID), (near[..., 0] + 1) % 3, near[..., 0])
    near[..., 3:] = torch.maximum(near[..., 3:], near[..., 1:3] + 1)
    score = torch.rand(n, most, 1, generator=draw).sort(dim=1, descending=True).values
    return torch.cat([near, score], dim=2)


def library(detected: Tensor, targets: Tensor, overlaps: list[float] | None = None) -> dict[str, Tensor]:
    """COCO's metrics by torchmetrics, which asks COCO's own code."""
    recalls = np.linspace(0, 1, 101).tolist()  # as COCO has them: torchmetrics' own are in single precision
    metric = MeanAveragePrecision(backend="faster_coco_eval", rec_thresholds=recalls, iou_thresholds=overlaps)
    for found, true in zip(detected, targets, strict=True):
        found, true = found[found[:, 0] != VOID], true[true[:, 0] != VOID]
        metric.update(
            [{"boxes": found[:, 1:5], "scores": found[:, 5], "labels": found[:, 0].long()}],
            [{"boxes": true[:, 1:], "labels": true[:, 0].long()}],
        )
    result: dict[str, Tensor] = metric.compute()
    return result


# ------------------------------------------------------------------------------------------ average precision


@pytest.mark.parametrize("seed", range(6))
def test_average_precision_is_coco_s(seed: int) -> None:
    targets = boxes(40, 6, 3, seed)
    detected = guesses(targets, 15, seed + 100)
    expected = library(detected, targets)
    matches = average_precision.matched(detected, targets)
    precision = average_precision.average_precision(matches)
    assert precision.mean() == pytest.approx(float(expected["map"]), abs=1e-6)
    assert precision[:, 0].mean() == pytest.approx(float(expected["map_50"]), abs=1e-6)
    assert precision[:, 5].mean() == pytest.approx(float(expected["map_75"]), abs=1e-6)
    assert 0.05 < precision.mean() < 0.8


def test_recall_counts_the_objects_of_a_size_that_are_found() -> None:
    targets = torch.tensor([[[0.0, 0, 0, 10, 10], [0, 20, 20, 50, 50], [1, 0, 30, 10, 40], [VOID, 0, 0, 0, 0]]])
    detected = torch.tensor([[[0.0, 0, 0, 10, 9, 0.9], [0, 20, 20, 50, 30, 0.8], [0, 0, 30, 10, 40, 0.7]]])
    matches = average_precision.matched(detected, targets)
    assert average_precision.recall(matches) == pytest.approx(1 / 3)  # the third is of another class
    assert average_precision.recall(matches, 0, 20) == 0.5
    assert average_precision.recall(matches, 20) == 0.0
    assert np.isnan(average_precision.recall(matches, 100))


@pytest.mark.parametrize("seed", range(3))
def test_of_one_class_recall_by_size_is_coco_s_at_its_lowest_overlap(seed: int) -> None:
    """Objects apart from one another: one of another size is no rival for a detection."""
    draw = generator(seed)
    places = 300 * torch.stack(torch.meshgrid(torch.arange(3), torch.arange(2), indexing="ij"), dim=2).view(6, 2)
    side = 10 + 190 * torch.rand(30, 6, 2, generator=draw)
    targets = torch.cat([torch.zeros(30, 6, 1), places.expand(30, 6, 2), places + side], dim=2)
    detected = torch.cat([targets, torch.rand(30, 6, 1, generator=draw)], dim=2)
    detected[..., 1:5] += 0.2 * side.repeat(1, 1, 2) * torch.randn(30, 6, 4, generator=draw)
    expected = library(detected, targets, [0.5])
    found = task.build(most=6).metrics(task_tallies(detected, targets), 0.0)
    assert found["recall"] == pytest.approx(float(expected["mar_100"]))
    for size in ("small", "medium", "large"):
        assert 0.1 < found[f"recall_{size}"] < 0.9
        assert found[f"recall_{size}"] == pytest.approx(float(expected[f"mar_{size}"]))


def task_tallies(detected: Tensor, targets: Tensor) -> Tensor:
    objects = torch.cat([targets, targets.new_full((*targets.shape[:2], 1), torch.nan)], dim=2)
    return torch.cat([detected, objects], dim=1)


@pytest.mark.parametrize("seed", range(3))
def test_anchors_stand_for_what_torchvision_s_matcher_has_them_stand_for(seed: int) -> None:
    targets, draw = boxes(8, 5, 3, seed), generator(seed + 10)
    corner, side = torch.rand(8, 400, 2, generator=draw) * 80, 5 + torch.rand(8, 400, 2, generator=draw) * 30
    placed = torch.cat([corner, corner + side], dim=2)
    found, seen = anchors.match(placed, targets), set[str]()
    for image in range(8):
        there = (targets[image, :, 0] != VOID).nonzero()[:, 0]
        quality = box_iou(targets[image, there, 1:], placed[image])
        wanted = Matcher(0.5, 0.4, allow_low_quality_matches=True)(quality)
        assert torch.equal(found.object[image], torch.where(wanted >= 0, 1, torch.where(wanted == -1, 0, VOID)))
        # below, torchvision's may stand for another object than the one that they are kept for
        sure = quality.max(dim=0).values >= 0.5
        assert torch.equal(found.row[image][sure], there[wanted[sure]])
        kinds = {"not judged": wanted == -2, "kept": (wanted >= 0) & ~sure, "sure": sure}
        seen |= {kind for kind, those in kinds.items() if those.any()}
    assert len(seen) == 3


def test_an_object_is_found_once() -> None:
    targets = torch.tensor([[[0.0, 0, 0, 10, 10]]])
    twice = torch.tensor([[[0.0, 0, 0, 10, 8, 0.9], [0, 0, 0, 10, 10, 0.8]]])
    matches = average_precision.matched(twice, targets)
    assert matches.right[0, :, 0].tolist() == [True, False]
    assert matches.right[0, :, 9].tolist() == [False, True]  # only the better one overlaps by 95 %


@pytest.mark.parametrize("seed", range(3))
def test_an_image_s_part_in_the_metric_is_what_the_metric_loses_without_it(seed: int) -> None:
    targets = boxes(12, 4, 2, seed)
    detected = guesses(targets, 8, seed)
    whole = average_precision.average_precision(average_precision.matched(detected, targets)).mean()
    parts = average_precision.precision_parts(average_precision.matched(detected, targets))
    for image in range(12):
        rest = torch.arange(12) != image
        without = average_precision.average_precision(average_precision.matched(detected[rest], targets[rest])).mean()
        assert parts[image] == pytest.approx(12 * whole - 11 * without)


def test_an_image_that_has_all_objects_has_all_of_the_metric() -> None:
    targets = boxes(3, 4, 2, 0)
    targets[1:, :, 0] = VOID
    parts = average_precision.precision_parts(average_precision.matched(guesses(targets, 8, 0), targets))
    assert np.isfinite(parts).all()
    assert parts[0] > 0


@pytest.mark.parametrize("span", [(0.0, np.inf), (0.0, 18.0), (18.0, np.inf)])
def test_an_image_s_part_in_the_recall_is_what_it_loses_without_it(span: tuple[float, float]) -> None:
    targets = boxes(12, 4, 2, 0)
    detected = guesses(targets, 8, 0)
    whole = average_precision.recall(average_precision.matched(detected, targets), *span)
    parts = average_precision.recall_parts(average_precision.matched(detected, targets), *span)
    for image in range(12):
        rest = torch.arange(12) != image
        without = average_precision.recall(average_precision.matched(detected[rest], targets[rest]), *span)
        assert parts[image] == pytest.approx(12 * whole - 11 * without)


def test_the_parts_say_how_much_the_metric_owes_to_the_choice_of_images() -> None:
    targets = boxes(150, 6, 2, 1)
    detected = guesses(targets, 10, 2)
    parts = average_precision.precision_parts(average_precision.matched(detected, targets))
    draws = np.random.default_rng(0)
    again = []
    for _ in range(300):
        rows = torch.from_numpy(draws.integers(0, 150, 150))
        again.append(
            average_precision.average_precision(average_precision.matched(detected[rows], targets[rows])).mean()
        )
    assert parts.std() / np.sqrt(150) == pytest.approx(np.std(again), rel=0.2)


# ------------------------------------------------------------------------------------------ anchors, suppression


def test_overlap_is_torchvision_s() -> None:
    one, other = (boxes(3, 7, 2, seed)[..., 1:] for seed in (1, 2))
    for mine, first, second in zip(overlap(one, other), one, other, strict=True):
        real = (first[:, 2] > first[:, 0])[:, None] & (second[:, 2] > second[:, 0])
        torch.testing.assert_close(mine[real], box_iou(first, second)[real])
    assert (overlap(torch.zeros(1, 1, 4), torch.zeros(1, 1, 4)) == 0).all()


def test_an_anchor_stands_for_an_object_by_overlap_and_the_nearest_one_in_any_case() -> None:
    grid = torch.tensor([[[0.0, 0, 10, 10], [0, 0, 10, 7], [0, 0, 10, 4.5], [0, 0, 10, 3], [40, 40, 60, 60]]])
    target = torch.tensor([[[1.0, 0, 0, 10, 10], [0, 40, 40, 48, 48], [VOID, 0, 0, 0, 0]]])
    matched = anchors.match(grid, target)
    assert matched.object.tolist() == [[1, 1, VOID, 0, 1]]
    assert matched.row[0, [0, 1, 4]].tolist() == [0, 0, 1]  # the last one overlaps its object by 16 % only


def test_an_anchor_nearest_to_two_objects_stands_for_the_one_that_it_is_nearest_to() -> None:
    near, far = [0.0, 0, 20, 20], [100.0, 100, 120, 120]
    small, large = [0.0, 1, 1, 7, 7], [1.0, 0, 0, 19, 19]
    for objects in ([small, large], [large, small]):
        matched = anchors.match(torch.tensor([[near, far]]), torch.tensor([objects]))
        assert matched.object.tolist() == [[1, 0]]
        assert objects[int(matched.row[0, 0])] == large


def test_anchors_stay_where_they_are_in_half_precision() -> None:
    model, images = detector.build((1, 300, 400), 2).eval(), torch.rand(1, 1, 300, 400, generator=generator())
    with torch.no_grad():
        plain = anchors.columns(model(images)).anchors
        with torch.autocast("cpu", dtype=torch.bfloat16):
            assert torch.equal(anchors.columns(model(images)).anchors, plain)


@pytest.mark.parametrize("gamma", [0.0, 0.5, 1.5, 2.0])
def test_focal_loss_has_a_gradient_where_anchors_are_not_judged(gamma: float) -> None:
    outputs = torch.zeros(1, 2, 9 + 2)
    outputs[0, :, :4] = torch.tensor([[0.0, 0, 10, 10], [0, 0, 10, 4.5]])
    outputs.requires_grad_()
    target = torch.tensor([[[0.0, 0, 0, 10, 10]]])
    assert (anchors.match(outputs[..., :4], target).object == VOID).any()
    loss.build(objectness="focal", gamma=gamma)(outputs, target).backward()
    assert outputs.grad is not None
    assert outputs.grad.isfinite().all()


def test_an_image_without_objects_is_all_background() -> None:
    matched = anchors.match(torch.rand(2, 5, 4).cumsum(dim=2), torch.full((2, 3, 5), float(VOID)))
    assert (matched.object == 0).all()


def dense(grid: Tensor, wanted: Tensor, objectness: list[float], kind: list[int], classes: int = 3) -> Tensor:
    """An output (1, A, 9 + classes) that says these boxes (A, 4)."""
    scores = 20 * functional.one_hot(torch.tensor(kind), classes).float()
    columns = [grid, anchors.encoded(grid, wanted), torch.tensor(objectness)[:, None], scores]
    return torch.cat(columns, dim=1)[None]


def test_what_is_encoded_is_decoded_and_doubles_are_suppressed_class_by_class() -> None:
    grid = torch.tensor([[0.0, 0, 20, 20], [0, 0, 20, 20], [0, 0, 20, 20], [40, 40, 60, 60]])
    wanted = torch.tensor([[2.0, 3, 19, 21], [2, 3, 19, 20], [2, 3, 19, 21], [45, 45, 75, 75]])
    found = anchors.detections(dense(grid, wanted, [3.0, 2.0, 1.0, -9.0], [0, 0, 1, 2]), 3)[0]
    assert found[:, 0].tolist() == [0, 1, VOID]  # the second is the first once more, the last too unlikely
    torch.testing.assert_close(found[0, 1:5], wanted[0])
    assert found[:, 5].tolist() == pytest.approx([0.9526, 0.7311, 0.0], abs=1e-4)


def test_what_is_left_of_overlapping_boxes_is_what_torchvision_leaves() -> None:
    grid = torch.cat([torch.zeros(1, 4), boxes(1, 500, 1, 3)[0, :, 1:], torch.full((1, 4), 120.0)])
    outputs = torch.randn(3, len(grid), 13, generator=generator())
    outputs[..., :4] = grid
    outputs[..., 4:8] *= 0.1
    likely, kind = outputs[..., 9:].softmax(dim=2).max(dim=2)
    scores = outputs[..., 8].sigmoid() * likely
    for image, found in enumerate(anchors.detections(outputs, 400)):
        every = anchors.decoded(grid, outputs[image, :, 4:8]).clamp(0, 120)
        kept = batched_nms(every, scores[image], kind[image], 0.5)[:400]
        assert 100 < len(kept) < len(grid) - 20
        expected = torch.cat([kind[image][kept, None], every[kept], scores[image][kept, None]], dim=1)
        torch.testing.assert_close(found[: len(kept)], expected)
        assert (found[len(kept) :, 0] == VOID).all()


def test_no_box_reaches_beyond_the_image() -> None:
    grid = torch.tensor([[0.0, 0, 10, 10], [30, 20, 40, 30]])  # middles of the first and last place of an image 40 x 30
    found = anchors.detections(dense(grid, torch.tensor([[-9.0, -9, 9, 9], [31, 21, 60, 60]]), [3.0, 2.0], [0, 1]), 2)
    torch.testing.assert_close(found[0, :, 1:5], torch.tensor([[0.0, 0, 9, 9], [31, 21, 40, 30]]))


# ------------------------------------------------------------------------------------------ network and loss


@pytest.mark.parametrize("size", [(64, 64), (48, 80), (120, 160)])
def test_anchors_cover_the_image_at_every_branch(size: tuple[int, int]) -> None:
    model = detector.build((1, *size), 3, anchor=2.0, per_place=2)
    output = model(torch.rand(2, 1, *size, generator=generator()))
    places = sum(-(-size[0] // s) * -(-size[1] // s) for s in (4, 8, 16))
    assert output.shape == (2, 2 * places, 9 + 3)
    grid = output[0, :, :4]
    sides = (grid[:, 2:] - grid[:, :2]).double().round(decimals=3).unique().tolist()
    assert sides == pytest.approx([8, 8 * 2**0.5, 16, 16 * 2**0.5, 32, 32 * 2**0.5], abs=1e-3)
    middles = (grid[:, :2] + grid[:, 2:]) / 2
    for branch in torch.split(middles, [2 * -(-size[0] // s) * -(-size[1] // s) for s in (16, 8, 4)]):
        assert (branch.amin(0) + branch.amax(0)).tolist() == [size[1], size[0]]


def test_a_cut_branch_takes_its_anchors_along_and_nothing_else() -> None:
    whole = detector.build((1, 64, 64), 3)
    cut = detector.build((1, 64, 64), 3, branches_cut=1)
    assert cut.state_dict().keys() == detector.build((1, 64, 64), 3, branches=(4, 8)).state_dict().keys()
    assert set(cut.state_dict()) < set(whole.state_dict())
    assert all("16" in name for name in set(whole.state_dict()) - set(cut.state_dict()))
    cut.load_state_dict({name: value for name, value in whole.state_dict().items() if name in cut.state_dict()})
    image = torch.rand(1, 1, 64, 64, generator=generator())
    with torch.no_grad():
        kept = whole.eval()(image)[:, 2 * 16 :]
        torch.testing.assert_close(cut.eval()(image), kept)


def test_without_the_way_down_fine_maps_know_nothing_of_coarse_ones() -> None:
    def reached(top_down: bool) -> bool:
        model = detector.build((1, 64, 64), 3, top_down=top_down)
        model(torch.rand(2, 1, 64, 64, generator=generator()))[:, -2 * 256 :].sum().backward()  # the finest branch
        return any(p.grad is not None and p.grad.any() for p in model.backbone["16"].parameters())  # type: ignore[union-attr,index]

    assert reached(True)
    assert not reached(False)


def test_with_its_stage_all_that_is_behind_a_branch_is_cut_and_the_others_keep_their_widths() -> None:
    cut = detector.build((1, 64, 64), 3, widths=(8, 16, 24, 40), branches_cut=1, stages_cut=1)
    same = detector.build((1, 64, 64), 3, widths=(8, 16, 24), branches=(4, 8))
    assert {name: w.shape for name, w in cut.state_dict().items()} == {n: w.shape for n, w in same.state_dict().items()}
    with pytest.raises(ValueError, match="branches"):
        detector.build((1, 64, 64), 3, stages_cut=1)


def test_an_unknown_branch_is_refused() -> None:
    with pytest.raises(ValueError, match=r"branches \[4, 32\] are not among the stages' strides, \[2, 4, 8, 16\]"):
        detector.build((1, 64, 64), 3, branches=(4, 32))


def test_the_loss_is_the_sum_of_its_three_terms_per_object() -> None:
    grid = torch.tensor([[0.0, 0, 10, 10], [40, 40, 60, 60], [20, 0, 30, 10]])
    output = torch.zeros(1, 3, 9 + 3)
    output[0, :, :4] = grid
    target = torch.tensor([[[2.0, 0, 0, 10, 10], [0, 40, 40, 60, 60]]])
    assert float(loss.build()(output, target)) == pytest.approx((3 * np.log(2) + 2 * np.log(3)) / 2)
    assert float(loss.build(objectness="focal")(output, target)) == pytest.approx(
        ((2 * 0.25 + 0.75) * 0.25 * np.log(2) + 2 * np.log(3)) / 2
    )
    assert float(loss.build(objectness_weight=0.5)(output, target)) == pytest.approx(
        (0.5 * 3 * np.log(2) + 2 * np.log(3)) / 2
    )
    right = dense(
        grid, torch.tensor([[0.0, 0, 10, 10], [40, 40, 60, 60], [0, 0, 1, 1]]), [20.0, 20.0, -20.0], [2, 0, 1]
    )
    assert float(loss.build()(right, target)) < 1e-6
    off = dense(grid, torch.tensor([[5.0, 0, 15, 10], [40, 40, 60, 60], [0, 0, 1, 1]]), [20.0, 20.0, -20.0], [2, 0, 1])
    assert float(loss.build(box_weight=2.0)(off, target)) == pytest.approx(2 * (0.5 * 10 - 0.5) / 2, abs=1e-4)


def test_tallies_of_batches_of_any_size_are_those_of_the_whole() -> None:
    model = detector.build((1, 64, 64), 3).eval()
    images, targets = torch.rand(6, 1, 64, 64, generator=generator()), boxes(6, 4, 3, 3)
    judge = task.build(most=10, medium=12.0, large=24.0)
    with torch.no_grad():
        outputs = model(images)
        whole = judge.tally(outputs, targets)
        parts = torch.cat([judge.tally(outputs[rows], targets[rows]) for rows in ([0], [1, 2], [3, 4, 5])])
    assert whole.shape == (6, 10 + 4, 6)
    torch.testing.assert_close(whole, parts, equal_nan=True)
    assert set(judge.metrics(whole, 1.0)) == {
        "mean_average_precision", "average_precision_50", "recall", "recall_small", "recall_medium", "recall_large",
    }  # fmt: skip


def test_without_any_object_there_is_nothing_to_score() -> None:
    matches = average_precision.matched(guesses(boxes(3, 4, 2, seed=1), 5, seed=2), torch.full((3, 4, 5), float(VOID)))
    assert average_precision.average_precision(matches).size == 0
    assert average_precision.precision_parts(matches).tolist() == [0, 0, 0]


def test_of_thousands_of_boxes_the_best_of_each_image_are_judged() -> None:
    corner = torch.arange(3000.0)[:, None].expand(-1, 2) * 4
    grid = torch.cat([corner, corner + 4], dim=1)
    likely = torch.linspace(-1, 3, 3000).tolist()
    images = torch.cat([dense(grid, grid, likely, [0] * 3000), dense(grid, grid, likely[::-1], [0] * 3000)])
    found = anchors.detections(images, 1500)
    assert [int((image[:, 0] != VOID).sum()) for image in found] == [1000, 1000]
    torch.testing.assert_close(found[0, 0, 1:5], grid[-1])
    torch.testing.assert_close(found[1, 0, 1:5], grid[0])


def test_perfect_detections_score_one() -> None:
    targets = boxes(5, 4, 3, 7)
    detected = torch.cat([targets, torch.full((5, 4, 1), 0.9)], dim=2)
    tallies = torch.cat([detected, torch.cat([targets, torch.full((5, 4, 1), torch.nan)], dim=2)], dim=1)
    metrics = task.build(most=4).metrics(tallies, 0.0)
    assert metrics["mean_average_precision"] == pytest.approx(1.0)
    assert metrics["recall"] == 1.0
