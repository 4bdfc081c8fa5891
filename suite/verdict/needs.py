"""Which trials are still needed before every claim of an ablation is decided. Pure: state is what has been measured."""

import itertools
from collections.abc import Iterable, Iterator, Mapping

from suite.spec.design import Design
from suite.spec.trials import Trial
from suite.trial_result import TrialResult
from suite.verdict.judge import judge
from suite.verdict.models import ClaimVerdict
from suite.verdict.readings import Readings
from suite.verdict.selection import half
from suite.verdict.tuning import better_half, seeds_by_point, selected_point


def needed_trials(design: Design, results: Mapping[str, TrialResult]) -> tuple[Trial, ...]:
    """Trials to run next, in order, without those in `results`; none means that the ablation is finished.

    Of the claims that are still open each next look, the sweeps that it rests on before it, and last the comparison at
    the untuned default. Pairs come one after another, and so do their own sweeps, all arms side by side: a machine's
    slow hour falls on each, and times are compared.
    """
    claims = judge(design, results).claims
    looks = itertools.chain(*(_next_look(design, results, claim) for claim in claims if not claim.decided))
    wanted = [trial for _, trial in sorted(looks, key=lambda item: item[0])]
    if all(claim.decided for claim in claims):
        wanted = [trial for claim in claims for trial in _at_default(design, claim)]
    return _missing(wanted, results)


def trials_left(design: Design, results: Mapping[str, TrialResult]) -> tuple[tuple[Trial, ...], tuple[Trial, ...]]:
    """The fewest and the most trials still to be run: every claim decided at its next look, or at the last.

    Of an arm that is not tuned yet, the best setting is taken to be its default for the fewest, and not to be for the
    most: trials at the default stand there for those at the setting that will be chosen. Which points of its sweep stay
    is not known either: those of which most is stored for the fewest, least for the most.
    """
    claims = judge(design, results).claims
    undecided = [claim for claim in claims if not claim.decided]
    if not undecided:
        left = needed_trials(design, results)
        return left, left
    fewest, most = list[Trial](), list[Trial]()
    readings = Readings(design, results)
    untuned = set[tuple[str, str]]()
    for claim, workload in itertools.product(undecided, design.workloads):
        for arm in (claim.variant, claim.reference):
            next_look = design.looks[len(claim.looks)]
            for wanted, pairs, at_most in ((fewest, next_look, False), (most, design.looks[-1], True)):
                wanted += (trial for _, trial in _sweep(readings, workload.id, arm, pairs))
                wanted += _second_stage(readings, workload.id, arm, at_most=at_most)
                for pair in range(pairs):
                    point = selected_point(readings, workload.id, arm, pair)
                    if point is None and design.swept(arm):
                        untuned.add((workload.id, arm))
                    chosen = design.default_point if point is None else point
                    wanted.append(design.evaluation_trial(workload.id, arm, chosen, pair))
    most += [trial for claim in claims for trial in _at_default(design, claim)]
    beside = [  # the default's own pairs: those above stand for others
        design.evaluation_trial(*cell, design.default_point, pair)
        for cell in untuned
        for pair in range(design.looks[0])
    ]
    return _missing(fewest, results), (*_missing(most, results), *beside)


def _missing(wanted: Iterable[Trial], results: Mapping[str, TrialResult]) -> tuple[Trial, ...]:
    return tuple({trial.id: trial for trial in wanted if trial.id not in results}.values())


def _next_look(
    design: Design, results: Mapping[str, TrialResult], claim: ClaimVerdict
) -> Iterator[tuple[tuple[int, bool], Trial]]:
    """Each trial with the first pair that it is for, and whether it scores that."""
    pairs = design.looks[len(claim.looks)]
    readings = Readings(design, results)
    for workload in design.workloads:
        for arm in (claim.variant, claim.reference):
            for pair, trial in _sweep(readings, workload.id, arm, pairs):
                yield (pair, False), trial
            for pair in range(pairs):
                point = selected_point(readings, workload.id, arm, pair)
                if point is not None:
                    yield (pair, True), design.evaluation_trial(workload.id, arm, point, pair)


def _sweep(readings: Readings, workload: str, arm: str, pairs: int) -> Iterator[tuple[int, Trial]]:
    """Each tuning trial, as far as is known, with the first pair whose setting it chooses."""
    design = readings.design
    first: dict[tuple[int, ...], int] = {}
    for pair in range(pairs):
        first.setdefault(design.tuning_seeds(pair), pair)
    for seeds, pair in first.items():
        trained = seeds_by_point(readings, workload, arm, seeds)
        for seed in seeds:
            for point in design.points(arm):
                if seed in trained[point]:
                    yield pair, design.tuning_trial(workload, arm, point, seed)


def _second_stage(readings: Readings, workload: str, arm: str, *, at_most: bool) -> Iterator[Trial]:
    """What follows the first seed where it is not known yet which points stay."""
    design = readings.design
    seeds, points = design.tuning_seeds(0), design.points(arm)
    if better_half(readings, workload, arm, seeds) is not None:
        return
    stay = half(len(points)) + (at_most and design.untuned(workload, arm) is not None)
    rest = [[design.tuning_trial(workload, arm, point, seed) for seed in seeds[1:]] for point in points]
    rest.sort(key=lambda trials: sum(trial.id in readings.results for trial in trials), reverse=not at_most)
    yield from itertools.chain(*rest[:stay])


def _at_default(design: Design, claim: ClaimVerdict) -> Iterator[Trial]:
    for workload in design.workloads:
        for pair in range(design.looks[0]):
            for arm in (claim.variant, claim.reference):
                yield design.evaluation_trial(workload.id, arm, design.default_point, pair)
