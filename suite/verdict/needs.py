"""Which trials are still needed before every claim of an ablation is decided. Pure: state is what has been measured."""

from collections.abc import Iterator, Mapping

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
    arms = {tuple(sorted(design.ablation.arms[arm].items())): arm for arm in sorted(claimed)}.values()  # each once
    first, last = design.looks[0], design.looks[-1]
    fewest = most = 0
    for workload in design.workloads:
        for arm in arms:
            fewest += len(list(_sweep(design, workload.id, arm, first))) + first
            most += len(list(_sweep(design, workload.id, arm, last))) + last + (first if design.swept(arm) else 0)
    return fewest, most


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
