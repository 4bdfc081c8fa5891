"""Names of arms directly at what they name: at the ends of curves, beside points."""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.patheffects import withStroke
from matplotlib.transforms import Affine2D, Bbox
from scipy.optimize import isotonic_regression

from suite.report.figures.style import Arms

_LEADER = {"arrowstyle": "-", "lw": 0.7, "alpha": 0.7, "shrinkA": 0, "shrinkB": 3}
_MARKER, _NAME, _AWAY = 0.05, 0.15, 0.08
"""Half a point's size, a name's height, and how far it is from its point, in inches."""
_MOST_NEAR = 6
"""With more points than this, names stand in a column at the right."""


@dataclass(frozen=True)
class Point:
    """Where an arm lies, in data coordinates, and how far its bars reach on either side, down and up."""

    arm: str
    x: float
    y: float
    beside: float = 0.0
    below: float = 0.0
    above: float = 0.0

    def bars(self) -> list[tuple[tuple[float, float], tuple[float, float]]]:
        """The ends of the one that lies and of the one that stands."""
        return [
            ((self.x - self.beside, self.y), (self.x + self.beside, self.y)),
            ((self.x, self.y - self.below), (self.x, self.y + self.above)),
        ]


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


def label_points(axes: Any, arms: Arms, points: Sequence[Point]) -> None:
    """Names above and to the right of their points, or all in a column at the right with leader lines.

    In a column where points are many, or where a name would cover another one, a point or a bar, or run over the top.
    """
    if not _fit(axes, arms, points):
        label_ends(axes, arms, [(point.arm, point.x, point.y) for point in points])
        return
    for point in points:
        place, offset = (point.x, point.y), (72 * _AWAY, 72 * _AWAY)
        _write(axes, arms, point.arm, place, axes.transData, offset=offset, va="bottom")


def _fit(axes: Any, arms: Arms, points: Sequence[Point]) -> bool:
    """Whether each name can stand at its point."""
    inches = axes.transData + Affine2D().scale(1 / axes.figure.dpi)
    names, marks = [], []
    for point in points:
        x, y = inches.transform((point.x, point.y))
        left, foot = x + _AWAY, y + _AWAY
        names.append(Bbox.from_extents(left, foot, left + _written(arms, point.arm), foot + _NAME))
        marks.append(Bbox.from_extents(x - _MARKER, y - _MARKER, x + _MARKER, y + _MARKER))
        marks += [Bbox(inches.transform(ends)) for ends in point.bars()]
    _, top = axes.transAxes.transform((1, 1)) / axes.figure.dpi
    return (
        len(points) <= _MOST_NEAR
        and all(name.y1 <= top for name in names)
        and not any(name.overlaps(mark) for name in names for mark in marks)
        and not any(name.overlaps(other) for name, other in itertools.combinations(names, 2))
    )


def _written(arms: Arms, arm: str) -> float:
    return 0.1 + 0.079 * len(arms.label(arm))


def label_width(arms: Arms, shown: Sequence[str]) -> float:
    """Inches that the longest label takes, with its leader."""
    return 0.14 + max((_written(arms, arm) for arm in shown), default=0)


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
