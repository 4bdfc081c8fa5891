"""Runs what a queue hands out on Ray Tune until nothing is needed any more. Needs a connection (see cluster.py)."""

import os
import shutil
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from ray import tune

from suite.errors import ClusterError
from suite.scheduling import losses
from suite.scheduling.demand import Demand
from suite.scheduling.pair_searcher import PairSearcher
from suite.scheduling.queue import TrialQueue
from suite.scheduling.watch import STALL_SECONDS, Watch
from suite.scheduling.worker import TrialWorker

_FRUITLESS = 5
"""Times that Tune may give up one after another without a single result in between."""


class _Hooks(tune.Callback):  # type: ignore[misc]
    """Passes on Tune's heartbeat, what the watch hears, and the reasons of lost tasks."""

    def __init__(self, searcher: PairSearcher, watch: Watch, tick: Callable[[], None]) -> None:
        self._searcher = searcher
        self._watch = watch
        self._tick = tick

    def __getstate__(self) -> dict[str, Any]:
        """As in PairSearcher."""
        return {}

    def on_step_end(self, iteration: int, trials: list[Any], **info: Any) -> None:
        self._searcher.raise_listeners_error()
        self._watch.look()
        self._tick()

    def on_trial_start(self, iteration: int, trials: list[Any], trial: Any, **info: Any) -> None:
        self._watch.started(trial)

    def on_trial_result(self, iteration: int, trials: list[Any], trial: Any, result: Any, **info: Any) -> None:
        self._watch.heard(trial.trial_id)

    def on_trial_complete(self, iteration: int, trials: list[Any], trial: Any, **info: Any) -> None:
        self._watch.over(trial.trial_id)

    def on_trial_error(self, iteration: int, trials: list[Any], trial: Any, **info: Any) -> None:
        text = Path(trial.error_file).read_text() if trial.error_file else ""
        stalled = self._watch.over(trial.trial_id)
        self._searcher.lost(trial.trial_id, stalled or losses.in_words(text))


def run(
    queue: TrialQueue,
    *,
    slots: int,
    data_dirs: Sequence[Path],
    cache_dir: Path,
    tick: Callable[[], None],
    stall_seconds: float = STALL_SECONDS,
) -> None:
    """Returns when the queue is done. `tick` is called a few times a second, from the thread that called this.

    A task in which no epoch ends for `stall_seconds` is stopped. A KeyboardInterrupt, or what the queue's listener
    raises, goes through at once: what finished before is with the listener already.
    """
    os.environ["TUNE_MAX_PENDING_TRIALS_PG"] = str(max(2, slots))
    places = {"data_dirs": [str(folder.resolve()) for folder in data_dirs], "cache_dir": str(cache_dir.resolve())}
    fruitless = 0
    while not queue.is_done():
        searcher, watch, known = PairSearcher(queue, slots=slots), Watch(stall_seconds), len(queue.results)
        try:
            _fit(searcher, watch, places, tick)
        except RuntimeError as error:
            fruitless = 0 if len(queue.results) > known else fruitless + 1
            if fruitless >= _FRUITLESS:
                raise ClusterError(f"{_gave_up(str(error))}; what has finished is kept") from error
            _end_of_fit(str(error).strip(), searcher, watch)
        queue.lose(queue.handed_out, "Ray ended before it had a result")


def _end_of_fit(text: str, searcher: PairSearcher, watch: Watch) -> None:
    """A host out of memory ends the whole fit, whatever Tune's max_failures says, and with it the tasks of all hosts.

    Ray names the actors that it killed: only their trials are under suspicion.
    """
    reason = losses.in_words(text, otherwise=_gave_up(text))
    named = watch.named_in(text) if reason == losses.HOST_MEMORY else set()
    suspects = {task for task in named if searcher.holds_trials(task)}
    for task in searcher.tasks():
        if suspects and task not in suspects:
            searcher.give_back(task)
        else:
            searcher.lost(task, reason)


def _gave_up(text: str) -> str:
    return f"Ray gave up: {text.strip().splitlines()[0] if text.strip() else 'without a word'}"


def _resources(config: Mapping[str, Any]) -> tune.PlacementGroupFactory:
    return tune.PlacementGroupFactory([Demand.from_text(config["demand"]).resources])


def _fit(searcher: PairSearcher, watch: Watch, places: Mapping[str, Any], tick: Callable[[], None]) -> None:
    storage = tempfile.mkdtemp(prefix="suite-tune-")
    try:
        tune.Tuner(
            tune.with_resources(TrialWorker, _resources),
            param_space=dict(places),
            tune_config=tune.TuneConfig(
                search_alg=searcher,
                num_samples=-1,
                reuse_actors=True,
                trial_name_creator=lambda task: str(task.trial_id),
                trial_dirname_creator=lambda task: str(task.trial_id),
            ),
            run_config=tune.RunConfig(
                name="tasks",
                storage_path=storage,
                verbose=0,
                callbacks=[_Hooks(searcher, watch, tick)],
                checkpoint_config=tune.CheckpointConfig(checkpoint_at_end=False),
            ),
        ).fit()
    finally:
        shutil.rmtree(storage, ignore_errors=True)
