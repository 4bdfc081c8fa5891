"""Series as curves with their labels, or as stripes where they have many channels."""

import io
import math
from collections.abc import Sequence
from typing import Any

import matplotlib as mpl
import numpy as np
import numpy.typing as npt
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure as Canvas

from suite.report.figures.style import FAINT, QUIET, drawable, drawing

Series = npt.NDArray[np.floating[Any]]
"""(n, T, C), padded with NaN."""
Span = tuple[float, float]

MOST_CURVES = 4
"""Channels that are drawn as curves; of more, each is a row of pixels."""
_COLOURS = ("#0072b2", "#d55e00", "#00855f", "#b6579b")
_COLUMNS = 8
_WIDTH, _HEIGHT, _GAP, _LABEL, _TITLE = 0.9, 0.62, 0.12, 0.2, 0.58
"""Inches."""


def value_span(series: Series) -> Span:
    """From the 1st to the 99th percentile of what is there: one scale for all, which outliers do not squeeze."""
    found = series[np.isfinite(series)]
    low, high = np.percentile(found, (1, 99)) if found.size else (0.0, 1.0)
    return float(low), float(max(high, low + 1e-9))


def curve_grid(series: Series, labels: Sequence[str], *, title: str) -> bytes:
    """A PNG, eight to a row."""
    rows = max(1, math.ceil(len(series) / _COLUMNS))
    step = _HEIGHT + _LABEL + _GAP
    size = _COLUMNS * (_WIDTH + _GAP) + 0.1, rows * step + _TITLE + 0.05
    with drawing():
        figure, axes = _sheet(size)
        axes.text(0.1, size[1] - 0.28, title, fontweight="bold", fontsize=9.5)
        axes.text(0.1, size[1] - 0.46, legend(series.shape[2]), fontsize=8, color=QUIET)
        for place, label in enumerate(labels):
            row, column = divmod(place, _COLUMNS)
            left, foot = 0.1 + column * (_WIDTH + _GAP), size[1] - _TITLE - row * step - _HEIGHT
            _draw(axes, series[place], (left, foot), value_span(series))
            name = drawable(label, 14) or str(place)
            axes.text(left + _WIDTH / 2, foot - 0.04, name, ha="center", va="top", fontsize=8, color=QUIET)
        return _png(figure)


def curve_strip(series: Series, span: Span) -> bytes:
    """A PNG of a few side by side, without labels; `span` is what the height of each stands for."""
    size = len(series) * (_WIDTH + _GAP) - _GAP + 0.04, _HEIGHT + 0.04
    with drawing():
        figure, axes = _sheet(size)
        for place, each in enumerate(series):
            _draw(axes, each, (0.02 + place * (_WIDTH + _GAP), 0.02), span)
        return _png(figure)


def legend(channels: int) -> str:
    """How the curves are to be read."""
    if channels == 1:
        return "Time from left to right, all on one scale."
    each = "a curve" if channels <= MOST_CURVES else "a row, bright where the value is high"
    return f"Time from left to right, each of the {channels} channels {each}; all on one scale."


def _sheet(size: tuple[float, float]) -> tuple[Any, Any]:
    """A figure, and axes over all of it that count in inches."""
    figure = Canvas(figsize=size)
    FigureCanvasAgg(figure)
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set(xlim=(0, size[0]), ylim=(0, size[1]))
    axes.set_axis_off()
    return figure, axes


def _draw(axes: Any, series: Series, corner: tuple[float, float], span: Span) -> None:
    """One of (T, C) into its cell, whose lower left corner is given."""
    left, foot = corner
    levels = np.clip((series.astype(np.float64) - span[0]) / (span[1] - span[0]), 0.0, 1.0)
    frame = mpl.patches.Rectangle(corner, _WIDTH, _HEIGHT, fill=False, edgecolor=FAINT, linewidth=0.5)
    axes.add_patch(frame)
    if series.shape[1] > MOST_CURVES:
        box = (left, left + _WIDTH, foot, foot + _HEIGHT)
        shown = np.ma.masked_invalid(levels.T)
        axes.imshow(shown, cmap="gray", vmin=0, vmax=1, extent=box, aspect="auto", interpolation="nearest", zorder=0)
        axes.set(xlim=(0, axes.figure.get_figwidth()), ylim=(0, axes.figure.get_figheight()))
        return
    across = left + _WIDTH * (np.arange(len(levels)) + 0.5) / len(levels)
    lines = [
        np.column_stack([across, foot + _HEIGHT * (0.04 + 0.92 * levels[:, place])]) for place in range(levels.shape[1])
    ]
    axes.add_collection(LineCollection(lines, colors=_COLOURS[: len(lines)], linewidths=1.0))


def _png(figure: Any) -> bytes:
    image = io.BytesIO()
    figure.savefig(image, format="png", dpi=160, metadata={"Software": None}, facecolor="white")
    return image.getvalue()
