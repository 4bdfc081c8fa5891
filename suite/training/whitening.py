"""Principal components of pixels: what the preprocessing mechanisms pca and zca_whitening share."""

from dataclasses import dataclass

import torch
from torch import Tensor

from suite.training.preprocess import standardize


@dataclass(frozen=True)
class Components:
    """Of standardised images, flattened to D = H * W * C values."""

    mean: Tensor
    """(D,)."""
    directions: Tensor
    """(D, D), a column per component, the largest variance first."""
    variances: Tensor
    """(D,)."""


def components(train_inputs: Tensor) -> Components:
    """`train_inputs`: uint8 of shape (N, H, W, C)."""
    flat = standardize.build(train_inputs)(train_inputs).flatten(1).to(torch.float64)
    mean = flat.mean(dim=0)
    centred = flat - mean
    variances, directions = torch.linalg.eigh(centred.T @ centred / len(flat))
    return Components(mean, directions.flip(1), variances.flip(0).clamp_min(0))
