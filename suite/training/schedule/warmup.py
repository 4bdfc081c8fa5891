"""The rate grows linearly to its full value, then stays there or falls along half a cosine.

Goyal et al., Accurate, Large Minibatch SGD (2017), section 2.2.
"""

import math
from collections.abc import Callable
from typing import Literal

from suite.training.arguments import Fraction


def build(
    steps: int, steps_per_epoch: int, *, fraction: Fraction = 0.1, then: Literal["constant", "cosine"] = "constant"
) -> Callable[[int], float]:
    """Maps a step, counted from 0, to a factor of the base rate; `fraction` of all steps are warm-up."""
    warm = max(1, round(fraction * steps))

    def factor(step: int) -> float:
        if step < warm:
            return (step + 1) / warm
        return 1.0 if then == "constant" else 0.5 * (1 + math.cos(math.pi * (step - warm) / (steps - warm)))

    return factor
