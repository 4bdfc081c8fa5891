"""Options that several commands share, so that they mean the same everywhere."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Literal

import typer

from suite.scheduling.demand import ANY_WORKLOAD
from suite.spec.workload import load_workload


def _whole_above_one(value: float) -> float:
    if value > 1 and value != int(value):
        raise typer.BadParameter(f"{value:g}: above 1, Ray takes whole GPUs only")
    return value


Ablations = Annotated[list[str], typer.Argument(help="Ablation files, or their ids.", metavar="ABLATION...")]
OptionalAblations = Annotated[
    list[str] | None,
    typer.Argument(help="Ablation files, or their ids (without any: all in ablations/).", metavar="[ABLATION...]"),
]
Scale = Annotated[
    Literal["quick", "standard", "full"],
    typer.Option(
        "--scale",
        help="quick: bundled data, minutes on two cores. standard: up to 20k/2k of real data. full: all of it.",
    ),
]
Wandb = Annotated[
    Literal["offline", "online", "off"],
    typer.Option("--wandb", help="W&B: record offline, upload as trials finish, or leave it out."),
]
Results = Annotated[Path, typer.Option("--results", help="Folder of the results.", envvar="SUITE_RESULTS")]
DataDir = Annotated[
    list[Path] | None,
    typer.Option(
        "--data-dir",
        help="Folder with data sets or archives of them; may be given more than once.",
        envvar="SUITE_DATA",
    ),
]
MaxTrials = Annotated[int | None, typer.Option("--max-trials", min=1, help="Start at most this many trials.")]
CpusPerTrial = Annotated[float, typer.Option("--cpus-per-trial", min=0.01, help="CPU cores per trial.")]
GpusPerTrial = Annotated[
    float,
    typer.Option(
        "--gpus-per-trial",
        min=0,
        callback=_whole_above_one,
        help="GPUs per trial; above 0, trials run on CUDA. A fraction shares a device.",
    ),
]
Device = Annotated[
    Literal["cpu", "cuda"] | None,
    typer.Option("--device", hidden=True, help="What trials compute on, to rehearse a cluster without its GPUs."),
]
Accelerators = Annotated[
    list[str] | None,
    typer.Option(
        "--accelerator",
        help="Type of GPU to run on, as Ray names it; WORKLOAD=TYPE for one workload. May be given more than once.",
        metavar="[WORKLOAD=]TYPE",
    ),
]
AskedSlots = Annotated[
    int,
    typer.Option(
        "--slots", min=0, help="Trials side by side to ask an autoscaler for (0: what there is room for now)."
    ),
]
StallMinutes = Annotated[
    float,
    typer.Option(
        "--stall-minutes",
        min=0.01,
        help="A trial in which no epoch ends for so long is started again; a node must come as soon.",
    ),
]
Storage = Annotated[
    str | None,
    typer.Option(
        "--storage",
        help="A copy of the results that other machines reach: a path, s3://... or gs://... .",
        envvar="SUITE_STORAGE",
    ),
]
Seeds = Annotated[int | None, typer.Option("--seeds", min=2, help="At most this many pairs per workload.")]
Slots = Annotated[int, typer.Option("--slots", min=1, help="Trials side by side, for the estimate of time.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON on stdout and nothing else there.")]
AllowCode = Annotated[
    bool,
    typer.Option("--allow-code", help="Let a spec name mechanisms outside the package (they are imported and run)."),
]
DEFAULT_RESULTS = Path("results")
DEFAULT_STALL_MINUTES = 30.0


def accelerators(given: Sequence[str] | None) -> dict[str, str]:
    """By workload, ANY_WORKLOAD for all others. Raises SpecError for a workload that there is none of."""
    types: dict[str, str] = {}
    for word in given or ():
        workload, _, kind = word.rpartition("=")
        if workload:
            load_workload(workload)
        types[workload or ANY_WORKLOAD] = kind
    return types
