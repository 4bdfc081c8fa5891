"""One trial on this machine, without Ray: what a worker does with each trial it is given."""

import os
from collections.abc import Generator
from pathlib import Path

from suite.errors import TrialError
from suite.spec.trials import Trial
from suite.trial_result import EpochRecord, TrialResult


def start(
    trial: Trial, data_dirs: tuple[Path, ...], cache_dir: Path, gpu_share: float = 1
) -> Generator[EpochRecord, None, TrialResult]:
    """The trial's training on this machine's copy of the data. Raises TrialError if that copy differs.

    `gpu_share` is the part of a GPU's memory that this process may use, if it has neighbours there.
    """
    from suite.training import data_cache, engine  # torch: on the workers only
    from suite.training.gpu import limit_memory

    limit_memory(gpu_share)
    data_settings = {key: value for key, value in trial.settings.items() if key.split(".")[0] == "data"}
    prepared = data_cache.prepare(data_settings, data_dirs=data_dirs, cache_dir=cache_dir)
    if prepared.fingerprint != trial.data_fingerprint:
        raise TrialError(
            f"the data set {data_settings['data']!r} on this machine has other content than on the driver's "
            f"({prepared.fingerprint[:12]} instead of {trial.data_fingerprint[:12]})"
        )
    return engine.train(trial, dataset=data_cache.load(prepared))


def train_here(trial: Trial, data_dirs: tuple[Path, ...], cache_dir: Path) -> TrialResult:
    """The trial from beginning to end, in this process."""
    os.environ.setdefault("OMP_NUM_THREADS", "1")  # read when torch is imported
    training = start(trial, data_dirs, cache_dir)
    while True:
        try:
            next(training)
        except StopIteration as stop:
            result: TrialResult = stop.value
            return result
