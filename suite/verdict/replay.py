"""One claim's looks in order, until one decides, cannot be taken yet, or can never be taken."""

import math
from dataclasses import dataclass, replace

from suite.spec.ablation import Claim
from suite.verdict import looks
from suite.verdict.claims import VERDICTS, Assessment, interval, minimum_detectable_effect
from suite.verdict.looks import PlannedLook
from suite.verdict.models import Interval, Look, Verdict
from suite.verdict.readings import Readings
from suite.verdict.samples import Sample, assess
from suite.verdict.survey import Survey, samples, survey


@dataclass(frozen=True, kw_only=True)
class Standing:
    """Where a claim stands after the looks that could be taken."""

    verdict: Verdict = "inconclusive"
    reason: str = ""
    decided: bool = False
    pairs: int = 0
    """Per workload, at the latest look; before the first, the complete pairs of the scarcest workload."""
    looks: tuple[Look, ...] = ()
    samples: tuple[Sample, ...] = ()
    assessment: Assessment | None = None
    """None with fewer than two pairs on some workload."""
    alpha: float
    """Of the latest look; before the first, of the first."""
    p_verdict: float = 1.0

    @property
    def estimate(self) -> tuple[float, float, float]:
        """Effect, standard error, degrees of freedom; NaN where there is none yet."""
        if self.assessment is None:
            return math.nan, math.nan, math.nan
        pooled = self.assessment.pooled
        return float(pooled.effect), float(pooled.standard_error), float(pooled.degrees_of_freedom)

    @property
    def repeated_interval(self) -> Interval:
        """Holds at every look at once."""
        return interval(*self.estimate, self.alpha)


def replay(readings: Readings, claim: Claim) -> Standing:
    """Takes the planned looks in order, from what is stored."""
    workloads = len(readings.design.workloads)
    plan = {look.pairs: look for look in looks.plan(readings.design.looks, workloads)}
    standing = Standing(alpha=looks.first_planned(workloads).alpha)
    for pairs in readings.design.looks:
        found = survey(readings, claim, pairs)
        if found.failures or found.missing_tuning or found.scarcest[1] < pairs:
            return _interrupted(standing, found, pairs, samples(readings, claim, found))
        measured = samples(readings, claim, found)
        if empty := [sample.workload for sample in measured if sample.is_empty]:
            reason = f"every run of both arms failed on {', '.join(empty)}: nothing was measured there"
            standing = _before_any_look(standing, pairs, measured)
            return replace(standing, verdict="inconclusive", decided=True, reason=reason)
        if pairs in plan:
            standing = _looked(standing, plan[pairs], measured)
        elif not standing.looks:
            standing = _before_any_look(standing, pairs, measured)
        if standing.decided:
            return standing
    return replace(standing, decided=True, reason=_undecided(standing, workloads))


def _looked(before: Standing, look: PlannedLook, measured: tuple[Sample, ...]) -> Standing:
    """One look more."""
    assessment = assess(measured, look.alpha)
    decision = VERDICTS[int(assessment.decision)]
    standing = replace(
        before,
        verdict=decision or "inconclusive",
        decided=decision is not None,
        pairs=look.pairs,
        samples=measured,
        assessment=assessment,
        alpha=look.alpha,
    )
    p_difference, p_equivalence = float(assessment.p_difference), float(assessment.p_equivalence)
    record = Look(
        pairs=look.pairs,
        alpha=look.alpha,
        effect=standing.estimate[0],
        standard_error=standing.estimate[1],
        degrees_of_freedom=standing.estimate[2],
        repeated_interval=standing.repeated_interval,
        p_difference=p_difference,
        p_equivalence=p_equivalence,
        decision=decision,
    )
    p = p_equivalence if decision == "no practical difference" else p_difference if decision else 1.0
    return replace(
        standing, looks=(*before.looks, record), p_verdict=min(1.0, p / look.weight), reason=_why(standing, record)
    )


def _before_any_look(standing: Standing, pairs: int, measured: tuple[Sample, ...]) -> Standing:
    """The estimate so far, for display: nothing is decided on it."""
    enough = all(len(sample.runs) >= 2 for sample in measured)
    return replace(
        standing,
        pairs=pairs,
        samples=measured,
        assessment=assess(measured, standing.alpha) if enough and measured else None,
    )


def _interrupted(standing: Standing, found: Survey, pairs: int, measured: tuple[Sample, ...]) -> Standing:
    """The look at `pairs` pairs cannot be taken, yet or ever."""
    workload, complete = found.scarcest
    if not standing.looks:
        shown = measured if complete >= 2 else ()
        standing = _before_any_look(standing, complete, shown)
    if found.failures:
        others = f" (and {len(found.failures) - 1} more)" if len(found.failures) > 1 else ""
        return replace(standing, decided=True, reason=f"{found.failures[0]}{others}")
    if found.missing_tuning:
        many = found.missing_tuning
        return replace(standing, reason=f"{many} tuning trial{'s come' if many > 1 else ' comes'} first")
    return replace(standing, reason=f"{complete} of {pairs} pairs are complete on {workload}")


def _why(standing: Standing, look: Look) -> str:
    """What decided this look; for one that did not, what comes next is said elsewhere."""
    size, level = f"{abs(look.effect):.2g}", f"the {look.alpha:.2g} allowed at {look.pairs} pairs"
    if look.decision == "no practical difference":
        return f"an effect of a margin or more is ruled out: p = {look.p_equivalence:.2g}, within {level}"
    if look.decision == "mixed":
        against = [
            sample.workload
            for sample, opposite in zip(standing.samples, standing.assessment.opposite, strict=True)  # type: ignore[union-attr]
            if opposite
        ]
        return f"an effect of {size} margins on average, but significantly the other way on {', '.join(against)}"
    return f"an effect of {size} margins, at least 1, with p = {look.p_difference:.2g}, within {level}"


def _undecided(standing: Standing, workloads: int) -> str:
    """Why the last look, or none, decided nothing."""
    if not standing.looks:
        first = looks.first_planned(workloads).pairs
        return f"the first look takes {first} pairs per workload; {standing.pairs} are not enough for any verdict"
    smallest = minimum_detectable_effect(*standing.estimate[1:], standing.alpha)
    low, high = (getattr(standing.looks[-1].repeated_interval, end) for end in ("low", "high"))
    return (
        f"after {standing.pairs} pairs the effect lies between {low:.2g} and {high:.2g} margins, which neither rules "
        f"out a margin nor shows one; with 80 % power {smallest:.2g} margins would have been seen"
    )
