"""Each example's part in a metric that is no mean over examples. Efron and Stein, The Jackknife Estimate of Variance
(1981)."""

from typing import TypeVar

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

Numbers = TypeVar("Numbers", Tensor, NDArray[np.float64])


def pseudo_values(whole: Numbers, without: Numbers) -> Numbers:
    """n times the whole (1,) less n - 1 times the metric without each example in turn (n,): (n,).

    Their mean is about the whole, and their spread says how much it owes to the choice of examples.
    """
    n = len(without)
    return n * whole - (n - 1) * without
