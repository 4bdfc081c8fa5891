"""Each example's part in a metric that is no mean over independent examples. Efron and Stein, The Jackknife Estimate of
Variance (1981)."""

from typing import TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

Numbers = TypeVar("Numbers", Tensor, NDArray[np.float64])


def pseudo_values(whole: Numbers, without: Numbers) -> Numbers:
    """n times the whole (1,) less n - 1 times the metric without each example in turn (n,): (n,).

    Their mean is about the whole, and their spread says how much it owes to the choice of examples.
    """
    n = len(without)
    return n * whole - (n - 1) * without


def clustered(values: Tensor, labels: Tensor) -> Tensor:
    """Each example's value (n,), of one of several classes (n,), as that of its class: float64 (n,).

    The mean is that of the values, and their variance over n is that of the mean if classes are drawn, not examples:
    C / (C - 1) times the sum of squares of the classes' deviations, each weighted by its share of the examples
    (Cameron and Miller, A Practitioner's Guide to Cluster-Robust Inference, 2015). With one class nothing is known of
    others: the values as they are.
    """
    kinds, place, count = torch.unique(labels, return_inverse=True, return_counts=True)
    if len(kinds) < 2:
        return values
    sums = torch.zeros(len(kinds), dtype=values.dtype, device=values.device).index_add_(0, place, values)
    deviation = (sums / count - values.mean()) * (count * len(kinds) / (len(kinds) - 1)).sqrt()
    parts: Tensor = deviation[place]
    return values.mean() + parts - parts.mean()
