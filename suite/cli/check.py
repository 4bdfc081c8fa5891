"""`suite check`: is anything wrong with an arm, before an hour is spent on training it?"""

import math
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.table import Table
from rich.text import Text

from suite.cli import options, study
from suite.cli.console import note, out, print_json
from suite.cli.prepare import prepare_data
from suite.errors import InputError
from suite.recording.files import probe, refusal, write
from suite.spec import slots
from suite.spec.ablation import FOLDER as ABLATIONS
from suite.spec.ablation import find_ablations
from suite.spec.problems import shown, unknown
from suite.spec.workload import Workload, find_workloads, load_workload
from suite.spec.yaml_loader import existing
from suite.spec.yaml_loader import load as load_yaml
from suite.trial_result import Settings

if TYPE_CHECKING:  # torch is imported when something is about to be computed
    from suite.training.checkup import Checkup
    from suite.training.findings import Finding
    from suite.training.inspect_data import DataFacts, Loaded
    from suite.training.inspect_model import ModelFacts
    from suite.training.overfit import Overfit

_PICTURES = 32
_WORKLOAD_ONLY = {"scales", "licence"}
"""Keys that tell a workload's file from an ablation's."""


class _Subject:
    """A workload with an arm's settings."""

    def __init__(
        self, name: str, workload: Workload, scale: str, arm: str, settings: Settings, rates: tuple[float, ...]
    ) -> None:
        self.name, self.workload, self.scale, self.arm = name, workload, scale, arm
        self.settings, self.rates = settings, rates

    @property
    def title(self) -> str:
        return f"{self.name}, arm {self.arm}, on {self.workload.id}" if self.arm else self.name

    @property
    def words(self) -> tuple[str, ...]:
        """Of the picture's file name."""
        names = (self.name, self.arm, self.workload.id) if self.arm else (self.name,)
        return (*names, self.scale)


def check(
    name: Annotated[
        str, typer.Argument(help="Ablation or workload: its file, or its id.", metavar="ABLATION|WORKLOAD")
    ],
    arm: Annotated[str | None, typer.Option("--arm", help="Only this arm of the ablation [default: all].")] = None,
    scale: Annotated[
        str, typer.Option("--scale", help="quick, standard or full; at a workload without it, its smallest.")
    ] = "quick",
    seed: Annotated[int, typer.Option("--seed", min=0, help="Of the split, the initial weights and the order.")] = 0,
    results: options.Results = options.DEFAULT_RESULTS,
    data_dir: options.DataDir = None,
    allow_code: options.AllowCode = False,
    json: options.Json = False,
) -> None:
    """Look before you train: what the loader gives, every layer's size, the loss at the start, and whether a tiny set
    can be learnt by heart. Says what is wrong and what to do. Exit code 1 if anything is.
    """
    subjects = list(_subjects(name, arm, scale, allow_code=allow_code))
    _open(results)
    places = study.data_places(data_dir)
    prepare_data([subject.workload for subject in subjects], None, *places)
    documents, wrong, seen = [], 0, set[str]()
    for subject in subjects:
        checkup, loaded = _check(subject, seed, *places)
        wrong += len(checkup.wrong)
        picture = _draw(subject, loaded, results) if checkup.wrong or subject.workload.id not in seen else None
        seen.add(subject.workload.id)
        if json:
            documents.append(_document(subject, checkup, picture))
        else:
            _print(subject, checkup, loaded, picture)
    if json:
        print_json(documents)
    elif len(subjects) > 1:
        _print_sum(len(subjects), wrong)
    raise typer.Exit(1 if wrong else 0)


def _open(results: Path) -> None:
    """A folder that takes no picture is said at once, not after all is computed."""
    try:
        (results / "checks").mkdir(parents=True, exist_ok=True)
        probe(results / "checks")
    except OSError as error:
        raise refusal(results, error) from error


def _print_sum(checked: int, wrong: int) -> None:
    faults = "nothing is wrong" if not wrong else f"{wrong} fault{'s' * (wrong > 1)}, see above"
    out.print(Text(f"\n{checked} set-ups checked: {faults}", style="bold"))


def _subjects(name: str, arm: str | None, scale: str, *, allow_code: bool) -> Iterator[_Subject]:
    """Raises InputError with one line if there is no such ablation, workload, arm or scale."""
    if scale not in ("quick", "standard", "full"):
        raise InputError(f"--scale {scale}: accepted: quick, standard, full")
    path = existing(name, ABLATIONS)
    if path is None or _WORKLOAD_ONLY & load_yaml(path).content.keys():
        yield _workload_subject(name, arm, scale, allow_code=allow_code)
        return
    (ablation,) = study.load([name], allow_code=allow_code)
    if arm is not None and arm not in ablation.arms:
        raise InputError(f"--arm {arm}: {ablation.id} has no such arm; {unknown('arm', arm, list(ablation.arms))}")
    workloads = study.workloads_of(ablation, scale, allow_code=allow_code)
    for workload in workloads:
        for each in [arm] if arm else list(ablation.arms):
            settings = workload.at(scale)
            for changes in ({"engine.device": "cpu"}, ablation.settings, ablation.arms[each]):
                settings = slots.override(settings, changes)
            rates = tuple(float(rate) for rate in ablation.swept(each).get("optimizer.lr", []))
            yield _Subject(ablation.id, workload, scale, each, slots.complete(settings), rates)


def _workload_subject(name: str, arm: str | None, scale: str, *, allow_code: bool) -> _Subject:
    known = [path.stem for path in find_workloads()]
    if name not in known and not Path(name).is_file():
        ablations = [path.stem for path in find_ablations(ABLATIONS)]
        raise InputError(
            f"{shown(name)} is neither an ablation nor a workload; {unknown('name', name, [*ablations, *known])}"
        )
    if arm is not None:
        raise InputError(f"--arm {arm}: {name} is a workload, and workloads have no arms; name an ablation")
    workload = load_workload(name, allow_code=allow_code)
    scales = [str(item) for item in workload.scales]
    chosen = scale if scale in scales else next(item for item in ("quick", "standard", "full") if item in scales)
    if chosen != scale:
        note(f"{workload.id} has no scale {scale}: checked at {chosen}")
    settings = slots.override(workload.at(chosen), {"engine.device": "cpu"})
    return _Subject(workload.id, workload, chosen, "", slots.complete(settings), ())


def _check(subject: _Subject, seed: int, data_dirs: tuple[Path, ...], cache_dir: Path) -> tuple["Checkup", "Loaded"]:
    from suite.training import checkup, data_cache
    from suite.training.inspect_data import load_examples

    prepared = data_cache.prepare(subject.workload.data_settings, data_dirs=data_dirs, cache_dir=cache_dir)
    dataset = data_cache.load(prepared)
    try:
        loaded = load_examples(subject.settings, dataset, seed)
    except ValueError as error:
        raise InputError(f"{subject.title}: {error}") from error
    return checkup.check_loaded(subject.settings, loaded, seed, swept_rates=subject.rates), loaded


def _draw(subject: _Subject, loaded: "Loaded", results: Path) -> Path:
    """The first batch, as the network gets it."""
    from suite.report.figures.picture_grid import picture_grid  # matplotlib
    from suite.report.figures.style import file_stem

    images = loaded.batch[:_PICTURES].permute(0, 2, 3, 1).contiguous().numpy()
    labels = [
        loaded.classes[label] if 0 <= label < len(loaded.classes) else f"?{label}"
        for label in loaded.batch_targets[:_PICTURES].tolist()
    ]
    path = results / "checks" / f"{file_stem(*subject.words)}.png"
    try:
        write(path, picture_grid(images, labels, title=f"First batch with its labels: {subject.title}"))
    except OSError as error:
        raise refusal(results, error) from error
    return path


def _document(subject: _Subject, checkup: "Checkup", picture: Path | None) -> dict[str, Any]:
    return {
        "name": subject.name,
        "arm": subject.arm or None,
        "workload": subject.workload.id,
        "wrong": bool(checkup.wrong),
        "picture": str(picture) if picture else None,
        "findings": checkup.findings,
        "measured": checkup.measured,
    }


def _print(subject: _Subject, checkup: "Checkup", loaded: "Loaded", picture: Path | None) -> None:
    """All of it where there is a picture, else the findings only."""
    out.print(Text(f"\n{subject.title}", style="bold"))
    measured = checkup.measured
    if picture is not None:
        out.print(_data_table(measured.data, loaded, picture))
        if not measured.model.problem:
            out.print(_layer_table(measured.model))
            out.print(_loss_line(measured.model, measured.classes))
        if measured.overfit is not None:
            out.print(_overfit_table(measured.overfit))
    for finding in checkup.findings:
        out.print(_line(finding), soft_wrap=True)
    if not checkup.wrong:
        out.print(Text("✓ nothing is wrong", style="green"))


def _line(finding: "Finding") -> Text:
    mark, style = ("✗ ", "bold red") if finding.wrong else ("· ", "dim")
    return Text.assemble((mark, style), finding.sentence, (" → ", "dim"), finding.remedy)


def _data_table(data: "DataFacts", loaded: "Loaded", picture: Path) -> Table:
    table = Table(box=None, pad_edge=False, show_header=False)
    table.add_column(style="dim")
    table.add_column(overflow="fold")
    counts = f"{min(data.counts)} to {max(data.counts)} examples of each among {data.examples}"
    expected = f"{data.batch_classes} in the first batch, {data.batch_expected:.1f} expected of a random one"
    deviation = f"mean {round(data.mean, 3) + 0.0:g}, standard deviation {data.deviation:.3g}"
    alike = f"{data.agreement.share:.0%} of images that look alike share one; by chance {data.agreement.chance:.0%}"
    rows = {
        "batch": f"{' × '.join(map(str, data.batch_shape))} ({data.dtype}): examples × channels × height × width",
        "inputs": f"{data.low:.3g} to {data.high:.3g}, {deviation}",
        "classes": f"{len(data.counts)} ({', '.join(loaded.classes)}); {counts}; {expected}",
        "labels": alike,
        "pictures": str(picture),
    }
    for key, value in rows.items():
        table.add_row(key, Text(value))
    return table


def _layer_table(model: "ModelFacts") -> Table:
    """Gradient norms are relative to the weights': comparable between layers of different sizes."""
    table = Table("layer", "kind", "output", box=None, pad_edge=False, header_style="dim")
    for heading in ("parameters", "gradient norm", "of the weights'"):
        table.add_column(heading, justify="right")
    for layer in model.layers:
        gradient = share = ""
        if layer.parameters:
            gradient = "none" if layer.gradient is None else f"{layer.gradient:.2g}"
            share = f"{layer.gradient / layer.weight:.2g}" if layer.gradient is not None and layer.weight else ""
            gradient = "frozen" if layer.frozen else gradient
        cells = (layer.name, layer.kind, " × ".join(map(str, layer.output)), f"{layer.parameters:,}", gradient, share)
        table.add_row(*map(Text, cells))
    table.add_row("", "", "", Text(f"{model.parameters:,}", style="bold"), "", "")
    return table


def _loss_line(model: "ModelFacts", classes: int) -> Text:
    text = (
        f"loss before training: {model.first_loss:.4g}; ln({classes}) = {math.log(classes):.4g} for {classes} classes"
    )
    if model.loss is not None and abs(model.loss.even - math.log(classes)) > 1e-3:
        text += f"; this loss is {model.loss.even:.4g} where all scores are equal"
    return Text(text)


def _overfit_table(overfit: "Overfit") -> Table:
    title = f"{overfit.examples} examples by heart, in batches of {overfit.batch_size}"
    table = Table("rate", title=title, title_justify="left", title_style="", box=None, pad_edge=False)
    for heading in ("steps", "loss", "right", "right of others"):
        table.add_column(heading, justify="right", header_style="dim")
    for attempt in overfit.attempts:
        table.add_row(
            Text(f"{attempt.rate:.3g}" + (" (Adam instead)" if attempt.rescue else "")),
            str(attempt.steps),
            Text(f"{attempt.first_loss:.3g} → {attempt.last_loss:.3g}"),
            f"{attempt.accuracy:.0%}",
            f"{attempt.held_accuracy:.0%}",
        )
    return table
