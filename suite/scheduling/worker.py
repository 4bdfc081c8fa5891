"""The Ray actor that trains: one per slot, kept alive from task to task so that torch is imported once."""

import time
from collections import deque
from collections.abc import Generator
from dataclasses import replace
from pathlib import Path
from typing import Any

from ray import tune

from suite.recording.provenance import worker_provenance
from suite.scheduling import losses
from suite.scheduling.demand import Demand
from suite.scheduling.local import start
from suite.scheduling.queue import Attempt, failed_result
from suite.scheduling.wire import attempts_from_text, results_to_text
from suite.trial_result import EpochRecord, TrialResult

REPORT_SECONDS = 2.0
"""How long a worker trains before it reports. Each report costs some 10 ms of idle slot, so not every epoch."""


class TrialWorker(tune.Trainable):  # type: ignore[misc]
    """Trains the trials of one task, one after another, and reports each as soon as it can.

    A trial that raises is reported as failed; the others go on. `config` holds `batch` (see wire.py), `demand` (what
    Ray gave this actor), `pause_seconds` (what to wait if the batch is empty), `data_dirs` and `cache_dir`.
    """

    def setup(self, config: dict[str, Any]) -> None:
        """Ray calls this once per actor, which has the same demand all its life."""
        self._gpu_share = Demand.from_text(config["demand"]).gpus
        self._begin(config)

    def reset_config(self, new_config: dict[str, Any]) -> bool:
        """Ray calls this to give the same actor its next task."""
        self._begin(new_config)
        return True

    def step(self) -> dict[str, Any]:
        """Ray calls this until `done`."""
        finished = []
        if not (self._training or self._attempts):
            time.sleep(self._pause_seconds)
        begin = time.monotonic()
        while (self._training or self._attempts) and time.monotonic() - begin < REPORT_SECONDS:
            result = self._advance()
            if result is not None:
                finished.append(result)
        return {"finished": results_to_text(finished), "done": not (self._training or self._attempts)}

    def _begin(self, config: dict[str, Any]) -> None:
        self._attempts: deque[Attempt] = deque(attempts_from_text(config["batch"]))
        self._pause_seconds = float(config["pause_seconds"])
        self._data_dirs = tuple(Path(folder) for folder in config["data_dirs"])
        self._cache_dir = Path(config["cache_dir"])
        self._training: Generator[EpochRecord, None, TrialResult] | None = None
        self._attempt: Attempt

    def _advance(self) -> TrialResult | None:
        """One epoch further; the result if that was the trial's end."""
        try:
            if self._training is None:
                self._attempt = self._attempts.popleft()
                self._training = start(self._attempt.trial, self._data_dirs, self._cache_dir, self._gpu_share)
            next(self._training)
        except StopIteration as stop:
            result: TrialResult = stop.value
        except Exception as error:  # whatever went wrong belongs to this trial only
            result = failed_result(self._attempt.trial, losses.of_exception(error))
        else:
            return None
        self._training = None
        return replace(result, attempt=self._attempt.number, provenance=worker_provenance())
