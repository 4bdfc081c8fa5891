"""What single mechanisms do, against formulas, torch's own and counts by hand."""

import math
from collections import Counter
from typing import Any

import pytest
import torch
from sklearn.metrics import accuracy_score, f1_score
from tiny import trial
from torch import Tensor, nn
from torch.nn import functional

from suite.training.augment import shift_flip
from suite.training.build import bind, build_model
from suite.training.cost import cost
from suite.training.gradients import clip_norm
from suite.training.gradients import none as no_change
from suite.training.loss import cross_entropy
from suite.training.optimizer import adamw, sgd
from suite.training.preprocess import standardize, unit_range
from suite.training.schedule import constant, cosine
from suite.training.task import classification


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def batch(n: int = 32) -> tuple[Tensor, Tensor]:
    return torch.randn(n, 1, 8, 8, generator=generator()), torch.randint(0, 10, (n,), generator=generator())


def tiny_cnn(**changes: Any) -> nn.Module:
    return build_model(trial(**changes).settings, (1, 8, 8), 10, seed=4)


# ------------------------------------------------------------------------------------------------------ networks


def outputs_and_gradients(model: nn.Module) -> list[Tensor]:
    inputs, targets = batch()
    outputs = model(inputs)
    functional.cross_entropy(outputs, targets).backward()
    return [outputs, *(p.grad for p in model.parameters() if p.grad is not None)]


def test_pooling_before_the_relu_equals_the_relu_before_pooling_bit_for_bit() -> None:
    pool_first, relu_first = (list(tiny_cnn().children()) for _ in range(2))
    pools = [i for i, layer in enumerate(relu_first) if isinstance(layer, nn.MaxPool2d)]
    for i in pools:
        assert isinstance(relu_first[i + 1], nn.ReLU)
        relu_first[i], relu_first[i + 1] = relu_first[i + 1], relu_first[i]
    assert len(pools) == 2
    pair = [outputs_and_gradients(nn.Sequential(*layers)) for layers in (pool_first, relu_first)]
    assert len(pair[0]) == 9
    assert all(torch.equal(one, other) for one, other in zip(*pair, strict=True))


def test_batch_normalisation_and_dropout_are_there_when_asked_for_and_only_then() -> None:
    def kinds(**changes: Any) -> Counter[type]:
        return Counter(type(layer) for layer in tiny_cnn(**changes).modules())

    assert not {nn.BatchNorm2d, nn.BatchNorm1d, nn.Dropout} & kinds().keys()
    normed = kinds(model__norm="batch")
    assert (normed[nn.BatchNorm2d], normed[nn.BatchNorm1d]) == (2, 1)
    assert [layer.p for layer in tiny_cnn(model__dropout=0.3).modules() if isinstance(layer, nn.Dropout)] == [0.3]


# --------------------------------------------------------------------------------------------------------- cost

CONV1, CONV2 = 2 * 8 * 8 * 4 * 9 * 1, 2 * 4 * 4 * 8 * 9 * 4
HIDDEN, OUTPUT = 2 * (8 * 2 * 2) * 16, 2 * 16 * 10
"""FLOPs of the forward pass: 2 per multiplication and addition, output values x weights per value."""


def counted(model: nn.Module, key: str) -> Any:
    inputs, targets = batch(8)
    return cost(key, model, cross_entropy.build(), inputs, targets)


def test_the_flops_of_a_network_equal_a_count_by_hand() -> None:
    """Backward: once more for the weights, once more for the inputs, which the first layer does not need."""
    by_hand = 3 * (CONV1 + CONV2 + HIDDEN + OUTPUT) - CONV1
    assert counted(tiny_cnn(), "by hand").flops_per_example == by_hand


def test_the_fixed_bytes_are_three_times_the_weights() -> None:
    weights = (9 * 4 + 4) + (9 * 4 * 8 + 8) + (32 * 16 + 16) + (16 * 10 + 10)
    assert counted(tiny_cnn(), "bytes").fixed_bytes == 3 * 4 * weights


def test_the_bytes_per_example_grow_with_what_the_network_keeps() -> None:
    small, wide, normed = (
        counted(tiny_cnn(**change), str(change)).bytes_per_example
        for change in ({}, {"model__widths": (8, 16)}, {"model__norm": "batch"})
    )
    kept_at_least = 4 * (64 + 4 * 64 + 4 * 16 + 8 * 16 + 32)  # inputs, before and after the pools
    assert kept_at_least < small < 2 * kept_at_least
    assert small < wide < 2.2 * small
    assert small < normed


def test_counting_leaves_weights_buffers_and_generators_as_they_were() -> None:
    model = tiny_cnn(model__norm="batch", model__dropout=0.5)
    torch.manual_seed(3)
    before = {name: value.clone() for name, value in model.state_dict().items()}
    random_state = torch.get_rng_state()
    counted(model, "leaves no trace")
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())
    assert torch.equal(torch.get_rng_state(), random_state)
    assert [p.grad for p in model.parameters() if p.grad is not None] == []


def test_counting_leaves_gradients_as_they_were() -> None:
    model = tiny_cnn()
    outputs_and_gradients(model)
    before = [p.grad.clone() for p in model.parameters() if p.grad is not None]
    counted(model, "gradients")
    after = [p.grad for p in model.parameters() if p.grad is not None]
    assert len(after) == len(before)
    assert all(torch.equal(one, other) for one, other in zip(after, before, strict=True))


# ------------------------------------------------------------------------------------------------- loss and task


@pytest.mark.parametrize("smoothing", [0.0, 0.1, 0.7])
def test_label_smoothing_is_the_cross_entropy_with_a_mixture_of_the_label_and_all_classes(smoothing: float) -> None:
    scores, (_, targets) = torch.randn(32, 10, generator=generator(1)), batch()
    wanted = (1 - smoothing) * functional.one_hot(targets, 10) + smoothing / 10
    by_formula = -(wanted * scores.log_softmax(1)).sum(1).mean()
    torch.testing.assert_close(cross_entropy.build(label_smoothing=smoothing)(scores, targets), by_formula)


def test_scores_in_half_precision_give_a_loss_in_single_precision() -> None:
    scores, (_, targets) = torch.randn(32, 10, generator=generator(1)).bfloat16(), batch()
    assert torch.equal(cross_entropy.build()(scores, targets), functional.cross_entropy(scores.float(), targets))


def test_an_example_is_correct_where_its_own_label_has_the_highest_score() -> None:
    scores = torch.tensor([[0.1, 0.7, 0.2], [0.9, 0.0, 0.1], [-3.0, -2.0, -1.0]])
    task = classification.build()
    assert task.per_example(task.tally(scores, torch.tensor([1, 1, 2])))["accuracy"].tolist() == [True, False, True]


def test_members_of_an_ensemble_decide_together() -> None:
    one, other = torch.tensor([[0.0, 1.0, 0.0]]), torch.tensor([[3.0, 0.0, 0.0]])
    assert classification.build().tally(torch.stack((one, one, other), dim=2), torch.tensor([2])).tolist() == [[0, 2]]


@pytest.mark.parametrize("seed", range(5))
def test_accuracy_and_macro_f1_are_those_of_scikit_learn(seed: int) -> None:
    draw = generator(seed)
    targets, predicted = torch.randint(0, 7, (60,), generator=draw), torch.randint(2, 9, (60,), generator=draw)
    ours = classification.build().metrics(torch.stack((predicted, targets), dim=1), 1.0)
    assert ours["accuracy"] == accuracy_score(targets, predicted)
    assert ours["macro_f1"] == pytest.approx(f1_score(targets, predicted, average="macro", zero_division=0.0))


def test_macro_f1_sees_a_rare_class_that_accuracy_overlooks() -> None:
    targets, predicted = torch.tensor([0] * 99 + [1]), torch.zeros(100, dtype=torch.int64)
    metrics = classification.build(metric="macro_f1").metrics(torch.stack((predicted, targets), dim=1), 1.0)
    assert metrics["accuracy"] == 0.99
    assert metrics["macro_f1"] == pytest.approx(0.5, abs=0.01)


# -------------------------------------------------------------------------------------------- optimizers, schedules


def weights_after(optimizer_of: Any, steps: int = 5) -> list[Tensor]:
    model = tiny_cnn()
    optimizer = optimizer_of(list(model.parameters()))
    inputs, targets = batch()
    for _ in range(steps):
        optimizer.zero_grad()
        functional.cross_entropy(model(inputs), targets).backward()
        optimizer.step()
    return [p.detach() for p in model.parameters()]


SGD: list[dict[str, Any]] = [
    {"lr": 0.1},
    {"lr": 0.1, "momentum": 0.0},
    {"lr": 0.1, "momentum": 0.8, "nesterov": True, "weight_decay": 0.01},
]
ADAMW: list[dict[str, Any]] = [{"lr": 0.01}, {"lr": 0.01, "betas": (0.8, 0.9), "weight_decay": 0.5}]


@pytest.mark.parametrize("settings", SGD, ids=str)
def test_sgd_takes_the_steps_of_torch_with_momentum_09_by_default(settings: dict[str, Any]) -> None:
    ours = weights_after(lambda parameters: sgd.build(parameters, **settings))
    torchs = weights_after(lambda parameters: torch.optim.SGD(parameters, **{"momentum": 0.9, **settings}))
    torch.testing.assert_close(ours, torchs)


@pytest.mark.parametrize("settings", ADAMW, ids=str)
def test_adamw_takes_the_steps_of_torch(settings: dict[str, Any]) -> None:
    ours = weights_after(lambda parameters: adamw.build(parameters, **settings))
    torchs = weights_after(lambda parameters: torch.optim.AdamW(parameters, **settings))
    torch.testing.assert_close(ours, torchs)


def test_the_cosine_begins_at_one_is_half_way_in_the_middle_and_ends_at_its_final_factor() -> None:
    to_nothing, to_a_tenth = cosine.build(100, 10), cosine.build(100, 10, final=0.1)
    assert [to_nothing(step) for step in (0, 25, 50, 100)] == pytest.approx([1, (1 + math.sqrt(0.5)) / 2, 0.5, 0])
    assert [to_a_tenth(step) for step in (0, 50, 100)] == pytest.approx([1, 0.55, 0.1])
    factors = [to_a_tenth(step) for step in range(100)]
    assert factors == sorted(factors, reverse=True)
    assert factors[-1] > 0.1


def test_the_constant_schedule_is_one_throughout() -> None:
    assert {constant.build(100, 10)(step) for step in range(100)} == {1.0}


# -------------------------------------------------------------------------------------------------- gradients


def parameters_with_gradients() -> list[nn.Parameter]:
    """Of norm 5, and one that got none."""
    parameters = [nn.Parameter(torch.zeros(2)) for _ in range(3)]
    parameters[0].grad, parameters[1].grad = torch.tensor([3.0, 0.0]), torch.tensor([0.0, -4.0])
    return parameters


def gradients(parameters: list[nn.Parameter]) -> list[float]:
    return [value for p in parameters if p.grad is not None for value in p.grad.tolist()]


def test_clip_norm_scales_long_gradients_down_and_gives_the_norm_before() -> None:
    parameters = parameters_with_gradients()
    assert clip_norm.build(max_norm=0.5)(parameters).item() == pytest.approx(5.0)
    assert gradients(parameters) == pytest.approx([0.3, 0.0, 0.0, -0.4], rel=1e-4)


@pytest.mark.parametrize("treat", [clip_norm.build(max_norm=5.1), no_change.build()], ids=["clip_norm", "none"])
def test_short_gradients_stay_as_they_are_and_their_norm_is_given(treat: Any) -> None:
    parameters = parameters_with_gradients()
    assert treat(parameters).item() == pytest.approx(5.0)
    assert gradients(parameters) == [3.0, 0.0, 0.0, -4.0]


# ---------------------------------------------------------------------------------- preprocessing, augmentation


def pixels(n: int, low: int, high: int, seed: int) -> Tensor:
    """uint8 (n, 6, 6, 2); the second channel is half as bright as the first."""
    images = torch.randint(low, high, (n, 6, 6, 2), generator=generator(seed), dtype=torch.uint8)
    return images // torch.tensor([1, 2], dtype=torch.uint8)


def test_standardize_gives_each_channel_of_the_training_rows_zero_mean_and_unit_variance() -> None:
    training = pixels(50, 30, 200, seed=1)
    result = standardize.build(training)(training)
    assert result.dtype == torch.float32
    torch.testing.assert_close(result.mean((0, 1, 2)), torch.zeros(2), atol=1e-5, rtol=0)
    torch.testing.assert_close(result.std((0, 1, 2), correction=0), torch.ones(2))


def test_standardize_uses_the_statistics_of_the_training_rows_for_other_rows() -> None:
    training, others = pixels(50, 30, 200, seed=1), pixels(20, 0, 90, seed=2)
    mean, deviation = training.double().mean((0, 1, 2)), training.double().std((0, 1, 2), correction=0)
    expected = ((others - mean) / deviation).float()
    torch.testing.assert_close(standardize.build(training)(others), expected, atol=1e-5, rtol=1e-5)


def test_standardize_of_a_channel_without_any_contrast_is_finite() -> None:
    training = torch.full((5, 4, 4, 1), 7, dtype=torch.uint8)
    assert standardize.build(training)(training).abs().max() < 1


def test_unit_range_maps_black_to_0_and_white_to_1() -> None:
    images = torch.tensor([0, 51, 255], dtype=torch.uint8).view(1, 3, 1, 1)
    assert unit_range.build(images)(images).flatten().tolist() == pytest.approx([0.0, 0.2, 1.0])


def positions(augmented: Tensor) -> Counter[tuple[int, int]]:
    """Where the one bright pixel is, over a batch."""
    return Counter((row, column) for _, _, row, column in augmented.nonzero().tolist())


def one_pixel(n: int, row: int, column: int) -> Tensor:
    images = torch.zeros(n, 1, 8, 8)
    images[:, :, row, column] = 1.0
    return images


def shifted(images: Tensor, draws: torch.Generator, **settings: Any) -> Tensor:
    labels = torch.arange(len(images))
    result, same = shift_flip.build(**settings)(images, labels, draws)
    assert torch.equal(same, labels)
    return result


def test_shift_flip_moves_a_pixel_to_all_places_within_reach_equally_often() -> None:
    found = positions(shifted(one_pixel(9000, 3, 2), generator(), pixels=1, flip=False))
    assert found.keys() == {(row, column) for row in (2, 3, 4) for column in (1, 2, 3)}
    assert all(850 < count < 1150 for count in found.values())  # five standard deviations


def test_shift_flip_mirrors_half_of_the_images_from_left_to_right() -> None:
    found = positions(shifted(one_pixel(4000, 3, 2), generator(), pixels=0, flip=True))
    assert found.keys() == {(3, 2), (3, 5)}
    assert 1840 < found[3, 5] < 2160


def test_shift_flip_draws_rows_columns_and_mirror_images_independently() -> None:
    found = positions(shifted(one_pixel(9000, 3, 2), generator(), pixels=1, flip=True))
    assert found.keys() == {(row, column) for row in (2, 3, 4) for column in range(1, 7)}
    assert all(390 < count < 610 for count in found.values())


def test_shift_flip_fills_with_zeros_what_comes_from_outside_and_keeps_channels_together() -> None:
    images = torch.rand(200, 1, 8, 8, generator=generator(1)).add(0.5).repeat(1, 3, 1, 1)
    result = shifted(images, generator(2), pixels=2)
    assert result.shape == images.shape
    assert torch.equal(result[:, 0], result[:, 2])
    inside = (result[:, 0] > 0).sum((1, 2)).tolist()
    assert set(inside) == {rows * columns for rows in (6, 7, 8) for columns in (6, 7, 8)}


def test_shift_flip_depends_on_its_generator_only() -> None:
    images = torch.rand(50, 3, 8, 8, generator=generator(1))
    draws = generator(7)
    torch.manual_seed(1)
    first, second = shifted(images, draws), shifted(images, draws)
    torch.manual_seed(2)
    assert torch.equal(first, shifted(images, generator(7)))
    assert not torch.equal(first, second)


def test_no_shift_and_no_flip_is_no_change() -> None:
    images = torch.rand(50, 3, 8, 8, generator=generator(1))
    assert torch.equal(shifted(images, generator(), pixels=0, flip=False), images)
    assert bind(trial(augment="none").settings, "augment") is None
