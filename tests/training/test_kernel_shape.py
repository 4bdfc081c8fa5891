"""Kernels that are not square: what they see, what they weigh, what is refused."""

import pytest
import torch
from torch import nn

from suite.training.model import cnn


def convolutions(**options: int | tuple[int, ...]) -> nn.Sequential:
    """Of one block of 16 filters on 16 channels."""
    model = cnn.build((16, 12, 12), 10, widths=(16,), **options)  # type: ignore[arg-type]
    return nn.Sequential(*[layer for layer in model.modules() if isinstance(layer, nn.Conv2d)])


def field(layers: nn.Sequential) -> tuple[int, int]:
    """Height and width of what an output in the middle depends on."""
    seen = torch.zeros(1, 16, 12, 12, requires_grad=True)
    layers(seen)[0, 0, 6, 6].backward()
    touched = seen.grad.abs().sum(dim=(0, 1)).ne(0)  # type: ignore[union-attr]
    return int(touched.any(dim=1).sum()), int(touched.any(dim=0).sum())


def test_a_1x7_behind_a_3x3_sees_farther_along_one_side_with_16_weights_for_18() -> None:
    square, along, across = (convolutions(convs=2, last_kernel=shape) for shape in ((), (1, 7), (7, 1)))
    assert [field(layers) for layers in (square, along, across)] == [(5, 5), (3, 9), (9, 3)]
    weights = [sum(layer.weight.numel() for layer in layers) for layers in (square, along, across)]  # type: ignore[misc, operator]
    assert weights == [18 * 256, 16 * 256, 16 * 256]


def test_the_last_kernel_is_the_only_one_where_a_block_has_one_and_keeps_the_size() -> None:
    layers = convolutions(last_kernel=(1, 5))
    assert [layer.kernel_size for layer in layers] == [(1, 5)]
    assert layers(torch.zeros(1, 16, 12, 12)).shape == (1, 16, 12, 12)
    assert [layer.kernel_size for layer in convolutions(convs=3, last_kernel=(1, 5))] == [(3, 3), (3, 3), (1, 5)]


@pytest.mark.parametrize("shape", [(7,), (1, 2), (4, 1), (1, 3, 3)])
def test_a_last_kernel_that_is_no_pair_of_odd_numbers_is_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match=r"last_kernel .* both odd"):
        cnn.build((1, 8, 8), 10, last_kernel=shape)
