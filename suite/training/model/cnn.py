"""A small convolutional network: blocks of convolution, pooling and activation, then one fully connected layer.

The layout of LeNet-5 (LeCun et al., 1998) with the 3x3 kernels of VGG (Simonyan and Zisserman, 2014). Batch
normalisation: Ioffe and Szegedy (2015), before the activation as in the paper. Local response normalisation: Krizhevsky
et al. (2012), after the activation as there. Dropout: Srivastava et al. (2014).
"""

from collections import OrderedDict
from typing import Literal

from torch import nn

from suite.training.activations import activation as build_activation
from suite.training.arguments import Fraction, NonNegativeInt, PositiveInt


def build(
    input_shape: tuple[int, int, int],
    classes: int,
    *,
    widths: tuple[PositiveInt, ...] = (16, 32),
    kernel: PositiveInt = 3,
    convs: PositiveInt = 1,
    stem: NonNegativeInt = 0,
    hidden: PositiveInt = 64,
    activation: Literal["relu", "prelu", "leaky_relu", "tanh", "sigmoid"] = "relu",
    norm: Literal["none", "batch", "lrn"] = "none",
    norm_at: Literal["everywhere", "blocks", "hidden"] = "everywhere",
    dropout: Fraction = 0.0,
    conv_dropout: Fraction = 0.0,
) -> nn.Module:
    """`input_shape` is (C, H, W). Maps float (n, C, H, W) to scores (n, classes).

    Each block has `convs` convolutions of `kernel` x `kernel` (odd: the size is kept), an activation after each, and
    halves height and width. `norm_at` keeps normalisation out of the blocks, or out of the fully connected layer (which
    "lrn" never is in). `stem` > 0 puts a 3x3 convolution with so many filters before them. `dropout` acts on the
    fully connected layer's output, `conv_dropout` on whole feature maps after every block (Tompson et al., 2015).

    The pool stands before the activation: a monotone activation and max may change places without changing a bit of
    the result, and on a quarter of the values it costs a quarter. (Where PReLU learns a negative slope it is another
    network than with the pool behind, and all arms have the same one.)
    """
    channels, height, width = input_shape
    block_norm = "none" if norm_at == "hidden" else norm
    hidden_norm = "none" if norm_at == "blocks" else norm
    layers: OrderedDict[str, nn.Module] = OrderedDict()
    if stem:
        layers["stem"] = nn.Conv2d(channels, stem, 3, padding=1)
        layers[f"stem_{activation}"] = build_activation(activation)
        channels = stem
    for block, filters in enumerate(widths, start=1):
        for conv in range(1, convs + 1):
            name = f"{block}" if conv == 1 else f"{block}_{conv}"
            layers[f"conv{name}"] = nn.Conv2d(channels, filters, kernel, padding=kernel // 2)
            if block_norm == "batch":
                layers[f"norm{name}"] = nn.BatchNorm2d(filters)
            if conv == convs:
                layers[f"pool{name}"] = nn.MaxPool2d(2)
            layers[f"{activation}{name}"] = build_activation(activation)
            if block_norm == "lrn":
                layers[f"norm{name}"] = nn.LocalResponseNorm(5)
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
