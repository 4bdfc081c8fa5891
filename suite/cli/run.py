"""`suite run`: from specs to verdicts and a report."""

import os
import shlex
import signal
import sys
import threading
from pathlib import Path
from typing import Annotated, Any

import typer

from suite.cli import options, study
from suite.cli.console import err, note, out, plain, print_json
from suite.cli.plan import plan_table
from suite.cli.preflight import preflight
from suite.cli.prepare import prepare_data
from suite.cli.progress import Progress, Recorder
from suite.cli.report import print_verdicts, write_reports
from suite.cli.study import Study
from suite.recording.storage import Storage
from suite.recording.store import Store
from suite.recording.wandb_sink import WandbSink
from suite.scheduling.cluster import connected
from suite.scheduling.demand import Cluster
from suite.scheduling.estimate import seconds_per_trial
from suite.scheduling.placement import placement
from suite.scheduling.queue import TrialQueue
from suite.verdict.needs import needed_trials
from suite.verdict.remembered import Remembered


def run(
    names: options.Ablations,
    scale: options.Scale = "quick",
    results: options.Results = options.DEFAULT_RESULTS,
    storage: options.Storage = None,
    data_dir: options.DataDir = None,
    seeds: options.Seeds = None,
    max_trials: options.MaxTrials = None,
    address: Annotated[
        str | None, typer.Option("--address", help="An existing Ray cluster, HOST:PORT (without it: this machine).")
    ] = None,
    cpus_per_trial: options.CpusPerTrial = 1,
    gpus_per_trial: options.GpusPerTrial = 0,
    accelerator: options.Accelerators = None,
    slots: options.AskedSlots = 0,
    device: options.Device = None,
    stall_minutes: options.StallMinutes = options.DEFAULT_STALL_MINUTES,
    wandb: options.Wandb = "offline",
    allow_code: options.AllowCode = False,
    stream: Annotated[
        bool, typer.Option("--stream", hidden=True, help="Records to stdout, for `suite submit`.")
    ] = False,
    json: options.Json = False,
) -> None:
    """Run ablations: train what is not stored yet, judge every claim, write the reports.

    Stop it whenever you like; the same command goes on where it stopped.
    """
    for name in (signal.SIGINT, signal.SIGTERM):
        signal.signal(name, _interrupt)
    ablations = study.load_at(scale, names, allow_code=allow_code)
    workloads = [item for ablation in ablations for item in study.workloads_of(ablation, scale, allow_code=allow_code)]
    cluster = Cluster(
        address=address,
        cpus_per_trial=cpus_per_trial,
        gpus_per_trial=gpus_per_trial,
        accelerators=options.accelerators(accelerator),
        slots=slots,
    )
    store = Store(results)
    store.open()
    keep = Storage(storage) if storage else None
    if keep and (pulled := keep.pull(store)):
        note(f"{pulled} records came from {keep.uri}")
    places = study.data_places(data_dir)
    fingerprints = prepare_data(workloads, store, *places)
    if keep:
        keep.push_missing(store)
    opened = study.open_study(
        ablations,
        store,
        scale=scale,
        device=device or ("cuda" if gpus_per_trial else "cpu"),
        seeds=seeds,
        allow_code=allow_code,
        fingerprints=fingerprints,
    )
    if not stream:
        (err if json else out).print(plan_table(opened, slots=slots_here(cluster)))
    sink = WandbSink(store.root, mode=wandb)
    recorder = Recorder(opened, sink, storage=keep, stream=stream)
    recorder.log_stored()
    try:
        _train(opened, recorder, cluster, places, max_trials, stall_minutes)
    except KeyboardInterrupt:
        sink.close(timeout=1.0)
        if keep:
            keep.push_missing(store)
        err.print(
            f"Stopped. {recorder.finished_count} trials finished in this run are kept in {results}. Go on with:",
            style="bold",
        )
        err.print(f"  {shlex.join(['suite', *sys.argv[1:]])}", soft_wrap=True)
        raise typer.Exit(130) from None
    if not stream:
        conclude(opened, sink, as_json=json)
    if keep:
        keep.push_missing(store, *(() if stream else ("reports", "exports")))


def _train(
    opened: Study,
    recorder: Recorder,
    cluster: Cluster,
    places: tuple[tuple[Path, ...], Path],
    max_trials: int | None,
    stall_minutes: float,
) -> None:
    needed = Remembered(needed_trials)
    queue = TrialQueue(
        lambda results: (trial for design in opened.designs for trial in needed(design, results)),
        opened.results,
        listener=recorder,
        estimate=seconds_per_trial(opened.designs, opened.results),
        max_trials=max_trials,
    )
    if queue.is_done():
        return
    with connected(cluster) as capacity:
        from suite.scheduling import tune_runner  # imports Ray, which must be told first how to behave

        demands = placement(opened.designs, cluster, capacity)
        slots = max(map(capacity.slots, demands.values()))
        if cluster.address:
            preflight(opened, cluster, capacity, places, set(demands.values()))
        queue.place(lambda trial: demands[trial.id], slots)
        with Progress(opened, queue, recorder) as progress:

            def tick() -> None:
                _heed()
                progress.tick()

            tune_runner.run(
                queue,
                slots=slots,
                data_dirs=places[0],
                cache_dir=places[1],
                tick=tick,
                stall_seconds=60 * stall_minutes,
            )


def conclude(opened: Study, sink: WandbSink, *, as_json: bool) -> None:
    """Write the reports and say what they say."""
    reports = write_reports(opened)
    for written in reports:
        columns, rows = written.table
        sink.log_ablation(
            ablation=written.verdict.ablation,
            scale=written.verdict.scale,
            columns=columns,
            rows=rows,
            figures=written.figures,
        )
    for line in sink.close(timeout=60.0):
        note(line)
    if as_json:
        print_json([{"report": str(written.page), **plain(written.verdict)} for written in reports])
    else:
        print_verdicts(reports)


def slots_here(cluster: Cluster) -> int:
    """Trials side by side on this machine; a guess for the plan where they run elsewhere."""
    return max(1, int((os.cpu_count() or 1) / cluster.cpus_per_trial))


_asked_to_stop = threading.Event()


def _interrupt(*_: Any) -> None:
    _asked_to_stop.set()
    raise KeyboardInterrupt


def _heed() -> None:
    """An exception that a signal raises in a destructor or in Ray's own C code is lost: here it comes once more."""
    if _asked_to_stop.is_set():
        raise KeyboardInterrupt
