"""What to hand out next, and what became of it. Knows nothing of Ray: `pair_searcher` adapts it."""

import math
from collections import Counter, deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

from suite.scheduling import losses
from suite.scheduling.demand import Demand
from suite.spec.trials import Trial
from suite.trial_result import TrialResult

BATCH_SECONDS = 4.0
"""Trials shorter than this are handed out several at a time, so that Ray's cost per task does not count."""


class Listener(Protocol):
    """Whoever wants to know as things happen: the store, W&B, the display."""

    def finished(self, trial: Trial, result: TrialResult) -> None:
        """A trial completed, diverged, or failed for good."""

    def retried(self, trial: Trial, attempt: int, reason: str) -> None:
        """A trial could not be run and will be tried again."""


@dataclass(frozen=True, kw_only=True)
class Attempt:
    """A trial handed to a worker."""

    trial: Trial
    number: int
    demand: Demand = field(default_factory=Demand)


class TrialQueue:
    """Hands out the trials that are still needed, in batches, each trial once.

    `needed` says which trials are missing, given the results so far (see suite/verdict/needs.py). `results` holds what
    is known at the start and grows as trials finish. `estimate` gives a trial's expected seconds (None: unknown).
    `slots` is the number of workers, `max_trials` the most that may be started.
    """

    def __init__(
        self,
        needed: Callable[[Mapping[str, TrialResult]], Iterable[Trial]],
        results: dict[str, TrialResult],
        *,
        listener: Listener,
        estimate: Callable[[Trial], float | None],
        slots: int = 1,
        max_trials: int | None = None,
    ) -> None:
        self.results = results
        self._needed = needed
        self._listener = listener
        self._estimate = estimate
        self._demand: Callable[[Trial], Demand] = lambda _: Demand()
        self.slots = slots
        self._budget = math.inf if max_trials is None else max_trials
        self._waiting: deque[Trial] = deque()
        self._retries: deque[Trial] = deque()
        self._alone: deque[Trial] = deque()
        self._by_itself: str | None = None
        self._whole: set[str] = set()
        self._losses: Counter[tuple[str, str]] = Counter()
        self._handed_out: dict[str, Trial] = {}
        self._attempts: Counter[str] = Counter()
        self._asked = -1

    def place(self, demand: Callable[[Trial], Demand], slots: int) -> None:
        """On a cluster that is known now: what each trial takes of it, and how many run side by side."""
        self._demand = demand
        self.slots = slots
        self._waiting = deque(self._by_demand(self._waiting))

    @property
    def handed_out(self) -> tuple[str, ...]:
        """Ids of the trials that are at a worker, or on their way to one."""
        return tuple(self._handed_out)

    @property
    def waiting(self) -> int:
        """Trials known to be needed and not yet handed out."""
        return len(self._waiting) + len(self._retries) + len(self._alone)

    def seconds_left(self) -> float | None:
        """Until the trials known to be needed are done; None if a trial's length is unknown. Open claims add more."""
        unfinished = (*self._waiting, *self._retries, *self._alone, *self._handed_out.values())
        lengths = [self._estimate(trial) for trial in unfinished]
        known = [seconds for seconds in lengths if seconds is not None]
        return sum(known) / self.slots if len(known) == len(lengths) else None

    def next_batch(self) -> tuple[Attempt, ...]:
        """Trials for one task; empty when nothing can be handed out now (see `is_done`)."""
        if self._by_itself in self._handed_out:
            return ()
        if self._retries:
            return (self._start(self._retries.popleft()),)
        if not self._waiting:
            self._refill()
        batch: list[Attempt] = []
        for _ in range(self._batch_size()):
            if not self._waiting or self._budget <= 0:
                break
            if batch and self._demand(self._waiting[0]) != batch[0].demand:
                break
            self._budget -= 1
            batch.append(self._start(self._waiting.popleft()))
        if not batch and self._alone and not self._handed_out:
            batch.append(self._start(self._alone.popleft()))
            self._by_itself = batch[0].trial.id
        return tuple(batch)

    def is_done(self) -> bool:
        """Nothing is running and nothing more will be handed out."""
        if self._handed_out or self._retries or self._alone:
            return False
        if not self._waiting:
            self._refill()
        return not self._waiting or self._budget <= 0

    def finish(self, result: TrialResult) -> None:
        """A worker's result. A second one for the same trial (from a worker thought lost) changes nothing."""
        trial = self._handed_out.pop(result.trial_id, None)
        if trial is None:
            return
        if result.status == "failed" and self._may_retry(trial, result.reason or "unknown"):
            return
        result = replace(result, attempt=self._attempts[trial.id])
        self.results[trial.id] = result
        self._listener.finished(trial, result)

    def lose(self, trial_ids: Sequence[str], reason: str) -> None:
        """The worker that held these trials is gone; those without a result are tried again, or recorded as failed."""
        for trial_id in trial_ids:
            if trial_id in self._handed_out:
                self.finish(failed_result(self._handed_out[trial_id], reason))

    def give_back(self, trial_ids: Sequence[str]) -> None:
        """Trials that were stopped through no doing of theirs: handed out again, as if for the first time."""
        for trial_id in trial_ids:
            if trial_id in self._handed_out:
                self._attempts[trial_id] -= 1
                again = self._alone if trial_id == self._by_itself else self._retries
                again.append(self._handed_out.pop(trial_id))

    def _start(self, trial: Trial) -> Attempt:
        self._handed_out[trial.id] = trial
        self._attempts[trial.id] += 1
        demand = self._demand(trial)
        return Attempt(
            trial=trial,
            number=self._attempts[trial.id],
            demand=demand.whole() if trial.id in self._whole else demand,
        )

    def _may_retry(self, trial: Trial, reason: str) -> bool:
        """Where memory ran out, with more of it: a whole GPU, or a host on which nothing else runs."""
        kind = losses.kind(reason)
        self._losses[trial.id, kind] += 1
        if self._losses[trial.id, kind] >= losses.ATTEMPTS[kind]:
            return False
        if kind == losses.GPU_MEMORY:
            self._whole.add(trial.id)
        (self._alone if kind == losses.HOST_MEMORY else self._retries).append(trial)
        self._listener.retried(trial, self._attempts[trial.id] + 1, reason)
        return True

    def _refill(self) -> None:
        if self._asked == len(self.results):
            return  # nothing new: the verdict would say the same
        self._asked = len(self.results)
        wanted = {trial.id: trial for trial in self._needed(self.results)}
        taken = {*self._handed_out, *(trial.id for trial in self._alone)}
        fresh = [trial for trial in wanted.values() if trial.id not in taken]
        self._waiting.extend(self._by_demand(fresh))

    def _by_demand(self, trials: Iterable[Trial]) -> list[Trial]:
        """Otherwise in their order: a batch is of one demand, and an actor lives on only from like to like."""
        return sorted(trials, key=lambda trial: str(self._demand(trial)))

    def _batch_size(self) -> int:
        """As many as fill BATCH_SECONDS, but never so many that a slot goes idle at the end of a stage."""
        seconds = self._estimate(self._waiting[0]) if self._waiting else None
        if seconds is None:
            return 1
        share = len(self._waiting) // (2 * self.slots)
        return max(1, min(math.ceil(BATCH_SECONDS / max(seconds, 0.01)), share))


def failed_result(trial: Trial, reason: str) -> TrialResult:
    """The record of a trial that could not be run."""
    return TrialResult(
        trial_id=trial.id,
        settings=trial.settings,
        seed=trial.seed,
        purpose=trial.purpose,
        data_fingerprint=trial.data_fingerprint,
        status="failed",
        reason=reason,
        epochs=(),
        metric_name="",
        selected_epoch=None,
        measurements={},
        test_correct=None,
        test_examples=0,
    )
