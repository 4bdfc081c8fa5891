"""Zero mean per channel on the scale [0, 1]: `unit_range`, centred, so that the two differ by nothing else."""

from collections.abc import Callable

import torch
from torch import Tensor


def build(train_inputs: Tensor) -> Callable[[Tensor], Tensor]:
    """`train_inputs`: uint8 of shape (N, H, W, C). Maps uint8 (n, H, W, C) to float32 of the same shape."""
    mean = (train_inputs.to(torch.float64).mean(dim=(0, 1, 2)) / 255).to(torch.float32)
    return lambda inputs: inputs.to(torch.float32) / 255 - mean
