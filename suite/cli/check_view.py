"""What `suite check` prints of a set-up."""

import math
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from rich.table import Table
from rich.text import Text

from suite.cli import check_examples
from suite.cli.console import out
from suite.report.readable import symbol

if TYPE_CHECKING:  # torch is imported when something is about to be computed
    from suite.training.checkup import Checkup
    from suite.training.finding import Finding
    from suite.training.inspect_data import DataFacts, Lengths
    from suite.training.inspect_model import ModelFacts
    from suite.training.loaded import Loaded
    from suite.training.overfit import Overfit

_AXES = {
    **dict.fromkeys(("images", "boxes", "pixels", "likes"), "examples × channels × height × width"),
    "series": "examples × places × channels",
    "tokens": "examples × places",
    "text": "streams side by side × places",
}
_ALIKE = {
    **dict.fromkeys(("images", "likes"), "of images that look alike share one"),
    "boxes": "of images differ more inside their boxes from outside than another image does",
    "pixels": "of images are more alike within their classes' pixels than another image is",
    "series": "of curves that look alike share one",
    "tokens": "of texts with like words share one",
    "text": "of places have the symbol that follows as their target",
}
_FREQUENT = 12


def show(title: str, checkup: "Checkup", loaded: "Loaded", picture: Path | None, *, whole: bool) -> None:
    """All that was measured, or the findings only."""
    out.print(Text(f"\n{title}", style="bold"))
    measured = checkup.measured
    if whole:
        out.print(_data_table(measured.data, loaded, picture))
        examples = check_examples.read(loaded)
        if examples:
            out.print(_rows(examples))
        if not measured.model.problem:
            out.print(_layer_table(measured.model))
            out.print(_loss_line(measured.model, measured.classes, measured.data.kind))
        if measured.overfit is not None:
            out.print(_overfit_table(measured.overfit, measured.data))
    for finding in checkup.findings:
        out.print(_line(finding), soft_wrap=True)
    if not checkup.wrong:
        out.print(Text("✓ nothing is wrong", style="green"))


def _line(finding: "Finding") -> Text:
    mark, style = ("✗ ", "bold red") if finding.wrong else ("· ", "dim")
    return Text.assemble((mark, style), finding.sentence, (" → ", "dim"), finding.remedy)


def _rows(rows: Iterable[tuple[str, str]]) -> Table:
    table = Table(box=None, pad_edge=False, show_header=False)
    table.add_column(style="dim")
    table.add_column(overflow="fold")
    for key, value in rows:
        table.add_row(Text(key), Text(value))
    return table


def _data_table(data: "DataFacts", loaded: "Loaded", picture: Path | None) -> Table:
    deviation = f"mean {round(data.mean, 3) + 0.0:g}, standard deviation {data.deviation:.3g}"
    alike = f"{data.agreement.share:.0%} {_ALIKE[data.kind]}; by chance {data.agreement.chance:.0%}"
    rows = {"batch": f"{' × '.join(map(str, data.batch_shape))} ({data.dtype}): {_AXES[data.kind]}"}
    if data.tokens is None:
        rows["inputs"] = f"{data.low:.3g} to {data.high:.3g}, {deviation}"
    else:
        used = f"{data.tokens.used:,} of the vocabulary's {data.tokens.vocabulary:,} occur"
        unknown = data.tokens.unknown
        rows["inputs"] = used if unknown is None else f"{used}; {unknown:.1%} of the places hold an unknown one"
    if data.lengths is not None:
        rows["lengths"] = _lengths(data.lengths)
    if data.kind == "text":
        rows["symbols"] = _frequent(data, loaded)
    else:
        rows["classes"] = f"{len(data.counts)} ({', '.join(loaded.classes)}); {_counts(data)}"
    rows["labels"] = alike
    if picture is not None:
        rows["curves" if data.kind == "series" else "pictures"] = str(picture)
    return _rows(rows.items())


def _counts(data: "DataFacts") -> str:
    least, most = min(data.counts), max(data.counts)
    if data.kind == "boxes":
        objects = f"{sum(data.counts) / data.examples:.1f} objects in an image"
        return f"{objects}, {least:,} to {most:,} of each class among {data.examples} images"
    if data.kind == "pixels":
        total = max(1, sum(data.counts))
        return f"{least / total:.1%} to {most / total:.1%} of the pixels of {data.examples} images are of each"
    expected = f"{data.batch_classes} in the first batch, {data.batch_expected:.1f} expected of a random one"
    return f"{least} to {most} examples of each among {data.examples}; {expected}"


def _lengths(lengths: "Lengths") -> str:
    shortest, _, median, most, longest = lengths.percentiles
    if shortest == longest:
        return f"{longest} places each, no padding"
    said = f"{shortest} to {longest} places, half of them up to {median}, 90% up to {most}"
    said += f"; padding: {lengths.padding:.0%} of all places, {lengths.batch_padding:.0%} of the first batch"
    return f"{said}; {lengths.empty} are empty" if lengths.empty else said


def _frequent(data: "DataFacts", loaded: "Loaded") -> str:
    ranked = sorted(range(len(data.counts)), key=lambda place: -data.counts[place])[:_FREQUENT]
    total = max(1, sum(data.counts))
    shares = ", ".join(f"{symbol(loaded.classes[place])} {data.counts[place] / total:.1%}" for place in ranked)
    return f"{len(data.counts)}; the most frequent of {total:,} targets: {shares}"


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


def _loss_line(model: "ModelFacts", classes: int, kind: str) -> Text:
    if model.loss is None:
        return Text(f"loss before training: {model.first_loss:.4g}")
    each = {"text": (" per place", "symbols"), "pixels": (" per pixel", "classes")}
    per_place, what = each.get(kind, ("", "classes"))
    expected = f"ln({classes}) = {math.log(classes):.4g} for {classes} {what}"
    text = f"loss before training{per_place}: {model.first_loss:.4g}; {expected}"
    if abs(model.loss.even - math.log(classes)) > 1e-3:
        text += f"; this loss is {model.loss.even:.4g} where all scores are equal"
    return Text(text)


def _overfit_table(overfit: "Overfit", data: "DataFacts") -> Table:
    what = "images" if data.kind in ("boxes", "pixels") else "examples"
    title = f"{overfit.examples} {what} by heart, in batches of {overfit.batch_size}"
    if data.kind == "text":
        windows = f"{overfit.examples} windows of {data.shape[0]} places by heart, in batches of {overfit.batch_size}"
        title = f"{windows};\neach by itself: no state is carried over"
    table = Table("rate", title=title, title_justify="left", title_style="", box=None, pad_edge=False)
    for heading in ("steps", "loss", overfit.measure, f"{overfit.measure} of others"):
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
