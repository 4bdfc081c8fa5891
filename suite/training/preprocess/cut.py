"""Sequences cut off, or padded, to one length, which a share of the training examples does not exceed."""

from collections.abc import Callable

import torch
from torch import Tensor

from suite.training import padding
from suite.training.arguments import NonNegativeInt, PositiveFloat


def build(
    train_inputs: Tensor, *, percentile: PositiveFloat = 100.0, length: NonNegativeInt = 0
) -> Callable[[Tensor], Tensor]:
    """Tokens (n, T) or series (n, T, C) to the same with another T: `length`, or if that is 0 the percentile's.

    The beginning is what is kept. Raises ValueError for images, and for a percentile above 100.
    """
    found = padding.lengths(train_inputs)
    if found is None or percentile > 100:
        raise ValueError("preprocess: cut needs sequences, and a percentile of at most 100")
    kept = length or int(torch.quantile(found.double(), percentile / 100, interpolation="higher"))
    return lambda inputs: padding.of_length(inputs, max(1, kept))
