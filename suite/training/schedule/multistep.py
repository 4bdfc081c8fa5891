"""The rate drops by a factor at each milestone: torch's MultiStepLR with milestones relative to the length of training.

He et al., Deep Residual Learning (2015), section 4.2: divided by ten after a half and three quarters of the iterations.
"""

from collections.abc import Callable

from suite.training.arguments import Fraction


def build(
    steps: int, steps_per_epoch: int, *, milestones: tuple[Fraction, ...] = (0.5, 0.75), gamma: Fraction = 0.1
) -> Callable[[int], float]:
    """Maps a step, counted from 0, to a factor of the base rate; `milestones` are fractions of all steps."""
    return lambda step: gamma ** sum(step >= milestone * steps for milestone in milestones)
