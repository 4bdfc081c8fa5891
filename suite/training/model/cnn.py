"""A small convolutional network: blocks of convolution, pooling and activation, then one fully connected layer.

The layout of LeNet-5 (LeCun et al., 1998) with the 3x3 kernels of VGG (Simonyan and Zisserman, 2014). Batch
normalisation: Ioffe and Szegedy (2015), before the activation as in the paper. Local response normalisation: Krizhevsky
et al. (2012), after the activation as there. Dropout: Srivastava et al. (2014). Kernels of 1xN: Szegedy et al.,
Rethinking the Inception Architecture (2015), section 3.2. Ensembles: Lakshminarayanan et al., Deep Ensembles (2017).
"""

import math
from collections import OrderedDict
from collections.abc import Callable, Iterator
from functools import partial
from typing import Literal, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from suite.training.activations import activation as build_activation
from suite.training.arguments import Fraction, NonNegativeInt, PositiveFloat, PositiveInt


def build(
    input_shape: tuple[int, int, int],
    classes: int,
    *,
    widths: tuple[PositiveInt, ...] = (16, 32),
    kernel: PositiveInt = 3,
    convs: PositiveInt = 1,
    last_kernel: tuple[PositiveInt, ...] = (),
    stem: NonNegativeInt = 0,
    hidden: PositiveInt = 64,
    activation: Literal["relu", "prelu", "leaky_relu", "tanh", "sigmoid"] = "relu",
    norm: Literal["none", "batch", "lrn"] = "none",
    norm_at: Literal["everywhere", "blocks", "hidden"] = "everywhere",
    lrn_k: PositiveFloat = 1.0,
    lrn_alpha: PositiveFloat = 0.0001,
    dropout: Fraction = 0.0,
    conv_dropout: Fraction = 0.0,
    members: PositiveInt = 1,
) -> nn.Module:
    """`input_shape` is (C, H, W). Maps float (n, C, H, W) to scores (n, classes).

    Each block has `convs` convolutions of `kernel` x `kernel` (odd: the size is kept), an activation after each, and
    halves height and width. `last_kernel` is another (height, width) for the last convolution of each block. `norm_at`
    keeps normalisation out of the blocks, or out of the fully connected layer (which "lrn" never is in). "lrn" divides
    by (`lrn_k` + `lrn_alpha` * mean square of five neighbouring filters) ** 0.75. `stem` > 0 puts a 3x3 convolution
    with so many filters before the blocks. `dropout` acts on the fully connected layer's output,
    `conv_dropout` on whole feature maps after every block (Tompson et al., 2015).

    `members` > 1 makes an ensemble of so many such networks, which differ in their initial weights alone. In training
    mode it gives each one's scores, (n, classes, members), for a loss that takes them (`cross_entropy`); in evaluation
    mode the log of their mean probabilities, (n, classes).

    The pool stands before the activation: a monotone activation and max may change places without changing a bit of
    the result, and on a quarter of the values it costs a quarter. (Where PReLU learns a negative slope it is another
    network than with the pool behind, and all arms have the same one.)

    Raises ValueError if `last_kernel` is no pair of odd numbers.
    """
    norms = _Norms("none" if norm_at == "hidden" else norm, partial(nn.LocalResponseNorm, 5, alpha=lrn_alpha, k=lrn_k))
    hidden_norm = "none" if norm_at == "blocks" else norm
    if last_kernel and (len(last_kernel) != 2 or not all(side % 2 for side in last_kernel)):
        raise ValueError(f"last_kernel {list(last_kernel)} is not (height, width), both odd")

    def network() -> nn.Module:
        channels, height, width = input_shape
        layers: OrderedDict[str, nn.Module] = OrderedDict()
        if stem:
            layers["stem"] = nn.Conv2d(channels, stem, 3, padding=1)
            layers[f"stem_{activation}"] = build_activation(activation)
            channels = stem
        for block, filters in enumerate(widths, start=1):
            for conv in range(1, convs + 1):
                name = f"{block}" if conv == 1 else f"{block}_{conv}"
                shape = last_kernel if last_kernel and conv == convs else (kernel, kernel)
                layers.update(_convolution(name, channels, filters, shape, activation, norms, pool=conv == convs))
                channels = filters
            if conv_dropout:
                layers[f"dropout{block}"] = nn.Dropout2d(conv_dropout)
            height, width = height // 2, width // 2
        layers["flatten"] = nn.Flatten()
        layers["hidden"] = nn.Linear(channels * height * width, hidden)
        if hidden_norm == "batch":
            layers["hidden_norm"] = nn.BatchNorm1d(hidden)
        layers[f"hidden_{activation}"] = build_activation(activation)
        if dropout:
            layers["dropout"] = nn.Dropout(dropout)
        layers["output"] = nn.Linear(hidden, classes)
        return nn.Sequential(layers)

    return network() if members == 1 else _Ensemble([network() for _ in range(members)])


class _Norms(NamedTuple):
    """Of the blocks."""

    kind: str
    local: Callable[[], nn.Module]


def _convolution(
    name: str, channels: int, filters: int, shape: tuple[int, ...], activation: str, norms: _Norms, *, pool: bool
) -> Iterator[tuple[str, nn.Module]]:
    """The layers by name. `shape` is the kernel's (height, width), odd."""
    height, width = shape
    yield f"conv{name}", nn.Conv2d(channels, filters, (height, width), padding=(height // 2, width // 2))
    if norms.kind == "batch":
        yield f"norm{name}", nn.BatchNorm2d(filters)
    if pool:
        yield f"pool{name}", nn.MaxPool2d(2)
    yield f"{activation}{name}", build_activation(activation)
    if norms.kind == "lrn":
        yield f"norm{name}", norms.local()


class _Ensemble(nn.Module):
    """Networks side by side: each learns by itself, together they predict."""

    def __init__(self, members: list[nn.Module]) -> None:
        super().__init__()
        for number, member in enumerate(members, start=1):
            self.add_module(f"member{number}", member)

    def forward(self, inputs: Tensor) -> Tensor:
        """(n, C, H, W) to scores (n, classes, members) in training, to log-probabilities (n, classes) in evaluation."""
        scores = torch.stack([member(inputs) for member in self.children()], dim=2)
        if self.training:
            return scores
        return functional.log_softmax(scores.float(), dim=1).logsumexp(dim=2) - math.log(scores.shape[2])
