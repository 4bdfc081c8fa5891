"""Initialisation schemes: what they promise of the weights."""

import math
from collections.abc import Callable

import pytest
import torch
from tiny import SETTINGS, random_dataset, run, trial
from torch import nn
from torch.nn import functional

from suite.training.build import build_model
from suite.training.init import he, normal, orthogonal, sobel, xavier


def filled(layer: nn.Module, fill: Callable[[nn.Module], None]) -> torch.Tensor:
    torch.manual_seed(0)
    fill(layer)
    assert not layer.bias.any()  # type: ignore[operator, union-attr]
    return layer.weight.detach()  # type: ignore[return-value, union-attr]


def test_xavier_is_uniform_with_a_variance_of_two_over_fan_in_plus_fan_out() -> None:
    weight = filled(nn.Linear(400, 200), xavier.build())
    assert float(weight.var()) == pytest.approx(2 / 600, rel=0.02)
    assert float(weight.abs().max()) <= math.sqrt(6 / 600)
    weight = filled(nn.Conv2d(32, 64, 3), xavier.build())
    assert float(weight.var()) == pytest.approx(2 / (9 * 96), rel=0.03)


def test_he_is_normal_with_a_variance_of_two_over_fan_in() -> None:
    weight = filled(nn.Conv2d(64, 64, 3), he.build())
    assert float(weight.var()) == pytest.approx(2 / (9 * 64), rel=0.03)
    kurtosis = float((weight**4).mean() / (weight**2).mean() ** 2)
    assert kurtosis == pytest.approx(3.0, abs=0.2)


def test_normal_has_the_deviation_asked_for_whatever_the_size() -> None:
    for layer in (nn.Linear(300, 300), nn.Conv2d(16, 64, 5)):
        assert float(filled(layer, normal.build(std=0.01)).std()) == pytest.approx(0.01, rel=0.03)


def test_orthogonal_rows_are_orthogonal_and_have_the_gain_of_relu() -> None:
    weight = filled(nn.Linear(100, 40), orthogonal.build())
    assert torch.allclose(weight @ weight.T, 2 * torch.eye(40), atol=1e-5)


@pytest.mark.parametrize("fill", [he.build(), orthogonal.build(), xavier.build()], ids=["he", "orthogonal", "xavier"])
def test_a_transposed_convolution_passes_on_as_much_as_any_other(fill: Callable[[nn.Module], None]) -> None:
    """Each place of its output sees a quarter of the 4x4 weights."""
    layer = nn.ConvTranspose2d(256, 256, 4, stride=2, padding=1)
    filled(layer, fill)
    inputs = torch.randn(4, 256, 8, 8, generator=torch.Generator().manual_seed(1)).relu()
    with torch.no_grad():
        power = layer(inputs)[:, :, 2:-2, 2:-2].square().mean()
    conv = nn.Conv2d(256, 256, 3, padding=1)
    filled(conv, fill)
    with torch.no_grad():
        assert float(power) == pytest.approx(float(conv(inputs)[:, :, 1:-1, 1:-1].square().mean()), rel=0.1)


def test_each_part_of_a_transposed_convolution_is_filled_by_itself() -> None:
    weight = filled(nn.ConvTranspose2d(32, 8, 4, stride=2), orthogonal.build())
    for down, across in ((0, 0), (0, 1), (1, 0), (1, 1)):
        rows = weight.transpose(0, 1)[:, :, down::2, across::2].flatten(1)
        assert torch.allclose(rows @ rows.T, 2 * torch.eye(8), atol=1e-5)


def test_every_convolution_of_a_segmenter_begins_as_its_scheme_says() -> None:
    model = build_model({"init": "normal", "init.std": 0.5, "model": "segmenter"}, (3, 16, 16), 4, 0)
    layers = [module for module in model.modules() if isinstance(module, nn.Conv2d | nn.ConvTranspose2d)]
    assert {type(layer) for layer in layers} == {nn.Conv2d, nn.ConvTranspose2d}
    for layer in layers:
        assert float(layer.weight.detach().std()) == pytest.approx(0.5, rel=0.2)
        assert layer.bias is None or not layer.bias.any()


@pytest.mark.parametrize("fill", [xavier.build(), he.build(), normal.build(), orthogonal.build()])
def test_normalisation_layers_keep_their_ones(fill: Callable[[nn.Module], None]) -> None:
    norm = nn.BatchNorm2d(8)
    fill(norm)
    assert norm.weight.eq(1).all()


def test_each_sobel_filter_answers_an_edge_of_its_own_direction_most() -> None:
    dark_left = torch.zeros(1, 1, 9, 9)
    dark_left[..., 5:] = 1.0
    edges = torch.cat([dark_left.rot90(turn, (2, 3)) for turn in range(4)])
    answers = functional.conv2d(edges, sobel.kernels()[:, None])[:, :, 3, 3]
    straight = answers[:, [0, 2, 4, 6]]
    assert straight.argmax(dim=1).tolist() == [0, 1, 2, 3]
    flat = functional.conv2d(torch.ones(1, 1, 5, 5), sobel.kernels()[:, None])
    assert torch.allclose(flat, torch.zeros(1), atol=1e-6), "an even area has no edge"


def test_sobel_fills_the_first_convolution_only_and_keeps_the_norms_of_its_filters() -> None:
    plain, edges = (build_model({**SETTINGS, "init": name}, (1, 8, 8), 10, 3) for name in ("torch_default", "sobel"))
    ours, theirs = edges.state_dict(), plain.state_dict()
    assert [name for name in ours if not torch.equal(ours[name], theirs[name])] == ["conv1.weight"]
    norms = [state["conv1.weight"].flatten(1).norm(dim=1) for state in (ours, theirs)]
    assert torch.allclose(*norms)


def test_fixed_filters_are_the_same_after_training_and_the_others_are_not() -> None:
    free, fixed = (
        run(
            random_dataset(), init="sobel", init__fixed=value, engine__train_examples=64, engine__validation_examples=32
        )
        for value in (False, True)
    )
    assert free.epochs[-1].train_loss != fixed.epochs[-1].train_loss
    model = build_model(trial(init="sobel", init__fixed=True).settings, (1, 8, 8), 10, 3)
    before = {name: value.clone() for name, value in model.state_dict().items()}
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9, weight_decay=0.1)
    for _ in range(2):
        model(torch.rand(8, 1, 8, 8)).square().sum().backward()
        optimizer.step()
    moved = [name for name, value in model.state_dict().items() if not torch.equal(value, before[name])]
    assert "conv1.weight" not in moved
    assert {"conv1.bias", "conv2.weight", "output.weight"} <= set(moved)
