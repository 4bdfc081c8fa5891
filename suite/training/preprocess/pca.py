"""Standardised pixels with only their strongest principal components. LeCun et al., Efficient BackProp (1998), 4.3.

Rotated back to the image, so that a convolution still finds neighbours beside one another.
"""

from collections.abc import Callable

import torch
from torch import Tensor

from suite.training.arguments import Fraction
from suite.training.preprocess import standardize
from suite.training.whitening import components


def build(train_inputs: Tensor, *, variance: Fraction = 0.99) -> Callable[[Tensor], Tensor]:
    """`train_inputs`: uint8 of shape (N, H, W, C). Maps uint8 (n, H, W, C) to float32 of the same shape.

    Keeps the fewest components that have at least this part of the variance.
    """
    prepare, found = standardize.build(train_inputs), components(train_inputs)
    shares = found.variances.cumsum(dim=0) / found.variances.sum()
    kept = found.directions[:, : int((shares < variance).sum()) + 1]
    matrix, mean = (kept @ kept.T).to(torch.float32), found.mean.to(torch.float32)
    return lambda inputs: ((prepare(inputs).flatten(1) - mean) @ matrix + mean).reshape(inputs.shape)
