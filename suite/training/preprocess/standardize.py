"""Zero mean and unit variance per channel, statistics from the training part only.

LeCun et al., Efficient BackProp (1998), section 4.3.
"""

from collections.abc import Callable

import torch
from torch import Tensor


def build(train_inputs: Tensor) -> Callable[[Tensor], Tensor]:
    """`train_inputs`: uint8 of shape (N, H, W, C). Maps uint8 (n, H, W, C) to float32 of the same shape."""
    scaled = train_inputs.to(torch.float64)
    mean = scaled.mean(dim=(0, 1, 2))
    deviation = scaled.std(dim=(0, 1, 2), correction=0).clamp_min(1e-6)
    scale, shift = (1 / deviation).to(torch.float32), (-mean / deviation).to(torch.float32)
    return lambda inputs: torch.addcmul(shift, inputs.to(torch.float32), scale)
