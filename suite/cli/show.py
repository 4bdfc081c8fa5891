"""`suite show` and `suite schema`: what a spec means, and what one may say."""

import json as json_module
from collections.abc import Sequence
from typing import Annotated

import typer
from rich.table import Table
from rich.text import Text

from suite.cli import options, study
from suite.cli.console import out, print_json
from suite.recording.store import Store
from suite.spec import schema as schemas
from suite.spec.design import Design


def show(
    name: Annotated[str, typer.Argument(help="Ablation file, or its id.", metavar="ABLATION")],
    scale: options.Scale = "quick",
    results: options.Results = options.DEFAULT_RESULTS,
    allow_code: options.AllowCode = False,
    json: options.Json = False,
) -> None:
    """Show each arm of an ablation fully resolved, and what differs between the arms."""
    ablations = study.load([name], allow_code=allow_code)
    (design,) = study.open_study(ablations, Store(results), scale=scale, allow_code=allow_code).designs
    if json:
        print_json(
            {
                workload.id: {arm: dict(design.settings(workload.id, arm, ())) for arm in design.ablation.arms}
                for workload in design.workloads
            }
        )
        return
    out.print(Text(design.ablation.tip, style="bold"))
    out.print(Text(f"{design.ablation.quote}  ({design.ablation.source})", style="dim"))
    for workload in design.workloads:
        out.print(_arms_table(design, workload.id))


def _arms_table(design: Design, workload: str) -> Table:
    """A row per setting; settings that differ between the arms first, in bold."""
    arms = list(design.ablation.arms)
    settings = {arm: design.settings(workload, arm, ()) for arm in arms}
    keys = sorted({key for arm in arms for key in settings[arm]})
    differing = list(design.differences(workload))
    table = Table(title=f"{design.ablation.id} on {workload} ({design.scale})", title_justify="left")
    table.add_column("setting", overflow="fold")
    for arm in arms:
        table.add_column(arm, overflow="fold")
    for key in differing + [key for key in keys if key not in differing]:
        tuning = {arm: design.ablation.tuned_with.get(arm, {}).get(key) for arm in arms}
        cells = [_cell(settings[arm].get(key), design.swept(arm).get(key), tuning[arm]) for arm in arms]
        table.add_row(Text(key), *map(Text, cells), style="bold" if key in differing else "")
        if differing and key == differing[-1]:
            table.add_section()
    return table


def _cell(value: object, swept: Sequence[object] | None, tuning: object | None) -> str:
    if swept:
        return f"{value} (swept: {', '.join(map(str, swept))})"
    if tuning is not None:
        return f"{value} (in tuning trials: {tuning})"
    return "–" if value is None else str(value)


def schema(
    kind: Annotated[str, typer.Argument(help="ablation or workload.")] = "ablation",
) -> None:
    """Print the JSON Schema of a spec file, for editors (kept in docs/schema/)."""
    makers = {"ablation": schemas.ablation_schema, "workload": schemas.workload_schema}
    if kind not in makers:
        raise typer.BadParameter(f"{kind!r}; accepted: {', '.join(makers)}")
    print(json_module.dumps(makers[kind](), ensure_ascii=False, indent=2))
