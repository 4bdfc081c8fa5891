"""`suite submit`: a run on a cluster elsewhere, whose results come back here."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.text import Text

from suite.cli import options, study
from suite.cli.console import err, note, out, print_json
from suite.cli.progress import Recorder
from suite.cli.run import conclude
from suite.errors import InputError, StoreError
from suite.recording.provenance import scrub
from suite.recording.store import Store
from suite.recording.stream import received
from suite.recording.wandb_sink import WandbSink
from suite.scheduling.jobs import Jobs, JobState, UnreachableError
from suite.spec.ablation import FOLDER, Ablation
from suite.spec.yaml_loader import existing

_TAKEN: Mapping[str, frozenset[str]] = {
    "attach": frozenset({"address", "results", "wandb", "allow_code", "json"}),
    "status": frozenset({"address", "json"}),
    "stop": frozenset({"address"}),
}
"""What means something beside these options; the rest is fixed once a job has been sent."""


def submit(
    context: typer.Context,
    names: Annotated[
        list[str] | None, typer.Argument(help="Ablation files, or their ids.", metavar="[ABLATION...]")
    ] = None,
    address: Annotated[
        str, typer.Option("--address", help="The cluster's dashboard.", envvar="RAY_API_SERVER_ADDRESS")
    ] = "http://127.0.0.1:8265",
    attach: Annotated[
        str | None, typer.Option("--attach", metavar="ID", help="Follow a job that was sent before.")
    ] = None,
    status: Annotated[str | None, typer.Option("--status", metavar="ID", help="Say how a job stands.")] = None,
    stop: Annotated[str | None, typer.Option("--stop", metavar="ID", help="End a job.")] = None,
    scale: options.Scale = "quick",
    results: options.Results = options.DEFAULT_RESULTS,
    storage: options.Storage = None,
    data_dir: Annotated[
        list[str] | None,
        typer.Option("--data-dir", help="Folder with data sets on the cluster's nodes; may be given more than once."),
    ] = None,
    seeds: options.Seeds = None,
    max_trials: options.MaxTrials = None,
    cpus_per_trial: options.CpusPerTrial = 1,
    gpus_per_trial: options.GpusPerTrial = 0,
    accelerator: options.Accelerators = None,
    slots: options.AskedSlots = 0,
    device: options.Device = None,
    stall_minutes: options.StallMinutes = options.DEFAULT_STALL_MINUTES,
    wandb: options.Wandb = "offline",
    allow_code: options.AllowCode = False,
    json: options.Json = False,
) -> None:
    """Run ablations as a job on a Ray cluster: send it, follow it, bring the results back, write the reports here.

    Ctrl-C ends the following, not the job.
    """
    given = {"ABLATION": names, "--attach": attach, "--status": status, "--stop": stop}
    if sum(bool(value) for value in given.values()) != 1:
        raise InputError(f"suite submit takes one of {', '.join(given)}")
    _check_beside(context)
    if storage:
        _check_storage(storage)
    jobs = Jobs(address)
    if status:
        _say(status, jobs.state(status), as_json=json)
    elif stop:
        out.print(f"{stop}: {'asked to stop' if jobs.stop(stop) else 'was over already'}", soft_wrap=True)
    else:
        job, ablations = attach, None
        if job is None:
            assert names
            chosen = options.accelerators(accelerator)
            ablations = study.load_at(scale, names, allow_code=allow_code)
            arguments = {
                "--scale": scale,
                "--seeds": seeds,
                "--max-trials": max_trials,
                "--cpus-per-trial": cpus_per_trial,
                "--gpus-per-trial": gpus_per_trial,
                "--accelerator": [f"{name}={kind}" if name else kind for name, kind in chosen.items()],
                "--slots": slots or None,
                "--device": device,
                "--stall-minutes": stall_minutes,
                "--data-dir": data_dir,
                "--storage": storage,
                "--allow-code": allow_code,
                "--stream": storage is None,
                "--wandb": "off",
            }
            asked = {
                "ablations": [ablation.id for ablation in ablations],
                "names": names,
                "scale": scale,
                "device": device or ("cuda" if gpus_per_trial else "cpu"),
                "seeds": seeds,
                "storage": storage,
            }
            workloads = {name for ablation in ablations for name in ablation.workloads_at(scale)}
            files = _files(names, ablations)
            job = jobs.submit(_words(arguments), asked, files, sorted(workloads), foreign_code=allow_code)
            note(f"{job} is on its way to {address}")
        _follow(jobs, job, results, wandb, ablations=ablations, allow_code=allow_code, as_json=json)


def _check_beside(context: typer.Context) -> None:
    """Nothing that is asked for is passed over in silence. Raises InputError."""
    words = {
        parameter.name: parameter.opts[-1]
        for parameter in context.command.params
        if parameter.name and getattr(context.get_parameter_source(parameter.name), "name", "") == "COMMANDLINE"
    }
    for name, taken in _TAKEN.items():
        if name in words and (unused := [word for other, word in words.items() if other not in {name, *taken}]):
            raise InputError(f"suite submit {words[name]}: the job has been sent; {', '.join(unused)} cannot change it")


def _check_storage(storage: str) -> None:
    """It becomes part of the job, which everybody on the cluster can read, and runs in another folder."""
    if scrub(storage) != storage and "://" in storage:
        raise InputError(
            f"--storage {scrub(storage)}: an address with a secret in it would be public in the job; give the nodes "
            "their credentials instead"
        )
    if "://" not in storage and not Path(storage).is_absolute():
        raise InputError(
            f"--storage {storage}: a job runs in another folder; give an absolute path, s3://... or gs://..."
        )


def _follow(
    jobs: Jobs,
    job: str,
    results: Path,
    wandb: str,
    *,
    ablations: tuple[Ablation, ...] | None,
    allow_code: bool,
    as_json: bool,
) -> None:
    """To the end of the job; then what `suite run` ends with. `ablations`: as submitted, None for a job of earlier."""
    asked = jobs.state(job).asked
    store = Store(results)
    store.open()
    try:
        _receive(jobs, job, store)
    except (KeyboardInterrupt, UnreachableError) as error:
        if isinstance(error, UnreachableError):
            err.print(Text(str(error)), style="red", soft_wrap=True)
        err.print("The job goes on. Follow it again, or end it, with:", style="bold")
        err.print(f"  suite submit --address {jobs.address} --attach {job}", soft_wrap=True)
        err.print(f"  suite submit --address {jobs.address} --stop {job}", soft_wrap=True)
        raise typer.Exit(130 if isinstance(error, KeyboardInterrupt) else 1) from None
    state = jobs.state(job)
    if state.status != "SUCCEEDED":
        note(_words_on(job, state))
    if asked["storage"]:
        note(f"the results are in {asked['storage']}; `suite report --storage {asked['storage']}` reads them")
    elif state.status == "SUCCEEDED" or store.load():
        ablations = ablations or study.load_at(asked["scale"], asked["names"], allow_code=allow_code)
        opened = study.open_study(
            ablations,
            store,
            scale=asked["scale"],
            device=asked["device"],
            seeds=asked["seeds"],
            allow_code=allow_code,
        )
        sink = WandbSink(store.root, mode=wandb)
        Recorder(opened, sink).log_stored()
        conclude(opened, sink, as_json=as_json)
    if state.status != "SUCCEEDED":
        raise typer.Exit(1)


def _receive(jobs: Jobs, job: str, store: Store) -> None:
    """Records into the store, the rest of the log to stderr."""
    for line in jobs.lines(job, lost=lambda reason: note(f"connection lost ({reason}); trying again")):
        try:
            content = received(line)
        except StoreError as error:
            note(f"{error}; `suite submit --attach {job}` reads it again")
            continue
        if content is None:
            err.print(Text(line), soft_wrap=True)
        elif isinstance(content, Mapping):
            for data, fingerprint in content.items():
                store.record_fingerprint(data, fingerprint)
        else:
            store.put(content)


def _say(job: str, state: JobState, *, as_json: bool) -> None:
    if as_json:
        print_json({"job": job, "status": state.status, "message": state.message, **state.asked})
        return
    out.print(Text(_words_on(job, state)), soft_wrap=True)


def _words_on(job: str, state: JobState) -> str:
    last = state.message.splitlines()[-1:] if state.status == "FAILED" else []
    what = f"{', '.join(state.asked['ablations'])} ({state.asked['scale']})"
    return "; ".join([f"{job}: {state.status.lower()}", what, *last])


def _words(arguments: Mapping[str, Any]) -> list[str]:
    """Options as a command line has them; None, False and empty lists are left out."""
    words: list[str] = []
    for name, value in arguments.items():
        if value is True:
            words.append(name)
        elif value is not None and value is not False:
            for item in value if isinstance(value, list) else [value]:
                words += [name, str(item)]
    return words


def _files(names: list[str], ablations: tuple[Ablation, ...]) -> dict[str, Path]:
    """Of the ablations that have the scale, by id."""
    found = {path.stem: path for path in (existing(name, FOLDER) for name in names) if path is not None}
    return {ablation.id: found[ablation.id] for ablation in ablations}
