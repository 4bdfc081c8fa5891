"""A deep network of 3x3 convolutions: plain, with residual or with dense connections.

Plain and residual: He et al., Deep Residual Learning (2015), section 4.2: three stages of equal depth, each with twice
the filters of the one before on half the height and width; two convolutions per block; identity shortcuts. Dense: Huang
et al., Densely Connected Convolutional Networks (2016), with their order (norm, activation, convolution) and 1x1
transitions, and a growth rate that gives about as many parameters as the other two. A head that sees several scales:
Sermanet and LeCun, Traffic Sign Recognition with Multi-Scale Convolutional Networks (2011); Hariharan et al.,
Hypercolumns (2014).
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
    head: Literal["last_stage", "all_stages"] = "last_stage",
) -> nn.Module:
    """`input_shape` is (C, H, W). Maps float (n, C, H, W), of this or any other size, to scores (n, classes).

    `depth` counts the layers with weights as He et al. do: even, one convolution at the bottom, one linear layer at the
    top, and (depth - 2) / 2 blocks of two between them, dealt out to the stages from the first on. `width` is the
    number of filters in the first stage. The `head` is a linear layer on the means over height and width of the last
    stage's feature maps, or of all stages', side by side: what is seen at full, half and quarter size.

    Raises ValueError if `depth` is odd, or if the head of a dense network is to see all stages: its last one has the
    others' maps, or mixtures of them, among its own.
    """
    if depth % 2:
        raise ValueError(f"depth {depth} is odd: blocks have two convolutions")
    if connections == "dense" and head == "all_stages":
        raise ValueError("head 'all_stages' is for connections 'plain' or 'residual': 'dense' ones have it built in")
    blocks = (depth - 2) // 2
    per_stage = [blocks // _STAGES + (stage < blocks % _STAGES) for stage in range(_STAGES)]
    if connections == "dense":
        return _dense(input_shape[0], classes, [2 * n for n in per_stage], _growth(input_shape, per_stage, width), norm)
    layers = _stack(input_shape[0], per_stage, width, norm, residual=connections == "residual")
    widths = [width * 2**stage for stage in range(_STAGES)]
    return _AllStages(layers, sum(widths), classes) if head == "all_stages" else _with_head(layers, widths[-1], classes)


def _stack(
    channels: int, per_stage: list[int], width: int, norm: str, *, residual: bool
) -> OrderedDict[str, nn.Module]:
    """Between stages a pool halves the size and zeros double the channels (He et al.'s option A): no parameters."""
    layers: OrderedDict[str, nn.Module] = OrderedDict(stem=_conv_norm(channels, width, norm), stem_relu=nn.ReLU())
    for stage, blocks in enumerate(per_stage):
        filters = width * 2**stage
        if stage:
            layers[f"down{stage + 1}"] = _Down(filters)
        for block in range(blocks):
            layers[f"block{stage + 1}_{block + 1}"] = _Block(filters, norm, residual=residual)
    return layers


def _dense(channels: int, classes: int, per_stage: list[int], growth: int, norm: str) -> nn.Sequential:
    """Transitions halve the channels (the paper's compression 0.5) and the size."""
    channels_now = 2 * growth
    layers: OrderedDict[str, nn.Module] = OrderedDict(stem=nn.Conv2d(channels, channels_now, 3, padding=1, bias=True))
    for stage, convs in enumerate(per_stage):
        if stage:
            layers[f"transition{stage + 1}"] = _transition(channels_now, norm)
            layers[f"down{stage + 1}"] = nn.AvgPool2d(2)
            channels_now = max(1, channels_now // 2)
        for conv in range(convs):
            layers[f"dense{stage + 1}_{conv + 1}"] = _DenseLayer(channels_now, growth, norm)
            channels_now += growth
    if norm == "batch":
        layers["top_norm"] = nn.BatchNorm2d(channels_now)
    layers["top_relu"] = nn.ReLU()
    return _with_head(layers, channels_now, classes)


def _transition(channels: int, norm: str) -> nn.Sequential:
    """Half as many channels; norm and activation before it, as the authors' code has both."""
    conv = nn.Conv2d(channels, max(1, channels // 2), 1, bias=norm == "none")
    before: list[nn.Module] = [nn.BatchNorm2d(channels)] if norm == "batch" else []
    return nn.Sequential(*before, nn.ReLU(), conv)


def _growth(input_shape: tuple[int, int, int], per_stage: list[int], width: int) -> int:
    """The growth rate whose number of parameters is nearest to that of the plain network (without norms: few)."""
    plain = _stack(input_shape[0], per_stage, width, "none", residual=False)
    wanted = _size(_with_head(plain, width * 2 ** (_STAGES - 1), 10))
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


class _AllStages(nn.Module):
    """Layers one after another, as by `nn.Sequential`, then a linear layer on the pooled maps of every stage."""

    def __init__(self, layers: OrderedDict[str, nn.Module], channels: int, classes: int) -> None:
        super().__init__()
        self.layers = list(layers)
        for name, layer in layers.items():
            self.add_module(name, layer)
        self.output = nn.Linear(channels, classes)

    def forward(self, inputs: Tensor) -> Tensor:
        """(n, C, H, W) to (n, classes)."""
        maps, pooled = inputs, list[Tensor]()
        for layer in (self.get_submodule(name) for name in self.layers):
            if isinstance(layer, _Down):
                pooled.append(maps.mean(dim=(2, 3)))
            maps = layer(maps)
        outputs: Tensor = self.output(torch.cat([*pooled, maps.mean(dim=(2, 3))], dim=1))
        return outputs


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
