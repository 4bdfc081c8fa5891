"""One data set on a self-contained page: the findings first, then pictures, classes, values and copies."""

import base64
import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import seaborn as sns
from numpy.typing import NDArray
from PIL import Image

from suite.errors import StoreError
from suite.report import files, numbers
from suite.report.data_profile import Classes, DataProfile, Group, balance, findings, span
from suite.report.figures import style
from suite.report.figures.style import Arms, Figure, Panel
from suite.report.page import environment, stylesheet
from suite.report.tables import Table, number, text

Pictures = NDArray[np.uint8]
"""(N, H, W, C)."""

_MOST_CLASSES = 24
"""Shown with pictures; with more, the page would be a wall."""
_MOST_BARS = 40
_MOST_PLACES = 4
_LONGEST_SIDE = 96
_GAP = 1
_PARTS = Arms(("test part", "training pool"))
"""Each with its own colour, like the arms of an ablation."""


@dataclass(frozen=True, kw_only=True)
class Strip:
    """Pictures side by side as one PNG."""

    label: str
    note: str
    count: int
    source: str
    """A data URI."""


def write_page(
    name: str, found: DataProfile, inputs: Pictures, test_inputs: Pictures, folder: Path, *, source: str = ""
) -> Path:
    """Writes index.html for the data set of which `found` is the profile; gives its path.

    Raises StoreError if the folder cannot be written.
    """
    said = findings(found)
    page = environment().get_template("data.html.jinja").render(
        css=stylesheet(),
        name=name,
        source=source,
        problems=[finding for finding in said if finding.is_problem],
        fine=[finding for finding in said if not finding.is_problem],
        facts=fact_table(found),
        strips=_class_strips(found.classes, inputs),
        left_out=max(0, len(found.classes.names) - _MOST_CLASSES),
        figure_of_classes=_balance_figure(found.classes),
        class_table=class_table(found.classes),
        value_table=value_table(found),
        copies=[_group_strip(group, inputs, test_inputs) for group in found.copies.groups],
    )  # fmt: skip
    try:
        folder.mkdir(parents=True, exist_ok=True)
        files.write_text(folder / "index.html", page + "\n")
    except OSError as error:
        raise StoreError(f"{folder}: the page cannot be written ({error.strerror or error})") from error
    return folder / "index.html"


def fact_table(found: DataProfile) -> Table:
    """The data set in a dozen lines, for the terminal and the page."""
    classes, copies, images = found.classes, found.copies, found.images
    depth = len(images.channels)
    low = min(channel.minimum for channel in images.channels)
    high = max(channel.maximum for channel in images.channels)
    lines = (
        ("training pool", f"{found.pool:,} images"),
        ("test part", f"{found.test:,} images"),
        ("image", f"{images.height} × {images.width} pixels, {depth} channel{'s' * (depth != 1)}"),
        ("classes", f"{len(classes.names):,}, {balance(min(classes.pool_ratio, classes.test_ratio))}"),
        ("per class", f"{span(classes.pool)} in the pool, {span(classes.test)} in the test part"),
        ("smallest / largest", f"{classes.pool_ratio:.2f} in the pool, {classes.test_ratio:.2f} in the test part"),
        ("always guessing", f"“{classes.guess}” is right on {numbers.percent(classes.guess_accuracy, 1)} of the test"),
        ("values", f"{low} to {high} (possible: 0 to 255)"),
        ("constant pixels", f"{images.constant_pixels:,} of {images.height * images.width:,}"),
        ("copies", f"{copies.in_pool:,} within the pool, {copies.in_test:,} within the test part"),
        ("test in pool", f"{copies.test_in_pool:,} of {found.test:,} examples"),
        ("same, other label", f"{copies.contradictions:,} content{'s' * (copies.contradictions != 1)}"),
    )
    return Table(
        caption="Sizes and counts",
        columns=("quantity", "value"),
        rows=tuple((text(what), text(it)) for what, it in lines),
    )


def class_table(classes: Classes) -> Table:
    """A row per class."""
    rows = tuple(
        (text(name), number(f"{pool:,}"), number(f"{test:,}"), number(numbers.percent(pool / sum(classes.pool), 1)))
        for name, pool, test in zip(classes.names, classes.pool, classes.test, strict=True)
    )
    return Table(caption="Classes", columns=("class", "training pool", "test part", "share of the pool"), rows=rows)


def value_table(found: DataProfile) -> Table:
    """A row per channel, as pandas' `describe` has it."""
    heads = ("channel", "mean", "standard deviation", "minimum", "25 %", "median", "75 %", "maximum")
    rows = tuple(
        (
            text(channel.name),
            number(f"{channel.mean:.2f}"),
            number(f"{channel.standard_deviation:.2f}"),
            *(number(str(value)) for value in (channel.minimum, *channel.quartiles, channel.maximum)),
        )
        for channel in found.images.channels
    )
    return Table(caption="Values in the training pool, of 0 to 255", columns=heads, rows=rows)


def _class_strips(classes: Classes, inputs: Pictures) -> list[Strip]:
    shown = list(zip(classes.names, classes.pool, classes.examples, strict=True))[:_MOST_CLASSES]
    return [
        _strip(name, f"{count:,} in the pool", [inputs[place] for place in places])
        for name, count, places in shown
        if places
    ]


def _group_strip(group: Group, inputs: Pictures, test_inputs: Pictures) -> Strip:
    picture = inputs[group.pool[0]] if group.pool else test_inputs[group.test[0]]
    where = [
        f"{part} {', '.join(map(str, places[:_MOST_PLACES]))}"
        + (f" and {len(places) - _MOST_PLACES:,} more" if len(places) > _MOST_PLACES else "")
        for part, places in (("pool", group.pool), ("test", group.test))
        if places
    ]
    return _strip(", ".join(group.labels), "; ".join(where), [picture])


def _strip(label: str, note: str, pictures: Sequence[NDArray[np.uint8]]) -> Strip:
    """Pictures are (H, W, C), one or more, all of the same shape."""
    step = -(-max(pictures[0].shape[:2]) // _LONGEST_SIDE)
    shown = [picture[::step, ::step] for picture in pictures]
    height, _, depth = shown[0].shape
    between = np.full((height, _GAP, depth), 255, dtype=np.uint8)
    row = np.concatenate([part for picture in shown for part in (picture, between)][:-1], axis=1)
    image = io.BytesIO()
    Image.fromarray(row if depth == 3 else row[..., 0]).save(image, format="PNG", optimize=True)
    source = f"data:image/png;base64,{base64.b64encode(image.getvalue()).decode('ascii')}"
    return Strip(label=label, note=note, count=len(pictures), source=source)


def _balance_figure(classes: Classes) -> Figure:
    order = list(range(len(classes.names)))
    cut = len(order) > _MOST_BARS
    if cut:
        ranked = sorted(order, key=lambda place: -classes.pool[place])
        order = [*ranked[: _MOST_BARS // 2], *ranked[-_MOST_BARS // 2 :]]
    labels = [style.drawable(classes.names[place], 18) or f"class {place + 1}" for place in order]
    parts = (("training pool", classes.pool), ("test part", classes.test))
    caption = "Examples per class. The two drawings have scales of their own."
    return Figure(
        slug="balance",
        message=f"The classes are {balance(min(classes.pool_ratio, classes.test_ratio))}",
        caption=f"{caption} Only the {_MOST_BARS // 2} largest and smallest classes are drawn." if cut else caption,
        panels=tuple(_bars(part, labels, [counts[place] for place in order]) for part, counts in parts),
    )


def _bars(part: str, labels: Sequence[str], counts: Sequence[int]) -> Panel:
    with style.drawing():
        figure, axes = style.canvas(
            0.55 + 0.22 * len(labels), left=0.2 + 0.075 * max(map(len, labels)), right=0.62, top=0.35, bottom=0.1
        )
        places = list(range(len(labels)))  # and not the labels: two that are alike when shortened would share a bar
        sns.barplot(x=list(counts), y=places, orient="h", color=_PARTS.colour(part), saturation=1, width=0.72, ax=axes)
        for place, count in enumerate(counts):
            axes.annotate(
                f"{count:,}", xy=(count, place), xytext=(4, 0), textcoords="offset points", va="center", fontsize=8.5
            )
        axes.set_yticks(places, labels)
        axes.set_xticks([])
        axes.tick_params(axis="y", length=0)
        axes.set(xlabel="", ylabel="")
        sns.despine(ax=axes, bottom=True)
        axes.set_title(part)
        said = ", ".join(f"{name} {count:,}" for name, count in zip(labels, counts, strict=True))
        return style.finish(figure, name=style.file_stem("balance", part), alt=f"Examples per class, {part}: {said}")
