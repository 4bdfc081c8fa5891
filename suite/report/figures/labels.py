"""Names of arms directly at what they name: at the ends of curves, beside points."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.patheffects import withStroke
from scipy.optimize import isotonic_regression

from suite.report.figures.style import Arms

_LEADER = {"arrowstyle": "-", "lw": 0.7, "alpha": 0.7, "shrinkA": 0, "shrinkB": 3}
_MARKER, _NAME = 0.05, 0.15
"""Half a point's size and a name's height, in inches."""
_MOST_NEAR = 6
"""With more points than this, names stand in a column at the right."""


def label_ends(axes: Any, arms: Arms, ends: Sequence[tuple[str, float, float]]) -> None:
    """Names (arm, x, y) directly at the right of the axes, moved apart where they would overlap, with a leader line."""
    if not ends:
        return
    height = axes.get_position().height * axes.figure.get_figheight()
    beyond = 1 + 0.12 / (axes.get_position().width * axes.figure.get_figwidth())
    to_axes = axes.transData + axes.transAxes.inverted()
    heights = [float(to_axes.transform((x, y))[1]) for _, x, y in ends]
    for (arm, x, y), place in zip(ends, spread(heights, 0.15 / height, 0, 1), strict=True):
        axes.annotate(
            "", xy=(x, y), xytext=(beyond, place), textcoords=axes.transAxes, annotation_clip=False,
            arrowprops={**_LEADER, "color": arms.colour(arm)},
        )  # fmt: skip
        _write(axes, arms, arm, (beyond, place), axes.transAxes, offset=(2, 0), va="center")


def label_points(axes: Any, arms: Arms, points: Sequence[tuple[str, float, float]]) -> None:
    """Names above and to the right of points (arm, x, y), moved up to where they cover neither a name nor a point.

    A name that had to move away has a leader line. Where one would run over the top, or points are many, all names
    stand in a column at the right.
    """
    heights = _heights(axes, arms, points)
    _, top = axes.transAxes.transform((1, 1)) / axes.figure.dpi
    if len(points) > _MOST_NEAR or any(foot + height + _NAME > top for foot, height in heights.values()):
        label_ends(axes, arms, points)
        return
    for arm, x, y in points:
        _, height = heights[arm]
        if height > _NAME:
            axes.annotate(
                "", xy=(x, y), xytext=(6, 72 * (height + _NAME / 2)), textcoords="offset points",
                annotation_clip=False, arrowprops={**_LEADER, "color": arms.colour(arm)},
            )  # fmt: skip
        _write(axes, arms, arm, (x, y), axes.transData, offset=(6, 72 * height), va="bottom")


def _heights(axes: Any, arms: Arms, points: Sequence[tuple[str, float, float]]) -> dict[str, tuple[float, float]]:
    """In inches: where each point lies, and how far above it its name can stand."""
    places = {arm: axes.transData.transform((x, y)) / axes.figure.dpi for arm, x, y in points}
    taken = [(x - _MARKER, x + _MARKER, y - _MARKER, y + _MARKER) for x, y in places.values()]
    found = {}
    for arm in sorted(places, key=lambda arm: float(places[arm][1])):
        left, foot = (float(value) for value in places[arm])
        begin, end = left + 0.08, left + 0.18 + 0.079 * len(arms.label(arm))
        low = foot + 0.08
        while tops := [
            high
            for start, stop, bottom, high in taken
            if start < end and begin < stop and bottom < low + _NAME and low < high
        ]:
            low = max(tops)
        taken.append((begin, end, low, low + _NAME))
        found[arm] = foot, low - foot
    return found


def label_width(arms: Arms, shown: Sequence[str]) -> float:
    """Inches that the longest label takes, with its leader."""
    return 0.24 + 0.079 * max((len(arms.label(arm)) for arm in shown), default=0)


def spread(positions: Sequence[float], gap: float, low: float, high: float) -> list[float]:
    """Positions moved apart to at least `gap` (less if there is no room), in the same order, within [low, high].

    The nearest such places, in squares: less its share of the gaps, each place only has to be no lower than the one
    before it, which is isotonic regression; cutting that off at the bounds keeps it the nearest (Barlow et al., 1972).
    """
    if not positions:
        return []
    order = np.argsort(positions, kind="stable")
    gap = min(gap, (high - low) / max(1, len(positions) - 1))
    steps = gap * np.arange(len(positions))
    fitted = isotonic_regression(np.asarray(positions, dtype=float)[order] - steps).x
    result = np.empty(len(positions))
    result[order] = fitted.clip(low, high - steps[-1]) + steps
    return [float(value) for value in result]


def halo() -> list[Any]:
    """Keeps words legible that stand on a line."""
    return [withStroke(linewidth=2.5, foreground="white")]


def _write(
    axes: Any, arms: Arms, arm: str, place: tuple[float, float], transform: Any, *, offset: tuple[float, float], va: str
) -> None:
    axes.annotate(
        arms.label(arm), xy=place, xycoords=transform, xytext=offset, textcoords="offset points",
        color=arms.colour(arm), va=va, ha="left", annotation_clip=False, fontweight="bold", fontsize=8.5, zorder=7,
        path_effects=halo(),
    )  # fmt: skip
