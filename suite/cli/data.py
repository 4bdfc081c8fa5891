"""`suite data`: what data sets there are, making one ready ahead of time, and what it is made of."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.table import Table
from rich.text import Text

from suite.cli import options, study
from suite.cli.console import out, print_json
from suite.cli.prepare import prepare_data
from suite.errors import InputError
from suite.report import tables
from suite.spec.problems import accepted
from suite.spec.workload import Workload, find_workloads, load_workload

if TYPE_CHECKING:
    from suite.report.data_page import Description
    from suite.training.data_cache import Dataset

app = typer.Typer(
    help="Data sets: what there is, making one ready, and looking at it before training.", no_args_is_help=True
)


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
    places = study.data_places(data_dir)
    for workload_id, fingerprint in prepare_data(_named(name), None, *places).items():
        out.print(f"{workload_id}: ready (fingerprint {fingerprint[:12]})")


@app.command()
def describe(
    name: Annotated[str, typer.Argument(help="A data set or a workload.")],
    data_dir: options.DataDir = None,
    results: options.Results = options.DEFAULT_RESULTS,
    json: options.Json = False,
) -> None:
    """Analyse a data set before training on it: sizes, balance, values, words, copies, examples; text and page."""
    workload = one_of(name, _named(name))
    places = study.data_places(data_dir)
    prepare_data([workload], None, *places)

    from suite.report.data_page import write_page  # matplotlib, and below torch: only when they are needed
    from suite.training import data_cache

    prepared = data_cache.prepare(workload.data_settings, data_dirs=places[0], cache_dir=places[1])
    found = _described(data_cache.load(prepared))
    source = f"{workload.source} (licence: {workload.licence})"
    page = write_page(name, found, results / "data" / name, source=source)
    if json:
        print_json({"data": name, "findings": found.findings, "profile": found.profile, "page": str(page)})
        return
    for finding in found.findings:
        mark = Text("! ", style="bold yellow") if finding.is_problem else Text("  ")
        out.print(Text.assemble(mark, finding.text), soft_wrap=True)
    for table in (found.facts, *found.tables):
        out.print(_printable(table))
    out.print(Text(f"page: {page}"), soft_wrap=True)


def _described(dataset: "Dataset") -> "Description":
    """By what the inputs are; see `Dataset`."""
    from suite.report import box_page, image_page, map_page, sequence_page
    from suite.training.targets import are_boxes, are_pixels

    inputs, targets, test_inputs, test_targets = (part.numpy() for part in dataset[:4])
    parts = (inputs, targets, test_inputs, test_targets)
    text: dict[str, Any] = {"vocabulary": dataset.vocabulary, "separator": dataset.separator}
    if inputs.ndim == 4 and are_pixels(dataset.targets):
        return map_page.describe(*parts, dataset.classes)
    if inputs.ndim == 4 and are_boxes(dataset.targets):
        return box_page.describe(*parts, dataset.classes)
    if inputs.ndim == 4:
        return image_page.describe(*parts, dataset.classes)
    if inputs.ndim == 3:
        return sequence_page.describe_series(*parts, dataset.classes)
    if targets.ndim == 2:
        return sequence_page.describe_continuation(*parts, **text)
    return sequence_page.describe_tokens(*parts, dataset.classes, **text)


def one_of(name: str, workloads: Sequence[Workload]) -> Workload:
    """One workload of those that a name means. Raises InputError if they do not mean the same data."""
    if len({study.data_key(item.data_settings) for item in workloads}) > 1:
        users = ", ".join(item.id for item in workloads)
        raise InputError(f"data set {name!r}: its workloads set it up differently; name one of them: {users}")
    return workloads[0]


def _named(name: str) -> list[Workload]:
    """The workloads that a data set's name or a workload's means: at least one."""
    workloads = [load_workload(str(path)) for path in find_workloads()]
    wanted = [item for item in workloads if name in (item.id, item.data_settings["data"])]
    if not wanted:
        known = {str(item.data_settings["data"]) for item in workloads} | {item.id for item in workloads}
        raise InputError(f"data set {name!r}: not known; accepted: {accepted(name, known)}")
    return wanted


def _printable(found: tables.Table) -> Table:
    """A report's table on the terminal."""
    table = Table(title=found.caption, title_justify="left")
    for column, cell in zip(found.columns, found.rows[0], strict=True):
        table.add_column(Text(column), justify="right" if cell.is_number else "left")
    for row in found.rows:
        table.add_row(*(Text(cell.text) for cell in row))
    return table
