"""Data sets made ready before anything runs, with a progress bar where something is downloaded."""

from collections.abc import Iterable, Sequence
from pathlib import Path

from rich.progress import BarColumn, DownloadColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

from suite.cli.console import err
from suite.cli.study import data_key
from suite.recording.store import Store
from suite.spec.workload import Workload


def prepare_data(
    workloads: Iterable[Workload], store: Store | None, data_dirs: Sequence[Path], cache_dir: Path
) -> dict[str, str]:
    """Fingerprints by workload id. Raises DataError with the remedies."""
    from suite.training import data_cache  # torch: only when something is about to run

    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeRemainingColumn())
    fingerprints: dict[str, str] = {}
    with Progress(*columns, console=err, transient=True) as bars:
        tasks: dict[str, TaskID] = {}

        def show(what: str, done: int, total: int | None) -> None:
            if what not in tasks:
                tasks[what] = bars.add_task(what, total=total)
            bars.update(tasks[what], completed=done, total=total)

        for workload in workloads:
            if workload.id in fingerprints:
                continue
            settings = workload.data_settings
            prepared = data_cache.prepare(settings, data_dirs=data_dirs, cache_dir=cache_dir, progress=show)
            fingerprints[workload.id] = prepared.fingerprint
            if store is not None:
                store.record_fingerprint(data_key(settings), prepared.fingerprint)
    return fingerprints
