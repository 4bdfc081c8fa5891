"""Zero mean and unit variance per channel of series, over all places that hold something in the training part.

LeCun et al., Efficient BackProp (1998), section 4.3.
"""

from collections.abc import Callable

import torch
from torch import Tensor

from suite.training import padding


def build(train_inputs: Tensor) -> Callable[[Tensor], Tensor]:
    """`train_inputs`: float32 (N, T, C), padded with NaN. Maps (n, T, C) to the same shape, padding as it is.

    Raises ValueError for anything but series.
    """
    if train_inputs.ndim != 3:
        raise ValueError(f"preprocess: standardize_series needs series (N, T, C), not {tuple(train_inputs.shape)}")
    values = train_inputs[padding.mask(train_inputs)].to(torch.float64)
    mean, deviation = values.mean(dim=0), values.std(dim=0, correction=0).clamp_min(1e-6)
    return lambda inputs: ((inputs - mean) / deviation).to(torch.float32)
