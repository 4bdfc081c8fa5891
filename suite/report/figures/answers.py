"""What the trained networks say of the same few test images: objects found, wrong and missed, or maps of classes."""

import base64
import io
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from matplotlib.patches import Rectangle
from matplotlib.patheffects import withStroke
from PIL import Image

from suite.report import numbers
from suite.report.evidence import Evidence, mean_of, measurement, those_with
from suite.report.figures import style
from suite.report.figures.overlays import overlaid
from suite.report.figures.style import Arms, Figure, Panel
from suite.trial_result import TrialResult

_MOST_ARMS = 5
_WIDTH, _GAP, _TITLE, _LINE = 4.4, 0.05, 0.34, 0.13
"""Inches."""
_OVERLAP = 0.5
"""Intersection over union from which on a box is where its object is."""
_LARGEST_SIDE = 4096
_TALLEST, _FLATTEST = 2.0, 0.25
"""An image's height over its width beyond which it is drawn smaller than its column is wide, or with room below it."""
_WRONG = "#ffb000", (0, (3, 1.5))
_STYLES = {"found": ("#00c8ff", "-"), "wrong": _WRONG, "misnamed": _WRONG, "missed": ("#ff5ad9", (0, (1, 1)))}
_CLASS = 10
"""Characters that are told of a class."""
_NEAR = 0.1
"""Of an image's height or width: so near to its border a class would be cut off."""
_BOXES = (
    "Solid blue: an object found, box and class (the boxes overlap by half or more). Dashed amber: a box that is "
    "wrong, with its class where only that is. Dotted pink: an object missed. Each network's surest boxes, as many as "
    "the image has objects; recall counts more of them."
)
_MAPS = "Each class has a colour; the first class, mostly the background, has none. What has no class at all is darker."
Box = tuple[Any, ...]


@dataclass(frozen=True)
class _Cell:
    """One image as one network, or the truth, has it."""

    pixels: npt.NDArray[np.float64]
    boxes: Sequence[tuple[Box, str]] = ()
    """With whether each is found, wrong, misnamed or missed."""


def answers(evidence: Evidence, arms: Arms) -> Figure | None:
    """One panel per workload, an image in each row and an arm in each column; None where no trial kept its answers."""
    kept = those_with(evidence.shared_runs, lambda run: run.answers)
    if not kept:
        return None
    first = next(iter(kept.values()))
    are_maps = isinstance(next(run for runs in first.values() for run in runs if run.answers).answers[0][1], str)
    return Figure(
        slug="answers",
        message="The same test images, as each arm sees them",
        caption=(
            "The first images of the test part, and what the first run that was scored makes of them in each arm; "
            f"above, the {evidence.metric_name(next(iter(kept)))} over the seeds that all arms have, averaged. "
            f"{_MAPS if are_maps else _BOXES}"
        ),
        panels=tuple(_panel(workload, shown, arms) for workload, shown in kept.items()),
    )


def _panel(workload: str, shown: Mapping[str, Sequence[TrialResult]], arms: Arms) -> Panel:
    some = dict(list(shown.items())[:_MOST_ARMS])
    runs = {arm: next(run for run in runs if run.answers) for arm, runs in some.items()}
    columns = [_truths(next(iter(runs.values()))), *(_predictions(run) for run in runs.values())]
    headings = ["truth\n", *(_heading(arm, some, arms) for arm in runs)]
    side = (_WIDTH - 0.2) / len(columns)
    above = _TITLE + 0.08 + _LINE * max(heading.count("\n") + 1 for heading in headings)
    rows = [side * _height_over_width(cell) for cell in columns[0]]
    with style.drawing():
        height = above + math.fsum(rows) + 0.08
        figure, axes = style.canvas(height, left=0.1, right=0.1, top=0.1, bottom=0.05, width=_WIDTH)
        axes.set_axis_off()
        figure.text(0.1 / _WIDTH, 1 - 0.2 / height, style.drawable(workload, 40) or "workload", weight="bold", size=9.5)
        for column, cells in enumerate(columns):
            arm = list(runs)[column - 1] if column else None
            middle = (0.1 + (column + 0.5) * side) / _WIDTH
            colour = arms.colour(arm) if arm else style.INK
            figure.text(
                middle, 1 - (above - 0.06) / height, headings[column], ha="center", va="bottom",
                color=colour, weight="bold", size=7.5 if len(columns) > 4 else 8.5, linespacing=1.2,
            )  # fmt: skip
            for row, cell in enumerate(cells):
                bottom = above + math.fsum(rows[: row + 1]) - _GAP
                place = (0.1 + column * side) / _WIDTH, 1 - bottom / height
                _draw(figure.add_axes((*place, (side - _GAP) / _WIDTH, (rows[row] - _GAP) / height)), cell)
        alt = f"Test images of {workload} and what each arm's network makes of them"
        return style.finish(figure, name=style.file_stem("answers", workload), alt=alt)


def _heading(arm: str, runs: Mapping[str, Sequence[TrialResult]], arms: Arms) -> str:
    metric = runs[arm][0].metric_name
    label = style.in_lines(arm, 13 if len(runs) > 3 else 18) if style.drawable(arm) else arms.label(arm)
    return f"{label}\n{numbers.percent(mean_of(runs[arm], measurement(f'test_{metric}')), 1)}"


def _draw(axes: Any, cell: _Cell) -> None:
    height, width = cell.pixels.shape[:2]
    axes.imshow(cell.pixels, cmap="gray", vmin=0, vmax=1, interpolation="nearest", extent=(0, width, height, 0))
    axes.set(xticks=[], yticks=[], xlim=(0, width), ylim=(height, 0))
    for (kind, left, top, right, bottom, *_), state in cell.boxes:
        colour, dash = _STYLES[state]
        axes.add_patch(
            Rectangle((left, top), right - left, bottom - top, fill=False, ec=colour, ls=dash, lw=1.3, clip_on=True)
        )
        if state == "misnamed":
            axes.text(
                max(left, 0), max(top, 0), style.drawable(str(kind), _CLASS), color=colour, size=7, weight="bold",
                va="top" if top < _NEAR * height else "center", ha="right" if left > (1 - _NEAR) * width else "left",
                clip_on=True, path_effects=[withStroke(linewidth=1.5, foreground="black")],
            )  # fmt: skip


def _height_over_width(cell: _Cell) -> float:
    height, width = cell.pixels.shape[:2]
    return max(_FLATTEST, min(_TALLEST, float(height / width)))


def _truths(run: TrialResult) -> list[_Cell]:
    return [_cell(picture, true, [(box, "found") for box in _boxes(true)]) for picture, true, _ in run.answers]


def _predictions(run: TrialResult) -> list[_Cell]:
    return [_cell(picture, said, sorted_out(_boxes(true), _boxes(said))) for picture, true, said in run.answers]


def _cell(picture: Any, target: Any, boxes: Sequence[tuple[Box, str]]) -> _Cell:
    pixels = _decoded(picture)
    if not isinstance(target, str):
        return _Cell(pixels.squeeze(), boxes)
    classes = _decoded(target)[..., 0].round().astype(np.int64)
    return _Cell(overlaid(pixels[None], np.where(classes == 255, -1, classes)[None], 12)[0])


def _boxes(value: Any) -> list[Box]:
    return [] if isinstance(value, str) else list(value)


def sorted_out(objects: Sequence[Box], predicted: Sequence[Box]) -> list[tuple[Box, str]]:
    """The surest predictions, as many as there are objects, and the objects that are `missed`.

    Objects are (class, left, top, right, bottom), predictions have a score behind and are `found`, `misnamed` where an
    object of another class is, or `wrong`. Each object is found once.
    """
    left = list(objects)
    surest = sorted(predicted, key=lambda box: -float(box[5]))[: len(objects)]
    states: list[tuple[Box, str]] = []
    for box in surest:
        fitting = [other for other in left if other[0] == box[0] and _overlap(other, box) >= _OVERLAP]
        if fitting:
            left.remove(max(fitting, key=lambda other: _overlap(other, box)))
        others = [other for other in left if other[0] != box[0] and _overlap(other, box) >= _OVERLAP]
        states.append((box, "found" if fitting else "misnamed" if others else "wrong"))
    return states + [(box, "missed") for box in left]


def _overlap(one: Box, other: Box) -> float:
    """Intersection over union."""
    (_, a, b, c, d), (_, e, f, g, h) = one[:5], other[:5]
    shared = max(0.0, min(c, g) - max(a, e)) * max(0.0, min(d, h) - max(b, f))
    union = (c - a) * (d - b) + (g - e) * (h - f) - shared
    return float(shared / union) if union > 0 else 0.0


def _decoded(text: Any) -> npt.NDArray[np.float64]:
    """(H, W, C): of a JPEG between 0 and 1, of a PNG as it is; one black pixel for what is no such picture."""
    try:
        with Image.open(io.BytesIO(base64.b64decode(str(text))), formats=("JPEG", "PNG")) as opened:
            if max(opened.size) > _LARGEST_SIDE:
                raise ValueError
            scale = 255.0 if opened.format == "JPEG" else 1.0
            return np.atleast_3d(np.asarray(opened, dtype=np.float64)) / scale
    except (OSError, ValueError, Image.DecompressionBombError):
        return np.zeros((1, 1, 1))
