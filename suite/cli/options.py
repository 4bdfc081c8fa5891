"""Options that several commands share, so that they mean the same everywhere."""

from pathlib import Path
from typing import Annotated, Literal

import typer

Ablations = Annotated[list[str], typer.Argument(help="Ablation files, or their ids.", metavar="ABLATION...")]
OptionalAblations = Annotated[
    list[str] | None,
    typer.Argument(help="Ablation files, or their ids [default: all in ablations/].", metavar="[ABLATION...]"),
]
Scale = Annotated[
    Literal["quick", "standard", "full"],
    typer.Option(
        "--scale", help="quick: bundled data, minutes on two cores. standard: 20k/2k of real data. full: all of it."
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
Seeds = Annotated[int | None, typer.Option("--seeds", min=2, help="At most this many pairs per workload.")]
Slots = Annotated[int, typer.Option("--slots", min=1, help="Trials side by side, for the estimate of time.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON on stdout and nothing else there.")]
AllowCode = Annotated[
    bool,
    typer.Option("--allow-code", help="Let a spec name mechanisms outside the package (they are imported and run)."),
]
DEFAULT_RESULTS = Path("results")
