"""`suite data`: what data sets there are, and making one ready ahead of time."""

from typing import Annotated

import typer
from rich.table import Table

from suite.cli import options, study
from suite.cli.console import out, print_json
from suite.cli.prepare import prepare_data
from suite.errors import InputError
from suite.spec.workload import find_workloads, load_workload

app = typer.Typer(help="Data sets: what there is, and making one ready ahead of time.", no_args_is_help=True)


@app.command("list")
def list_data(json: options.Json = False) -> None:
    """List the data sets, and the workloads that use each."""
    rows: dict[str, list[str]] = {}
    loaded = [load_workload(str(path)) for path in find_workloads()]
    for workload in loaded:
        rows.setdefault(str(workload.data_settings["data"]), []).append(workload.id)
    described = {str(item.data_settings["data"]): item for item in loaded}
    if json:
        print_json(
            [{"data": name, "workloads": users, "source": described[name].source} for name, users in rows.items()]
        )
        return
    table = Table("data set", "workloads", "source", "licence")
    for name, users in sorted(rows.items()):
        table.add_row(name, ", ".join(users), described[name].source, described[name].licence)
    out.print(table)


@app.command()
def prepare(
    name: Annotated[str, typer.Argument(help="A data set or a workload.")],
    data_dir: options.DataDir = None,
) -> None:
    """Find or download a data set, verify it, and keep it ready for trials on this machine."""
    workloads = [load_workload(str(path)) for path in find_workloads()]
    wanted = [item for item in workloads if name in (item.id, item.data_settings["data"])]
    if not wanted:
        known = sorted({str(item.data_settings["data"]) for item in workloads} | {item.id for item in workloads})
        raise InputError(f"data set {name!r}: not known; accepted: {', '.join(known)}")
    places = study.data_places(data_dir)
    for workload_id, fingerprint in prepare_data(wanted, None, *places).items():
        out.print(f"{workload_id}: ready (fingerprint {fingerprint[:12]})")
