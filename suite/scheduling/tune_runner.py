"""Runs what a queue hands out on Ray Tune until nothing is needed any more. Needs a connection (see cluster.py)."""

import os
import shutil
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from ray import tune

from suite.scheduling.cluster import Cluster
from suite.scheduling.pair_searcher import PairSearcher
from suite.scheduling.queue import TrialQueue
from suite.scheduling.worker import TrialWorker

_REASONS = {
    "low on memory": "out of memory on the host",
    "actor died": "its worker died (killed or crashed)",
    "actor is unavailable": "its worker's node was lost",
}


class _Hooks(tune.Callback):  # type: ignore[misc]
    """Passes on Tune's heartbeat and the reasons of lost tasks."""

    def __init__(self, searcher: PairSearcher, tick: Callable[[], None]) -> None:
        self._searcher = searcher
        self._tick = tick

    def __getstate__(self) -> dict[str, Any]:
        """As in PairSearcher."""
        return {}

    def on_step_end(self, iteration: int, trials: list[Any], **info: Any) -> None:
        self._tick()

    def on_trial_error(self, iteration: int, trials: list[Any], trial: Any, **info: Any) -> None:
        self._searcher.lost(trial.trial_id, _reason(trial.error_file))


def run(
    queue: TrialQueue,
    cluster: Cluster,
    *,
    slots: int,
    data_dirs: Sequence[Path],
    cache_dir: Path,
    tick: Callable[[], None],
) -> None:
    """Returns when the queue is done. `tick` is called a few times a second, from the thread that called this.

    A KeyboardInterrupt goes through at once: what finished is with the queue's listener already.
    """
    os.environ["TUNE_MAX_PENDING_TRIALS_PG"] = str(max(2, slots))
    places = {"data_dirs": [str(folder.resolve()) for folder in data_dirs], "cache_dir": str(cache_dir.resolve())}
    while not queue.is_done():
        searcher = PairSearcher(queue, slots=slots)
        try:
            _fit(searcher, cluster, places, tick)
        except RuntimeError as error:  # a host out of memory ends the whole fit, whatever Tune's max_failures says
            reason = f"Ray gave up: {str(error).strip().splitlines()[0]}"
        else:
            reason = "Ray ended before it had a result"
        queue.lose(queue.running, reason)


def _fit(searcher: PairSearcher, cluster: Cluster, places: Mapping[str, Any], tick: Callable[[], None]) -> None:
    storage = tempfile.mkdtemp(prefix="suite-tune-")
    try:
        tune.Tuner(
            tune.with_resources(TrialWorker, cluster.resources),
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
                callbacks=[_Hooks(searcher, tick)],
                checkpoint_config=tune.CheckpointConfig(checkpoint_at_end=False),
            ),
        ).fit()
    finally:
        shutil.rmtree(storage, ignore_errors=True)


def _reason(error_file: str | None) -> str:
    """Tune's record of a task's end, in words that mean something to who trains models."""
    text = Path(error_file).read_text() if error_file else ""
    for sign, meaning in _REASONS.items():
        if sign in text:
            return meaning
    return text
