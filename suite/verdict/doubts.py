"""Decided effects that rest on a choice which tuning could not make.

A verdict is about the settings that tuning chose. Where the tuning seeds cannot tell a chosen setting from what the arm
has untuned, which of the two is chosen is luck, the same for all pairs: the interval knows nothing of it.
"""

import math
from collections.abc import Sequence

import numpy as np

from suite.spec.ablation import Claim
from suite.spec.design import Design
from suite.spec.metrics import METRICS
from suite.verdict.claims import t_quantile
from suite.verdict.default import at_points
from suite.verdict.models import ArmTuning
from suite.verdict.readings import Readings
from suite.verdict.selection import WORST, Point

_TOLD = 0.975
"""Student's t at this probability, of the gain over the tuning seeds, tells one setting from another."""


def doubtful_choices(readings: Readings, claim: Claim, effect: float, tunings: Sequence[ArmTuning]) -> tuple[str, ...]:
    """A sentence if the effect, in margins, is less than one with all such settings left untuned; else nothing.

    Nothing is asked where each pair has its own tuning, of times (untuned runs were timed at another hour), and of arms
    whose sweep does not have what they have untuned.
    """
    design = readings.design
    if design.ablation.tuning == "per_pair" or METRICS[claim.metric].timed:
        return ()
    ours = {(tuning.workload, tuning.arm): tuning for tuning in tunings}
    doubtful = [
        tuning
        for tuning in ours.values()
        if tuning.arm in (claim.variant, claim.reference) and _is_luck(design, tuning)
    ]

    def points(workload: str) -> tuple[Point, Point]:
        chosen = [ours[workload, arm] for arm in (claim.variant, claim.reference)]
        one, other = (design.default_point if tuning in doubtful else tuning.selected for tuning in chosen)
        return one, other

    instead = at_points(readings, claim, points) if doubtful else None
    if instead is None or not math.copysign(1, effect) * instead.effect < 1:  # also where there is no number
        return ()
    chosen = ", ".join(f"{tuning.arm}'s {_told(tuning)} on {tuning.workload}" for tuning in doubtful)
    return (
        f"in doubt: tuning could not tell {chosen} from what is there untuned; with that, {claim.variant} against "
        f"{claim.reference} comes to {_margins(instead.effect)} margins of {METRICS[claim.metric].label}, not "
        f"{_margins(effect)}",
    )


def _is_luck(design: Design, tuning: ArmTuning) -> bool:
    """Whether the tuning seeds do not tell the chosen point from the untuned one, if that is another one."""
    tried = {point.point: point for point in tuning.points}
    chosen, untuned = tried[tuning.selected], design.untuned(tuning.workload, tuning.arm)
    if untuned is None or untuned == chosen.point or len(chosen.scores) < 2:
        return False
    both = zip(chosen.scores, tried[untuned].scores, strict=True)
    gains = [(WORST if one is None else one) - (WORST if other is None else other) for one, other in both]
    error = float(np.std(gains, ddof=1)) / math.sqrt(len(gains))
    return float(np.mean(gains)) <= t_quantile(_TOLD, len(gains) - 1) * error


def _margins(effect: float) -> str:
    return f"{round(effect, 1) + 0.0:+.1f}".replace("-", "−")  # + 0.0: no −0.0


def _told(tuning: ArmTuning) -> str:
    return ", ".join(f"{key} {value}" for key, value in tuning.selected)
