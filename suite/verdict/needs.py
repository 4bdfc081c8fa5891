"""Which trials are still needed before every claim of an ablation is decided. Pure: state is what has been measured."""

from collections.abc import Iterable, Iterator, Mapping

from suite.spec.design import Design
from suite.spec.trials import Trial
from suite.trial_result import TrialResult
from suite.verdict.judge import judge, selected_point
from suite.verdict.models import ClaimVerdict


def needed_trials(design: Design, results: Mapping[str, TrialResult]) -> tuple[Trial, ...]:
    """Trials to run next, in order, without those in `results`; none means that the ablation is finished.

    The sweep first, then each look of the claims that are still open, and last the comparison at the untuned default.
    """
    claims = judge(design, results).claims
    wanted = [trial for claim in claims if not claim.decided for trial in _next_look(design, results, claim)]
    if all(claim.decided for claim in claims):
        wanted = [trial for claim in claims for trial in _at_default(design, claim)]
    return tuple({trial.id: trial for trial in wanted if trial.id not in results}.values())


def trial_counts(design: Design) -> tuple[int, int]:
    """The fewest and the most trials that the ablation can take, nothing being stored yet.

    Fewest: every claim is decided at the first look, and every arm's best setting is its default.
    """
    claimed = {arm for claim in design.ablation.claims.values() for arm in (claim.variant, claim.reference)}
    first, last = design.looks[0], design.looks[-1]
    at_default = first * len(design.workloads) * sum(bool(design.swept(arm)) for arm in claimed)
    return _distinct(design, claimed, first), _distinct(design, claimed, last) + at_default


def _distinct(design: Design, arms: Iterable[str], pairs: int) -> int:
    """Trials of the sweeps and of so many pairs; arms with equal settings share theirs."""
    trials = set()
    for workload in design.workloads:
        for arm in arms:
            trials |= {trial.id for trial in _sweep(design, workload.id, arm, pairs)}
            trials |= {design.evaluation_trial(workload.id, arm, design.default_point, n).id for n in range(pairs)}
    return len(trials)


def _next_look(design: Design, results: Mapping[str, TrialResult], claim: ClaimVerdict) -> Iterator[Trial]:
    pairs = design.looks[len(claim.looks)]
    for workload in design.workloads:
        for arm in (claim.variant, claim.reference):
            yield from _sweep(design, workload.id, arm, pairs)
            for pair in range(pairs):
                point = selected_point(design, results, workload.id, arm, pair)
                if point is not None:
                    yield design.evaluation_trial(workload.id, arm, point, pair)


def _sweep(design: Design, workload: str, arm: str, pairs: int) -> Iterator[Trial]:
    seeds = dict.fromkeys(seed for pair in range(pairs) for seed in design.tuning_seeds(pair))
    for seed in seeds:
        for point in design.points(arm):
            yield design.tuning_trial(workload, arm, point, seed)


def _at_default(design: Design, claim: ClaimVerdict) -> Iterator[Trial]:
    for workload in design.workloads:
        for pair in range(design.looks[0]):
            for arm in (claim.variant, claim.reference):
                yield design.evaluation_trial(workload.id, arm, design.default_point, pair)
