"""Segmentation: what is counted and what is not, the network at any size, and scenes whose boxes fit their pixels."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from sklearn.metrics import jaccard_score
from torch import Tensor, nn
from torch.nn import functional

from suite.errors import DataError
from suite.training.data import scenes
from suite.training.evaluation import multi_scale
from suite.training.fetch import Fetch
from suite.training.loss import cross_entropy
from suite.training.model import segmenter
from suite.training.targets import VOID, area
from suite.training.task import segmentation

NOWHERE = Fetch(folders=(), staging=Path())


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def maps(n: int, classes: int, seed: int, *, side: int = 12) -> Tensor:
    """(n, side, side), in blocks, with a few VOID pixels."""
    draw = generator(seed)
    coarse = torch.randint(0, classes, (n, 1, side // 3, side // 3), generator=draw).float()
    result = functional.interpolate(coarse, (side, side), mode="nearest")[:, 0].to(torch.int16)
    result[torch.rand(result.shape, generator=draw) < 0.05] = VOID
    return result


def saying(classes_of: Tensor, classes: int) -> Tensor:
    """Scores (n, classes, H, W) of which the highest are these classes'."""
    return functional.one_hot(classes_of.long().clamp_min(0), classes).permute(0, 3, 1, 2).float()


@pytest.mark.parametrize("seed", range(4))
def test_mean_iou_is_scikit_learn_s_of_all_pixels_that_are_judged(seed: int) -> None:
    true, predicted = maps(6, 5, seed), maps(6, 5, seed + 50)
    predicted[true == 4] = 4
    task = segmentation.build()
    measured = task.metrics(task.tally(saying(predicted, 5), true), 0.0)
    judged = true != VOID
    ours, theirs = predicted.clamp_min(0)[judged].numpy(), true[judged].numpy()
    assert measured["mean_iou"] == pytest.approx(jaccard_score(theirs, ours, average="macro"))
    assert measured["pixel_accuracy"] == pytest.approx((ours == theirs).mean())


def test_a_class_that_is_nowhere_counts_neither_way() -> None:
    task, true = segmentation.build(), torch.zeros(1, 4, 4, dtype=torch.int16)
    assert task.metrics(task.tally(saying(true, 7), true), 0.0)["mean_iou"] == 1.0


def test_an_image_s_part_is_what_the_mean_iou_loses_without_it() -> None:
    task, true, predicted = segmentation.build(), maps(7, 4, 1), maps(7, 4, 2)
    predicted[:, :8] = true[:, :8]
    tallies = task.tally(saying(predicted, 4), true)
    whole = task.metrics(tallies, 0.0)
    for image in range(7):
        without = task.metrics(tallies[torch.arange(7) != image], 0.0)
        for name, parts in task.per_example(tallies).items():
            assert float(parts[image]) == pytest.approx(7 * whole[name] - 6 * without[name])


def test_the_parts_spread_as_the_metric_does_over_other_choices_of_images() -> None:
    task, true, predicted = segmentation.build(), maps(80, 3, 1), maps(80, 3, 2)
    predicted[:, :6] = true[:, :6]
    tallies, draws = task.tally(saying(predicted, 3), true), np.random.default_rng(0)
    again = [task.metrics(tallies[draws.integers(0, 80, 80)], 0.0)["mean_iou"] for _ in range(400)]
    assert float(task.per_example(tallies)["mean_iou"].std()) / 80**0.5 == pytest.approx(np.std(again), rel=0.15)


def test_a_border_is_found_if_one_is_predicted_near_it_and_ragged_ones_are_longer() -> None:
    true = torch.zeros(1, 10, 10, dtype=torch.int16)
    true[:, :, 5:] = 1
    moved, far, ragged = (true.roll(by, dims=2) for by in (1, 3, 0))
    ragged = ragged.clone()
    ragged[:, ::2, 5] = 0
    for predicted in (moved, far):
        predicted[:, :, :3], predicted[:, :, 9:] = 0, 1
    near, wide = segmentation.build(), segmentation.build(tolerance=3)
    found = [near.metrics(near.tally(saying(each, 2), true), 0.0) for each in (true, moved, far, ragged)]
    assert [each["border_f1"] for each in found[:3]] == pytest.approx([1.0, 1.0, 0.0], abs=1e-6)
    assert found[0]["border_length"] == 1.0
    assert found[3]["border_length"] > 1.3
    assert found[0]["border_roughness"] == 1.0
    assert found[3]["border_roughness"] > 1.3
    nothing = near.metrics(near.tally(saying(torch.zeros_like(true), 2), true), 0.0)
    assert 0 < nothing["border_length"] < 0.2
    assert nothing["border_roughness"] == 9.0  # all of the true border's length, for none of it is found
    assert wide.metrics(wide.tally(saying(far, 2), true), 0.0)["border_f1"] == pytest.approx(1.0)


@pytest.mark.parametrize("turned", [lambda maps: maps.flip(2), lambda maps: maps.flip(1), lambda maps: maps.mT])
def test_a_border_counts_the_same_in_a_mirror(turned: Callable[[Tensor], Tensor]) -> None:
    slanting = (torch.arange(40)[:, None] + torch.arange(40) > 40).to(torch.int16)[None]
    blocky = slanting[:, ::2, ::2].repeat_interleave(2, dim=1).repeat_interleave(2, dim=2)
    task = segmentation.build(tolerance=2)
    here, there = (
        task.metrics(task.tally(saying(said, 2), true), 0.0)
        for said, true in ((blocky, slanting), (turned(blocky), turned(slanting)))
    )
    assert here == pytest.approx(there)
    assert here["border_roughness"] > 1.1


def test_roughness_is_of_steps_holes_and_specks_and_not_of_size() -> None:
    far = ((torch.arange(64.0)[:, None] - 32.3) ** 2 + (torch.arange(64.0) - 31.8) ** 2).sqrt()
    true = (far < 20).to(torch.int16)[None]
    smaller, larger, holes, specks = ((far < radius).to(torch.int16)[None] for radius in (17, 23, 20, 20))
    holes[:, 24:40:4, 24:40:4] = 0
    specks[:, 2:60:8, 2:5:2] = 1
    blocks = true[:, ::2, ::2].repeat_interleave(2, dim=1).repeat_interleave(2, dim=2)
    task = segmentation.build()
    small, large, nicked, flecked, stepped = (
        task.metrics(task.tally(saying(said, 2), true), 0.0)["border_roughness"]
        for said in (smaller, larger, holes, specks, blocks)
    )
    assert small == pytest.approx(1.0, abs=0.02)
    assert large == pytest.approx(1.0, abs=0.02)
    assert min(nicked, flecked) > 1.2
    assert stepped > 1.03


def test_pixels_of_no_class_make_no_border_and_no_loss() -> None:
    task, true = segmentation.build(), torch.zeros(1, 8, 8, dtype=torch.int16)
    true[:, 3:5] = VOID
    tallies = task.tally(saying(true, 2), true)
    assert task.metrics(tallies, 0.0)["pixel_accuracy"] == 1.0
    assert tallies[0, -7:].tolist() == [0, 0, 0, 0, 0, 0, 48]
    scores = torch.randn(1, 2, 8, 8, generator=generator())
    kept = torch.cat([scores[:, :, :3], scores[:, :, 5:]], dim=2)
    torch.testing.assert_close(
        cross_entropy.build()(scores, true), functional.cross_entropy(kept, torch.zeros(1, 6, 8, dtype=torch.int64))
    )


def test_where_nothing_is_judged_there_is_no_loss_and_a_single_image_is_the_whole() -> None:
    task, true = segmentation.build(), maps(1, 3, 1)
    scores, nothing = torch.randn(1, 3, 12, 12, generator=generator()), torch.full_like(true, VOID)
    assert float(cross_entropy.build()(scores, nothing)) == 0.0
    assert task.metrics(task.tally(scores, nothing), 0.0)["mean_iou"] == 0.0
    tallies = task.tally(scores, true)
    assert task.per_example(tallies)["mean_iou"].tolist() == [task.metrics(tallies, 0.0)["mean_iou"]]


@pytest.mark.parametrize("upsampling", ["transposed", "bilinear", "nearest"])
@pytest.mark.parametrize("size", [(16, 16), (13, 22)])
def test_every_pixel_gets_scores_at_any_size(upsampling: str, size: tuple[int, int]) -> None:
    model = segmenter.build((3, *size), 4, widths=(4, 8, 12), upsampling=upsampling)  # type: ignore[arg-type]
    assert model(torch.rand(2, 3, *size, generator=generator())).shape == (2, 4, *size)


def test_the_convolution_may_come_before_the_upsampling() -> None:
    doubled = segmenter._doubled(6, 3, "bilinear")
    maps_, (convolution, upsample) = torch.rand(2, 6, 5, 7, generator=generator()), doubled.children()
    torch.testing.assert_close(doubled(maps_), convolution(upsample(maps_)))


@pytest.mark.parametrize("upsampling", ["transposed", "bilinear", "nearest"])
def test_what_is_upsampled_last_is_what_comes_out(upsampling: str) -> None:
    options = {"widths": (4, 8, 12), "upsampling": upsampling, "outermost": "upsampled"}
    model: Any = segmenter.build((3, 13, 22), 4, **options)  # type: ignore[arg-type]
    seen: list[Tensor] = []
    model.heads[0].register_forward_hook(lambda module, inputs, output: seen.extend([*inputs, output]))
    scores = model(torch.rand(2, 3, 13, 22, generator=generator()))
    assert [tuple(values.shape[1:]) for values in seen] == [(8, 8, 12), (4, 16, 24)]
    assert torch.equal(scores, seen[1][:, :, :13, :22])


def test_scores_of_all_sizes_are_added_up() -> None:
    model: Any = segmenter.build((1, 20, 20), 3, widths=(4, 8, 12), results="all").eval()
    images = torch.rand(2, 1, 20, 20, generator=generator())
    parts: list[Tensor] = []
    for head in model.heads:
        head.register_forward_hook(lambda module, inputs, output: parts.append(output))
    with torch.no_grad():
        scores = model(images)
    assert [head.in_channels for head in model.heads] == [12, 8, 4]
    assert sorted(part.shape[2] for part in parts) == [5, 10, 20]
    whole = [functional.interpolate(part, (20, 20), mode="bilinear", align_corners=False) for part in parts]
    torch.testing.assert_close(scores, whole[0] + whole[1] + whole[2])


def test_testing_at_several_scales_gives_probabilities_at_the_image_s_size() -> None:
    model = segmenter.build((1, 20, 20), 3, widths=(4, 8))
    images = torch.rand(2, 1, 20, 20, generator=generator())
    with torch.no_grad():
        several, one = (multi_scale.build(factors=factors)(model, images) for factors in ((0.8, 1.0, 1.25), (1.0,)))
        torch.testing.assert_close(one, model.eval()(images).log_softmax(dim=1))
    assert several.shape == (2, 3, 20, 20)
    assert not torch.allclose(several, one)


class _Sees(nn.Module):
    """Says of each pixel how bright it is, and how dark."""

    def forward(self, images: Tensor) -> Tensor:
        return 20 * torch.cat([images, 1 - images], dim=1)


def test_testing_at_several_scales_leaves_everything_in_its_place() -> None:
    image = torch.zeros(1, 1, 20, 20)
    image[..., 3:9, 10:18] = 1.0
    found = multi_scale.build()(_Sees(), image).argmax(dim=1)
    assert torch.equal(found[0] == 0, image[0, 0] == 1)


# ------------------------------------------------------------------------------------------------- scenes


def test_a_letter_takes_no_ink_from_its_neighbour(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scenes, "photographed", lambda ink, *_: (255 * ink).round().to(torch.uint8)[..., None])
    data = scenes.build(NOWHERE, annotate="pixels", pool_examples=300, test_examples=1, smallest=6.0, largest=20.0)
    assert data.inputs[..., 0][data.targets > 0].min() >= round(255 * 0.4)  # what makes a pixel a letter's


def test_a_scene_s_boxes_are_tight_around_its_letters_pixels() -> None:
    small = {"pool_examples": 60, "test_examples": 20, "letters": "ABEH", "seed": 3}
    boxed, mapped = (scenes.build(NOWHERE, annotate=kind, **small) for kind in ("boxes", "pixels"))  # type: ignore[arg-type]
    assert torch.equal(boxed.inputs, mapped.inputs)
    assert mapped.classes == ("background", "A", "B", "E", "H")
    seen = 0
    for boxes, pixels in zip(boxed.targets, mapped.targets, strict=True):
        left_over = pixels.clone()
        for kind, *corners in boxes[boxes[:, 0] != VOID].tolist():
            left, top, right, bottom = map(int, corners)
            inside = pixels[top:bottom, left:right] == int(kind) + 1
            assert inside.any(dim=0)[[0, -1]].all()
            assert inside.any(dim=1)[[0, -1]].all()
            left_over[top:bottom, left:right] = 0
            seen += 1
        assert not left_over.any()
    assert seen > 120


def test_letters_are_of_all_sizes_asked_for() -> None:
    data = scenes.build(NOWHERE, pool_examples=300, test_examples=1, smallest=8.0, largest=30.0)
    boxes = data.targets[data.targets[..., 0] != VOID]
    height = (boxes[:, 4] - boxes[:, 2]).quantile(torch.tensor([0.02, 0.5, 0.98]))
    assert 5 <= height[0] <= 9
    assert 10 <= height[1] <= 17
    assert 25 <= height[2] <= 36
    assert area(boxes[:, 1:]).min() > 0


def test_a_scene_has_letters_of_one_group_only() -> None:
    data = scenes.build(NOWHERE, pool_examples=80, test_examples=1, letters="ABEHSK", groups=2)
    groups = [set((kinds[kinds != VOID] >= 3).tolist()) for kinds in data.targets[..., 0]]
    assert {True} in groups
    assert {False} in groups
    assert {True, False} not in groups


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"letters": "AAB"}, "data.letters 'AAB'"),
        ({"letters": "ABE", "groups": 2}, "data.letters 'ABE'"),
        ({"smallest": 40.0}, "data.smallest 40.0"),
        ({"largest": 80.0}, "data.largest 80.0"),
    ],
)
def test_impossible_scenes_are_refused(wrong: dict[str, object], said: str) -> None:
    with pytest.raises(DataError, match=said):
        scenes.build(NOWHERE, **wrong)  # type: ignore[arg-type]
