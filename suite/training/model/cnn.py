"""A small convolutional network: blocks of 3x3 convolution, pooling and ReLU, then one fully connected layer.

The layout of LeNet-5 (LeCun et al., 1998) with the 3x3 kernels of VGG (Simonyan and Zisserman, 2014). Batch
normalisation: Ioffe and Szegedy (2015), before the activation as in the paper. Dropout: Srivastava et al. (2014), on
the fully connected layer's output.
"""

from collections import OrderedDict
from typing import Literal

from torch import nn

from suite.training.arguments import Fraction, PositiveInt


def build(
    input_shape: tuple[int, int, int],
    classes: int,
    *,
    widths: tuple[PositiveInt, ...] = (16, 32),
    hidden: PositiveInt = 64,
    norm: Literal["none", "batch"] = "none",
    dropout: Fraction = 0.0,
) -> nn.Module:
    """`input_shape` is (C, H, W). Maps float (n, C, H, W) to scores (n, classes).

    Each block halves height and width. The pool stands before the ReLU: ReLU is monotone, so max and ReLU may change
    places without changing a bit of the result, and on a quarter of the values it costs a quarter.
    """
    channels, height, width = input_shape
    layers: OrderedDict[str, nn.Module] = OrderedDict()
    for i, filters in enumerate(widths, start=1):
        layers[f"conv{i}"] = nn.Conv2d(channels, filters, 3, padding=1)
        if norm == "batch":
            layers[f"norm{i}"] = nn.BatchNorm2d(filters)
        layers[f"pool{i}"] = nn.MaxPool2d(2)
        layers[f"relu{i}"] = nn.ReLU(inplace=True)
        channels, height, width = filters, height // 2, width // 2
    layers["flatten"] = nn.Flatten()
    layers["hidden"] = nn.Linear(channels * height * width, hidden)
    if norm == "batch":
        layers["hidden_norm"] = nn.BatchNorm1d(hidden)
    layers["hidden_relu"] = nn.ReLU(inplace=True)
    if dropout:
        layers["dropout"] = nn.Dropout(dropout)
    layers["output"] = nn.Linear(hidden, classes)
    return nn.Sequential(layers)
