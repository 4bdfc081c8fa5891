"""Sequences of unequal length in one tensor: where they end, and what is computed of nothing.

Tokens (n, T), integers, end in zeros; series (n, T, C), floating-point, end in NaN. So an input is its own mask.
"""

import torch
from torch import Tensor


def mask(inputs: Tensor) -> Tensor:
    """Which places hold something: bool (n, T)."""
    return inputs != 0 if inputs.ndim == 2 else ~inputs[..., 0].isnan()


def lengths(inputs: Tensor) -> Tensor | None:
    """int64 (n,) on the CPU; None for inputs that are no sequences, images (n, H, W, C)."""
    return mask(inputs).sum(dim=1).cpu() if inputs.ndim in (2, 3) else None


def of_length(inputs: Tensor, length: int) -> Tensor:
    """(n, `length`, ...): cut off at the end, or padded there."""
    missing = length - inputs.shape[1]
    if missing <= 0:
        return inputs[:, :length]
    fill = 0 if inputs.ndim == 2 else torch.nan
    return torch.cat([inputs, inputs.new_full((len(inputs), missing, *inputs.shape[2:]), fill)], dim=1)
