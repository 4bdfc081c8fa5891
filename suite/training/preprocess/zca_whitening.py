"""Decorrelated pixels that stay where they were: whitening, rotated back to the image.

Bell and Sejnowski, The independent components of natural scenes are edge filters (1997).
"""

from collections.abc import Callable

import torch
from torch import Tensor

from suite.training.arguments import PositiveFloat
from suite.training.preprocess import standardize
from suite.training.whitening import components


def build(train_inputs: Tensor, *, epsilon: PositiveFloat = 0.01) -> Callable[[Tensor], Tensor]:
    """`train_inputs`: uint8 of shape (N, H, W, C). Maps uint8 (n, H, W, C) to float32 of the same shape.

    `epsilon` is added to the variances of the standardised pixels' components, so that noise is not blown up.
    """
    prepare, found = standardize.build(train_inputs), components(train_inputs)
    matrix, mean = (
        ((found.directions / (found.variances + epsilon).sqrt()) @ found.directions.T).to(torch.float32),
        found.mean.to(torch.float32),
    )
    return lambda inputs: ((prepare(inputs).flatten(1) - mean) @ matrix).reshape(inputs.shape)
