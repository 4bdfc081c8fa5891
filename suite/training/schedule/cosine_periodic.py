"""torch's CosineAnnealingLR, stepped once per epoch: down to zero in T_max epochs, then up again, and so on.

Loshchilov and Hutter, SGDR (2016); unlike their restarts, torch's rate climbs back along the same cosine.
"""

import math
from collections.abc import Callable

from suite.training.arguments import PositiveInt


def build(steps: int, steps_per_epoch: int, *, t_max: PositiveInt) -> Callable[[int], float]:
    """Maps a step, counted from 0, to a factor of the base rate; `t_max` is in epochs."""
    return lambda step: 0.5 * (1 + math.cos(math.pi * (step // steps_per_epoch) / t_max))
