"""`suite run`: from specs to verdicts and a report."""

import os
import shlex
import signal
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from suite.cli import options, study
from suite.cli.console import err, note, out, plain, print_json
from suite.cli.plan import plan_table, seconds_per_trial
from suite.cli.prepare import prepare_data
from suite.cli.progress import Progress, Recorder
from suite.cli.report import print_verdicts, write_reports
from suite.cli.study import Study
from suite.recording.store import Store
from suite.recording.wandb_sink import WandbSink
from suite.scheduling.cluster import Cluster, connected
from suite.scheduling.queue import TrialQueue
from suite.verdict.needs import needed_trials


def run(
    names: options.Ablations,
    scale: options.Scale = "quick",
    results: options.Results = options.DEFAULT_RESULTS,
    data_dir: options.DataDir = None,
    seeds: options.Seeds = None,
    max_trials: Annotated[
        int | None, typer.Option("--max-trials", min=1, help="Start at most this many trials.")
    ] = None,
    address: Annotated[
        str | None, typer.Option("--address", help="An existing Ray cluster [default: this machine].")
    ] = None,
    cpus_per_trial: Annotated[float, typer.Option("--cpus-per-trial", min=0.01, help="CPU cores per trial.")] = 1,
    gpus_per_trial: Annotated[
        float, typer.Option("--gpus-per-trial", min=0, help="GPUs per trial; above 0, trials run on CUDA.")
    ] = 0,
    wandb: options.Wandb = "offline",
    allow_code: options.AllowCode = False,
    json: options.Json = False,
) -> None:
    """Run ablations: train what is not stored yet, judge every claim, write the reports.

    Stop it whenever you like; the same command goes on where it stopped.
    """
    signal.signal(signal.SIGTERM, _interrupt)
    ablations = study.load_at(scale, names, allow_code=allow_code)
    workloads = [item for ablation in ablations for item in study.workloads_of(ablation, scale, allow_code=allow_code)]
    store = Store(results)
    store.open()
    places = study.data_places(data_dir)
    fingerprints = prepare_data(workloads, store, *places)
    opened = study.open_study(
        ablations,
        store,
        scale=scale,
        device="cuda" if gpus_per_trial else "cpu",
        seeds=seeds,
        allow_code=allow_code,
        fingerprints=fingerprints,
    )
    cluster = Cluster(address=address, cpus_per_trial=cpus_per_trial, gpus_per_trial=gpus_per_trial)
    (err if json else out).print(plan_table(opened, slots=slots_here(cluster)))
    sink = WandbSink(store.root, mode=wandb)
    recorder = Recorder(opened, sink)
    recorder.log_stored()
    try:
        _train(opened, recorder, cluster, places, max_trials)
    except KeyboardInterrupt:
        sink.close(timeout=1.0)
        err.print(
            f"Stopped. {recorder.finished_count} trials finished in this run are kept in {results}. Go on with:",
            style="bold",
        )
        err.print(f"  {shlex.join(['suite', *sys.argv[1:]])}", soft_wrap=True)
        raise typer.Exit(130) from None
    _conclude(opened, sink, as_json=json)


def _train(
    opened: Study, recorder: Recorder, cluster: Cluster, places: tuple[tuple[Path, ...], Path], max_trials: int | None
) -> None:
    guess = seconds_per_trial(opened)
    queue = TrialQueue(
        lambda results: (trial for design in opened.designs for trial in needed_trials(design, results)),
        opened.results,
        listener=recorder,
        estimate=guess,
        max_trials=max_trials,
    )
    if queue.is_done():
        return
    with connected(cluster) as slots:
        from suite.scheduling import tune_runner  # imports Ray, which must be told first how to behave

        queue.slots = slots
        with Progress(opened, queue, recorder, guess) as progress:
            tune_runner.run(queue, cluster, slots=slots, data_dirs=places[0], cache_dir=places[1], tick=progress.tick)


def _conclude(opened: Study, sink: WandbSink, *, as_json: bool) -> None:
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


def _interrupt(*_: Any) -> None:
    raise KeyboardInterrupt
