"""What is done to each training batch: `build(...)` gives an Augment, or None."""

from collections.abc import Callable
from typing import Protocol, runtime_checkable

import torch
from torch import Tensor

Augment = Callable[[Tensor, Tensor, torch.Generator], tuple[Tensor, Tensor]]
"""(inputs, targets, generator) -> the same, changed together: what moves in an image moves in its target."""


@runtime_checkable
class OfSeveralSizes(Protocol):
    """An Augment whose batches differ in size, and so in cost."""

    def each(self, inputs: Tensor, targets: Tensor) -> list[tuple[Tensor, Tensor]]:
        """A batch at every size, all of them equally likely."""
