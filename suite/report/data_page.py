"""One data set on a self-contained page: the findings first, then examples, classes, values and copies."""

import base64
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import seaborn as sns

from suite.errors import StoreError
from suite.report import files, numbers
from suite.report.data_profile import Classes, Copies, Finding, Group, balance, span
from suite.report.figures import style
from suite.report.figures.style import Arms, Figure, Panel
from suite.report.page import environment, stylesheet
from suite.report.tables import Table, number, text

MOST_CLASSES = 24
"""Shown with pictures; with more, the page would be a wall."""
_SECTIONS = (
    "strips", "picture_width", "curves", "curve_note", "texts", "passages", "left_out", "figure_of_classes",
    "class_table", "value_table", "length_table", "word_table", "symbol_table", "copies", "copied_texts", "what",
)  # fmt: skip
_MOST_BARS = 40
_MOST_PLACES = 4
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


@dataclass(frozen=True, kw_only=True)
class Description:
    """A data set, looked at: what the terminal and the page say."""

    profile: Any
    findings: tuple[Finding, ...]
    facts: Table
    tables: tuple[Table, ...]
    """Printed on the terminal, in this order."""
    sections: Mapping[str, Any]
    """What the page shows, by `_SECTIONS`; what is not named is left out."""


def write_page(name: str, found: Description, folder: Path, *, source: str = "") -> Path:
    """Writes index.html for a data set; gives its path. Raises StoreError if the folder cannot be written."""
    page = environment().get_template("data.html.jinja").render(
        **{section: found.sections.get(section) for section in _SECTIONS},
        css=stylesheet(),
        name=name,
        source=source,
        problems=[finding for finding in found.findings if finding.is_problem],
        fine=[finding for finding in found.findings if not finding.is_problem],
        facts=found.facts,
    )  # fmt: skip
    try:
        folder.mkdir(parents=True, exist_ok=True)
        files.write_text(folder / "index.html", page + "\n")
    except OSError as error:
        raise StoreError(f"{folder}: the page cannot be written ({error.strerror or error})") from error
    return folder / "index.html"


def data_uri(png: bytes) -> str:
    """A picture inside the page."""
    return f"data:image/png;base64,{base64.b64encode(png).decode('ascii')}"


def class_facts(classes: Classes) -> Iterator[tuple[str, str]]:
    """Lines of the table of facts."""
    yield "classes", f"{len(classes.names):,}, {balance(min(classes.pool_ratio, classes.test_ratio))}"
    yield "per class", f"{span(classes.pool)} in the pool, {span(classes.test)} in the test part"
    yield "smallest / largest", f"{classes.pool_ratio:.2f} in the pool, {classes.test_ratio:.2f} in the test part"
    yield "always guessing", f"“{classes.guess}” is right on {numbers.percent(classes.guess_accuracy, 1)} of the test"


def copy_facts(copies: Copies, test: int) -> Iterator[tuple[str, str]]:
    """Lines of the table of facts; `test` is the number of examples of the test part."""
    yield "copies", f"{copies.in_pool:,} within the pool, {copies.in_test:,} within the test part"
    yield "test in pool", f"{copies.test_in_pool:,} of {test:,} examples"
    yield "same, other label", f"{copies.contradictions:,} content{'s' * (copies.contradictions != 1)}"


def where(group: Group) -> str:
    """`pool 1, 7; test 3`: the places of copies."""
    said = [
        f"{part} {', '.join(map(str, places[:_MOST_PLACES]))}"
        + (f" and {len(places) - _MOST_PLACES:,} more" if len(places) > _MOST_PLACES else "")
        for part, places in (("pool", group.pool), ("test", group.test))
        if places
    ]
    return "; ".join(said)


def class_table(classes: Classes) -> Table:
    """A row per class."""
    rows = tuple(
        (text(name), number(f"{pool:,}"), number(f"{test:,}"), number(numbers.percent(pool / sum(classes.pool), 1)))
        for name, pool, test in zip(classes.names, classes.pool, classes.test, strict=True)
    )
    return Table(caption="Classes", columns=("class", "training pool", "test part", "share of the pool"), rows=rows)


def balance_figure(classes: Classes, what: str = "Examples") -> Figure:
    """Bars, the training pool beside the test part; `what` is counted."""
    order = list(range(len(classes.names)))
    cut = len(order) > _MOST_BARS
    if cut:
        ranked = sorted(order, key=lambda place: -classes.pool[place])
        order = [*ranked[: _MOST_BARS // 2], *ranked[-_MOST_BARS // 2 :]]
    labels = [style.drawable(classes.names[place], 18) or f"class {place + 1}" for place in order]
    parts = (("training pool", classes.pool), ("test part", classes.test))
    caption = f"{what} per class. The two drawings have scales of their own."
    return Figure(
        slug="balance",
        message=f"The classes are {balance(min(classes.pool_ratio, classes.test_ratio))}",
        caption=f"{caption} Only the {_MOST_BARS // 2} largest and smallest classes are drawn." if cut else caption,
        panels=tuple(_bars(part, what, labels, [counts[place] for place in order]) for part, counts in parts),
    )


def _bars(part: str, what: str, labels: Sequence[str], counts: Sequence[int]) -> Panel:
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
        return style.finish(figure, name=style.file_stem("balance", part), alt=f"{what} per class, {part}: {said}")
