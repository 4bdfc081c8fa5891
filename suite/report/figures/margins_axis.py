"""The axis on which effects are drawn: margins, positive is good, the no-difference zone shaded."""

import math
from collections.abc import Iterable
from typing import Any

from matplotlib.ticker import MaxNLocator

from suite.report.figures.style import FAINT, QUIET, ZONE, Arms
from suite.spec.metrics import METRICS
from suite.verdict.models import ClaimVerdict, Interval
from suite.verdict.units import CLAMP

_WIDEST = CLAMP + 1.5
_LONGEST_TITLE = 48
"""Characters that fit over a panel."""
_TITLE_LINE = 0.17


def title(claim: ClaimVerdict, arms: Arms, joint: str = "against") -> tuple[str, float]:
    """What a panel compares, in two lines where one would run over its edge, and the inches the second one takes."""
    compared, rest = arms.label(claim.variant), f"{joint} {arms.label(claim.reference)}: {METRICS[claim.metric].label}"
    if len(compared) + len(rest) < _LONGEST_TITLE:
        return f"{compared} {rest}", 0.0
    return f"{compared}\n{rest}", _TITLE_LINE


def limits(values: Iterable[float], *, least: float = 2.0) -> tuple[float, float]:
    """Room for all finite values and the zone; never beyond the clamp, where intervals get an arrow instead."""
    finite = [value for value in values if math.isfinite(value)]
    low = min([-least, *finite])
    high = max([least, *finite])
    pad = 0.06 * (high - low)
    return max(low - pad, -_WIDEST), min(high + pad, _WIDEST)


def prepare(axes: Any, low: float, high: float, rows: float) -> None:
    """Limits, zone and wording of the axis; `rows` is the height in rows, row 0 on top."""
    axes.set_xlim(low, high)
    axes.set_ylim(rows - 0.5, -0.75)
    axes.axvspan(max(-1, low), min(1, high), color=ZONE, lw=0, zorder=0)
    axes.axvline(0, color=FAINT, lw=0.8, zorder=1)
    axes.set_yticks([])
    axes.xaxis.set_major_locator(MaxNLocator(7, integer=True, steps=[1, 2, 5, 10]))
    axes.spines["left"].set_visible(False)
    axes.set_xlabel("effect in margins", labelpad=3)
    for corner, text, side in ((0, "← worse", "left"), (1, "better →", "right")):
        axes.annotate(
            text, xy=(corner, 0), xytext=(0, -28), xycoords="axes fraction", textcoords="offset points",
            ha=side, va="baseline", fontsize=8.5, color=QUIET, annotation_clip=False,
        )  # fmt: skip


def draw_interval(axes: Any, row: float, interval: Interval, *, colour: str, width: float, caps: bool = False) -> None:
    """A horizontal line, cut at the axes' edges with an arrow head where it goes on."""
    if not (math.isfinite(interval.low) and math.isfinite(interval.high)):
        return
    low, high = axes.get_xlim()
    start, end = max(interval.low, low), min(interval.high, high)
    if start > end:
        return
    axes.plot([start, end], [row, row], color=colour, lw=width, solid_capstyle="butt", zorder=3)
    for inside, place, head in ((interval.low >= low, start, "<"), (interval.high <= high, end, ">")):
        if not inside:
            axes.plot([place], [row], marker=head, color=colour, ms=5, clip_on=False, zorder=4)
        elif caps:
            axes.plot([place], [row], marker="|", color=colour, ms=6, mew=width, zorder=3)


def row_label(axes: Any, row: float, text: str, *, bold: bool = False) -> None:
    """At the left of a row, outside the axes."""
    axes.annotate(
        text, xy=(0, row), xytext=(-6, 0), xycoords=("axes fraction", "data"), textcoords="offset points",
        ha="right", va="center", fontsize=9, fontweight="bold" if bold else "normal", annotation_clip=False,
    )  # fmt: skip
