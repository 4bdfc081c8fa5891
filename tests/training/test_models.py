"""Networks: sizes, shapes and what the options mean."""

import pytest
import torch
from torch import nn

from suite.training.init import sobel
from suite.training.model import cnn, deep_cnn
from suite.training.probe import edges


def size(model: nn.Module) -> int:
    return sum(parameter.numel() for parameter in model.parameters())


def kinds(model: nn.Module, kind: type[nn.Module]) -> list[nn.Module]:
    return [module for module in model.modules() if isinstance(module, kind)]


def test_two_3x3_see_as_much_as_one_5x5_with_18_weights_for_25() -> None:
    def blocks(**options: int) -> tuple[int, int]:
        model = cnn.build((16, 12, 12), 10, widths=(16,), **options)  # type: ignore[arg-type]
        convolutions = nn.Sequential(*[layer for layer in model if isinstance(layer, nn.Conv2d)])
        seen = torch.zeros(1, 16, 12, 12, requires_grad=True)
        convolutions(seen)[0, 0, 6, 6].backward()
        field = int(seen.grad.abs().sum(dim=(0, 1)).ne(0).any(dim=0).sum())  # type: ignore[union-attr]
        return field, sum(layer.weight.numel() for layer in kinds(convolutions, nn.Conv2d))  # type: ignore[misc, operator]

    assert blocks(kernel=5) == (5, 25 * 256)
    assert blocks(convs=2) == (5, 18 * 256)
    assert blocks(kernel=7) == (7, 49 * 256)
    assert blocks(convs=3) == (7, 27 * 256)


def test_prelu_learns_its_slope() -> None:
    model = cnn.build((1, 8, 8), 10, activation="prelu")
    slope = kinds(model, nn.PReLU)[0].weight
    assert slope.item() == 0.25  # type: ignore[operator]
    model(torch.randn(4, 1, 8, 8)).sum().backward()
    assert slope.grad.item() != 0.0  # type: ignore[union-attr]


def test_local_response_normalisation_is_torch_s_and_follows_the_activation() -> None:
    layers = list(cnn.build((1, 8, 8), 10, norm="lrn"))  # type: ignore[call-overload]
    places = [place for place, layer in enumerate(layers) if isinstance(layer, nn.LocalResponseNorm)]
    assert len(places) == 2
    assert all(isinstance(layers[place - 1], nn.ReLU) for place in places)


def test_local_response_normalisation_divides_by_its_neighbours_mean_square() -> None:
    layer = kinds(cnn.build((1, 8, 8), 10, norm="lrn", lrn_k=2.0, lrn_alpha=3.0), nn.LocalResponseNorm)[0]
    values = torch.rand(1, 16, 8, 8)
    third = values[:, 3] / (2 + 3 * values[:, 1:6].square().mean(dim=1)) ** 0.75
    assert torch.allclose(layer(values)[:, 3], third)


@pytest.mark.parametrize(
    ("norm_at", "in_blocks", "in_hidden"), [("everywhere", 2, 1), ("blocks", 2, 0), ("hidden", 0, 1)]
)
def test_normalisation_stands_where_it_is_asked_for(norm_at: str, in_blocks: int, in_hidden: int) -> None:
    model = cnn.build((1, 8, 8), 10, norm="batch", norm_at=norm_at)  # type: ignore[arg-type]
    assert (len(kinds(model, nn.BatchNorm2d)), len(kinds(model, nn.BatchNorm1d))) == (in_blocks, in_hidden)


@pytest.mark.parametrize("depth", [2, 4, 8, 14])
def test_depth_counts_the_layers_with_weights(depth: int) -> None:
    for connections in ("plain", "residual"):
        model = deep_cnn.build((1, 16, 16), 10, depth=depth, connections=connections)  # type: ignore[arg-type]
        assert len(kinds(model, nn.Conv2d)) + len(kinds(model, nn.Linear)) == depth
        assert model(torch.randn(2, 1, 16, 16)).shape == (2, 10)


def test_an_odd_depth_is_refused() -> None:
    with pytest.raises(ValueError, match="depth 7 is odd"):
        deep_cnn.build((1, 16, 16), 10, depth=7)


def test_plain_and_residual_differ_in_the_addition_alone() -> None:
    plain, residual = (
        deep_cnn.build((1, 16, 16), 10, depth=8, connections=name)  # type: ignore[arg-type]
        for name in ("plain", "residual")
    )
    residual.load_state_dict(plain.state_dict())
    inputs = torch.randn(4, 1, 16, 16)
    assert not torch.allclose(plain.eval()(inputs), residual.eval()(inputs))
    for block in residual.modules():
        if hasattr(block, "residual"):
            block.residual = False
    assert torch.equal(plain(inputs), residual(inputs))


@pytest.mark.parametrize("depth", [8, 14, 20])
def test_dense_connections_append_channels_at_about_as_many_parameters(depth: int) -> None:
    plain = deep_cnn.build((1, 16, 16), 10, depth=depth, connections="plain")
    dense = deep_cnn.build((1, 16, 16), 10, depth=depth, connections="dense")
    assert 0.8 < size(dense) / size(plain) < 1.25
    convolutions = [layer for layer in kinds(dense, nn.Conv2d) if layer.kernel_size == (3, 3)]
    growth = convolutions[1].out_channels
    assert convolutions[0].out_channels == 2 * growth
    assert convolutions[2].in_channels == convolutions[1].in_channels + growth  # type: ignore[operator]


def test_a_dense_networks_transitions_have_norm_and_activation_before_them() -> None:
    dense = deep_cnn.build((1, 16, 16), 10, depth=8, connections="dense")
    for transition in (dense.get_submodule("transition2"), dense.get_submodule("transition3")):
        norm, activation, convolution = transition.children()
        assert isinstance(norm, nn.BatchNorm2d)
        assert isinstance(activation, nn.ReLU)
        assert isinstance(convolution, nn.Conv2d)
        assert convolution.out_channels == convolution.in_channels // 2


# ------------------------------------------------------------------------------------------------------------ probes


def test_edge_filters_are_all_edge_and_random_ones_two_ninths() -> None:
    model, probe = nn.Sequential(nn.Conv2d(1, 3000, 3)), edges.build()
    assert probe(model).measurements["edge_energy"] == pytest.approx(2 / 9, abs=0.01)
    horizontal = sobel.kernels()[0]
    with torch.no_grad():
        model[0].weight[:] = 0.3 * horizontal + 2.0 * horizontal.T
    assert probe(model).measurements["edge_energy"] == pytest.approx(1.0)
    assert probe(model).filters[2999] == pytest.approx((0.3 * horizontal + 2.0 * horizontal.T).flatten().tolist())
    with torch.no_grad():
        model[0].weight[:] = 1.0  # a blur sees no edge
    assert probe(model).measurements["edge_energy"] == pytest.approx(0.0, abs=1e-12)


def test_a_network_without_a_first_layer_of_3x3_has_no_edge_filters_to_measure() -> None:
    with pytest.raises(ValueError, match="begins with a 3x3 convolution, not with Conv2d"):
        edges.build()(nn.Conv2d(1, 2, 5))
