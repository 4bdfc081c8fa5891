"""Ray Tune's search algorithm of ours: it asks the queue, which asks the verdict, what is still needed."""

from collections.abc import Callable, Mapping
from typing import Any

from ray.tune.search import Searcher

from suite.scheduling.demand import Demand
from suite.scheduling.queue import TrialQueue
from suite.scheduling.wire import attempts_to_text, results_from_text

_FIRST_PAUSE, _LONGEST_PAUSE = 0.2, 3.0


class PairSearcher(Searcher):  # type: ignore[misc]
    """One Tune trial is one task: a batch of our trials. Results are taken from each report as it arrives.

    Where the next trials depend on ones still running, the idle slots get pauses for tasks: Tune ends an actor that has
    nothing queued behind it, and a new one costs seconds and an import of torch.
    """

    def __init__(self, queue: TrialQueue, *, slots: int) -> None:
        super().__init__(metric=None, mode=None)
        self._queue = queue
        self._slots = slots
        self._tasks: dict[str, tuple[str, ...]] = {}
        self._demands: dict[str, Demand] = {}
        self._pause = _FIRST_PAUSE
        self._error: Exception | None = None

    def suggest(self, trial_id: str) -> dict[str, Any] | str | None:
        """The next task; None while there is nothing to do but wait; FINISHED at the end."""
        if self._error is not None:
            return None
        attempts = self._queue.next_batch()
        if not attempts and self._queue.is_done():
            return str(Searcher.FINISHED)
        demand = attempts[0].demand if attempts else self._demand_of_a_pause()
        if demand is None:
            return None
        self._pause = _FIRST_PAUSE if attempts else min(1.3 * self._pause, _LONGEST_PAUSE)
        self._tasks[trial_id] = tuple(attempt.trial.id for attempt in attempts)
        self._demands[trial_id] = demand
        return {"batch": attempts_to_text(attempts), "pause_seconds": self._pause, "demand": demand.to_text()}

    def _demand_of_a_pause(self) -> Demand | None:
        """That of all tasks; none where they differ (a pause could hold what one waits for), or pauses are enough."""
        demands = set(self._demands.values())
        pauses = sum(not trials for trials in self._tasks.values())
        return demands.pop() if len(demands) == 1 and pauses < self._slots else None

    def on_trial_result(self, trial_id: str, result: Mapping[str, Any]) -> None:
        """A report of a task that goes on."""
        self._take(result)

    def on_trial_complete(self, trial_id: str, result: Mapping[str, Any] | None = None, error: bool = False) -> None:
        """The end of a task. Tune says here that one was lost but not why; `lost` hears that a moment later."""
        if not error:
            self._take(result or {})
            self.lost(trial_id, "its task ended without a result")

    def lost(self, trial_id: str, reason: str) -> None:
        """A task is over; those of its trials that have no result are tried again, or recorded as failed."""
        self._demands.pop(trial_id, None)
        self._tell(self._queue.lose, self._tasks.pop(trial_id, ()), reason)

    def give_back(self, trial_id: str) -> None:
        """As `lost`, where the task was only near what went wrong."""
        self._demands.pop(trial_id, None)
        self._queue.give_back(self._tasks.pop(trial_id, ()))

    def holds_trials(self, task: str) -> bool:
        """It is no pause."""
        return bool(self._tasks.get(task))

    def tasks(self) -> tuple[str, ...]:
        """Those that are not over."""
        return tuple(self._tasks)

    def raise_listeners_error(self) -> None:
        """What the queue's listener raised (a full disk, say). Tune takes it for the trial's own if it is raised where
        the result is taken, and goes on."""
        if self._error is not None:
            raise self._error

    def __getstate__(self) -> dict[str, Any]:
        """Empty: the Tuner pickles its parts so that it can be restored, which is not how a run goes on here."""
        return {}

    def save(self, checkpoint_path: str) -> None:
        """Nothing: the store is the truth (see docs/architecture.md)."""

    def restore(self, checkpoint_path: str) -> None:
        """Nothing, likewise."""

    def _take(self, report: Mapping[str, Any]) -> None:
        for result in results_from_text(report.get("finished", "[]")):
            self._tell(self._queue.finish, result)

    def _tell(self, what: Callable[..., None], *arguments: Any) -> None:
        try:
            what(*arguments)
        except Exception as error:
            self._error = self._error or error
