"""What is done to each training batch: `build(...)` gives an Augment, or None."""

from collections.abc import Callable

import torch
from torch import Tensor

Augment = Callable[[Tensor, Tensor, torch.Generator], tuple[Tensor, Tensor]]
"""(inputs, targets, generator) -> the same, changed together: what moves in an image moves in its target."""
