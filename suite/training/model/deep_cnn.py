"""A deep network of 3x3 convolutions: plain, with residual or with dense connections.

Plain and residual: He et al., Deep Residual Learning (2015), section 4.2: three stages of equal depth, each with twice
the filters of the one before on half the height and width; two convolutions per block; identity shortcuts. Dense: Huang
et al., Densely Connected Convolutional Networks (2016), with their order (norm, activation, convolution) and 1x1
transitions, and a growth rate that gives about as many parameters as the other two.
"""

import itertools
from collections import OrderedDict
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional

from suite.training.arguments import PositiveInt

_STAGES = 3


def build(
    input_shape: tuple[int, int, int],
    classes: int,
    *,
    depth: PositiveInt = 8,
    width: PositiveInt = 8,
    connections: Literal["plain", "residual", "dense"] = "plain",
    norm: Literal["none", "batch"] = "batch",
) -> nn.Module:
    """`input_shape` is (C, H, W). Maps float (n, C, H, W) to scores (n, classes).

    `depth` counts the layers with weights as He et al. do: even, one convolution at the bottom, one linear layer at the
    top, and (depth - 2) / 2 blocks of two between them, dealt out to the stages from the first on. `width` is the
    number of filters in the first stage. Raises ValueError if `depth` is odd.
    """
    if depth % 2:
        raise ValueError(f"depth {depth} is odd: blocks have two convolutions")
    blocks = (depth - 2) // 2
    per_stage = [blocks // _STAGES + (stage < blocks % _STAGES) for stage in range(_STAGES)]
    if connections == "dense":
        return _dense(input_shape[0], classes, [2 * n for n in per_stage], _growth(input_shape, per_stage, width), norm)
    return _stack(input_shape[0], classes, per_stage, width, norm, residual=connections == "residual")


def _stack(
    channels: int, classes: int, per_stage: list[int], width: int, norm: str, *, residual: bool
) -> nn.Sequential:
    """Between stages a pool halves the size and zeros double the channels (He et al.'s option A): no parameters."""
    layers: OrderedDict[str, nn.Module] = OrderedDict(stem=_conv_norm(channels, width, norm), stem_relu=nn.ReLU())
    for stage, blocks in enumerate(per_stage):
        filters = width * 2**stage
        if stage:
            layers[f"down{stage + 1}"] = _Down(filters)
        for block in range(blocks):
            layers[f"block{stage + 1}_{block + 1}"] = _Block(filters, norm, residual=residual)
    return _with_head(layers, width * 2 ** (_STAGES - 1), classes)


def _dense(channels: int, classes: int, per_stage: list[int], growth: int, norm: str) -> nn.Sequential:
    """Transitions halve the channels (the paper's compression 0.5) and the size."""
    channels_now = 2 * growth
    layers: OrderedDict[str, nn.Module] = OrderedDict(stem=nn.Conv2d(channels, channels_now, 3, padding=1, bias=True))
    for stage, convs in enumerate(per_stage):
        if stage:
            layers[f"transition{stage + 1}"] = nn.Conv2d(channels_now, max(1, channels_now // 2), 1)
            layers[f"down{stage + 1}"] = nn.AvgPool2d(2)
            channels_now = max(1, channels_now // 2)
        for conv in range(convs):
            layers[f"dense{stage + 1}_{conv + 1}"] = _DenseLayer(channels_now, growth, norm)
            channels_now += growth
    if norm == "batch":
        layers["top_norm"] = nn.BatchNorm2d(channels_now)
    layers["top_relu"] = nn.ReLU()
    return _with_head(layers, channels_now, classes)


def _growth(input_shape: tuple[int, int, int], per_stage: list[int], width: int) -> int:
    """The growth rate whose number of parameters is nearest to that of the plain network (without norms: few)."""
    wanted = _size(_stack(input_shape[0], 10, per_stage, width, "none", residual=False))
    sizes = (
        (abs(_size(_dense(input_shape[0], 10, [2 * n for n in per_stage], growth, "none")) - wanted), growth)
        for growth in itertools.count(1)
    )
    best = next(sizes)
    for candidate in sizes:
        if candidate > best:
            return best[1]
        best = candidate
    raise AssertionError("sizes grow without end")


def _size(module: nn.Module) -> int:
    return sum(parameter.numel() for parameter in module.parameters())


def _with_head(layers: OrderedDict[str, nn.Module], channels: int, classes: int) -> nn.Sequential:
    layers |= {"pool": nn.AdaptiveAvgPool2d(1), "flatten": nn.Flatten(), "output": nn.Linear(channels, classes)}
    return nn.Sequential(layers)


def _conv_norm(channels: int, filters: int, norm: str) -> nn.Sequential:
    conv = nn.Conv2d(channels, filters, 3, padding=1, bias=norm == "none")
    return nn.Sequential(conv, nn.BatchNorm2d(filters)) if norm == "batch" else nn.Sequential(conv)


class _Block(nn.Module):
    """Two convolutions of `filters` filters; with `residual`, the input is added before the last activation."""

    def __init__(self, filters: int, norm: str, *, residual: bool) -> None:
        super().__init__()
        self.first, self.second = _conv_norm(filters, filters, norm), _conv_norm(filters, filters, norm)
        self.residual = residual

    def forward(self, inputs: Tensor) -> Tensor:
        """(n, filters, H, W) to the same."""
        outputs: Tensor = self.second(functional.relu(self.first(inputs)))
        return functional.relu(inputs + outputs if self.residual else outputs)


class _Down(nn.Module):
    """Halves height and width by averaging, fills up to `channels` with zeros."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.channels = channels

    def forward(self, inputs: Tensor) -> Tensor:
        """(n, c, H, W) to (n, channels, H // 2, W // 2)."""
        return functional.pad(functional.avg_pool2d(inputs, 2), (0, 0, 0, 0, 0, self.channels - inputs.shape[1]))


class _DenseLayer(nn.Module):
    """Appends `growth` channels computed from all before."""

    def __init__(self, channels: int, growth: int, norm: str) -> None:
        super().__init__()
        self.norm = nn.BatchNorm2d(channels) if norm == "batch" else nn.Identity()
        self.conv = nn.Conv2d(channels, growth, 3, padding=1, bias=norm == "none")

    def forward(self, inputs: Tensor) -> Tensor:
        """(n, c, H, W) to (n, c + growth, H, W)."""
        return torch.cat((inputs, self.conv(functional.relu(self.norm(inputs)))), dim=1)
