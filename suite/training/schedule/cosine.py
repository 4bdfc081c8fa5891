"""Half a cosine from the base rate to a fraction of it. Loshchilov and Hutter, SGDR (2016), without restarts."""

import math
from collections.abc import Callable

from suite.training.arguments import Fraction


def build(steps: int, steps_per_epoch: int, *, final: Fraction = 0.0) -> Callable[[int], float]:
    """Maps a step, counted from 0 to steps - 1, to a factor of the base rate; `final` is the factor at the very end."""
    return lambda step: final + (1 - final) * 0.5 * (1 + math.cos(math.pi * step / steps))
