"""What a judged ablation looks like. Effects are in margins and positive is good, unless a name says otherwise."""

from dataclasses import dataclass
from typing import Literal

from suite.spec.ablation import Expectation
from suite.spec.metrics import Unit
from suite.trial_result import Value

Verdict = Literal["helps", "hurts", "no practical difference", "mixed", "inconclusive"]
"""What was measured."""

Outcome = Literal["supported", "contradicted", "undecided"]
"""The verdict against what the tip led us to expect."""


@dataclass(frozen=True, kw_only=True)
class Interval:
    """A closed interval; its level and unit are in the name of the field that holds it."""

    low: float
    high: float


@dataclass(frozen=True, kw_only=True)
class FailureCount:
    """How many of an arm's runs diverged (or never reached the target), with the exact Clopper-Pearson 95 % bounds."""

    failures: int
    runs: int
    share_95: Interval


@dataclass(frozen=True, kw_only=True)
class Pair:
    """Both arms trained with the same seed."""

    seed: int
    variant_trial_id: str
    reference_trial_id: str
    variant: float | None
    """The metric as measured (accuracy as a fraction); None when the run diverged or never reached the target."""
    reference: float | None
    effect: float
    """In margins, clamped to +-10."""


@dataclass(frozen=True, kw_only=True)
class WorkloadEffect:
    """One claim on one workload."""

    workload: str
    margin: float
    """One margin in the metric's unit (points, nats, log ratio)."""
    target: float | None
    """Validation metric that a speed claim waits for; None for other claims."""
    pairs: tuple[Pair, ...]
    effect: float
    raw_effect: float
    """Mean of variant against reference in the metric's unit, signed as measured, over pairs where both are finite; NaN
    if none."""
    standard_error: float
    degrees_of_freedom: float
    interval_95: Interval
    seed_variance: float
    """s^2(seed means) / n: the part of the squared standard error that more seeds reduce."""
    test_set_variance: float | None
    """T - C: the part that only a larger test set reduces; None without per-example records ("on this test set")."""
    test_examples: int | None
    variant_failures: FailureCount
    reference_failures: FailureCount
    mcnemar_p: float
    significantly_opposite: bool


@dataclass(frozen=True, kw_only=True)
class Look:
    """The claim as it stood with n pairs per workload."""

    pairs: int
    alpha: float
    effect: float
    standard_error: float
    degrees_of_freedom: float
    repeated_interval: Interval
    """effect +- t(1 - alpha/2) SE: stays valid however often one looks."""
    p_difference: float
    p_equivalence: float
    decision: Verdict | None
    """None: go on to the next look."""


@dataclass(frozen=True, kw_only=True)
class DefaultComparison:
    """The same claim with both arms at the workload's untuned default (tip C18)."""

    pairs: int
    effect: float
    raw_effect: float
    interval_95: Interval


@dataclass(frozen=True, kw_only=True)
class ClaimVerdict:
    """One claim, judged on everything measured so far. Before the first look it is `inconclusive` with a reason."""

    name: str
    variant: str
    reference: str
    metric: str
    unit: Unit
    expect: Expectation
    primary: bool
    verdict: Verdict
    strong: bool
    """The repeated interval excludes +-1 margin on the verdict's side."""
    outcome: Outcome
    reason: str
    """One sentence: why this verdict, or what is missing."""
    decided: bool
    """True when no further look is planned: decided at a look, the last look passed, or it cannot be measured."""
    pairs: int
    """Per workload, at the latest look (complete pairs of the scarcest workload before the first)."""
    planned_looks: tuple[int, ...]
    looks: tuple[Look, ...]
    workloads: tuple[WorkloadEffect, ...]
    effect: float
    """Pooled, in margins; NaN before there are two pairs on every workload."""
    raw_effect: float
    """Mean over workloads of their raw effects, in the unit."""
    standard_error: float
    degrees_of_freedom: float
    repeated_interval: Interval
    interval_95: Interval
    p_verdict: float
    """1.0 while undecided; enters the catalogue's Benjamini-Hochberg step for primary claims."""
    probability_of_improvement: float
    probability_of_improvement_95: Interval
    minimum_detectable_effect: float
    """In margins, 80 % power, at the latest look."""
    at_default: DefaultComparison | None
    warnings: tuple[str, ...]
    in_doubt: bool = False
    """It rests on a choice that tuning could not make; a warning says on which."""


@dataclass(frozen=True, kw_only=True)
class SweepPoint:
    """One point of an arm's sweep: tuned on validation data, with tuning seeds."""

    point: tuple[tuple[str, Value], ...]
    """The swept keys and their values."""
    scores: tuple[float | None, ...]
    """Validation metric per tuning seed, or on the first alone; None where the run diverged."""
    score: float
    """Mean, with a diverged run counted as the worst possible value."""
    trial_ids: tuple[str, ...]
    out: bool = False
    """Whether it went out after the first tuning seed, and was not to be chosen."""


@dataclass(frozen=True, kw_only=True)
class ArmTuning:
    """How an arm's settings were chosen on one workload."""

    workload: str
    arm: str
    points: tuple[SweepPoint, ...]
    selected: tuple[tuple[str, Value], ...]
    edge_keys: tuple[str, ...]
    """Swept keys whose chosen value lies on the edge of its grid."""
    budget_curve: tuple[float, ...]
    """Expected validation metric of the best of k points, k = 1..B; of points that are out as far as one seed says."""


@dataclass(frozen=True, kw_only=True)
class AblationVerdict:
    """Every claim of one ablation at one scale, and how its arms were tuned."""

    ablation: str
    scale: str
    claims: tuple[ClaimVerdict, ...]
    tunings: tuple[ArmTuning, ...]
    """Only arms whose sweep is complete."""
    trials_done: int
    """Among the trials that these verdicts asked for so far, without those that failed."""
    trials_failed: tuple[tuple[str, str], ...]
    """(trial id, reason) of trials that could not be run; never counted as a result."""
