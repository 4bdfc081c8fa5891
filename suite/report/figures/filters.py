"""What the first layer looks like after training: its 3x3 filters as pictures, arm by arm."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from suite.report import numbers, phrases
from suite.report.evidence import Evidence, mean_of, measurement, those_with
from suite.report.figures import labels, style
from suite.report.figures.style import Arms, Figure, Panel
from suite.trial_result import TrialResult

_MOST = 8
_LARGEST, _GAP, _WIDTH = 0.31, 0.06, 4.4
"""Inches."""


def filters(evidence: Evidence, arms: Arms) -> Figure | None:
    """One panel per workload, a row per arm; None where no trial kept its filters."""
    kept = those_with(evidence.shared_runs, lambda run: run.filters)
    if not kept:
        return None
    return Figure(
        slug="filters",
        message=_message(next(iter(kept.values()))),
        caption=(
            "The filters of the first convolution in the arm's first run that was scored, each on a scale of its own: "
            "white is positive, black negative, grey nothing. In per cent: how much of all runs' filters two edge "
            "operators explain, Sobel's for edges that stand and for edges that lie; of random filters it is 22 %."
        ),
        panels=tuple(_panel(workload, shown, arms) for workload, shown in kept.items()),
    )


def _panel(workload: str, shown: Mapping[str, Sequence[TrialResult]], arms: Arms) -> Panel:
    left = labels.label_width(arms, tuple(shown)) + 0.5
    cell = min(_LARGEST, (_WIDTH - left - 0.1) / _MOST - _GAP)
    with style.drawing():
        figure, axes = style.canvas(0.5 + len(shown) * (cell + 2 * _GAP), left=left, top=0.4, bottom=0.1, width=_WIDTH)
        axes.set_axis_off()
        width, height = figure.get_size_inches()
        figure.text(0.1 / width, 1 - 0.26 / height, style.drawable(workload, 40) or "workload", weight="bold", size=9.5)
        for row, (arm, runs) in enumerate(shown.items()):
            bottom = height - 0.42 - (row + 1) * (cell + 2 * _GAP) + _GAP
            share = numbers.percent(mean_of(runs, measurement("edge_energy")))
            figure.text(
                (left - 0.12) / width, (bottom + cell / 2) / height, f"{arms.label(arm)}  {share}",
                ha="right", va="center", color=arms.colour(arm), weight="bold", size=8.5,
            )  # fmt: skip
            _row(figure, next(run.filters for run in runs if run.filters), left, bottom, cell)
        alt = f"First-layer filters on {workload}, arm by arm"
        return style.finish(figure, name=style.file_stem("filters", workload), alt=alt)


def _row(figure: Any, kept: Sequence[Sequence[float]], left: float, bottom: float, cell: float) -> None:
    width, height = figure.get_size_inches()
    for column, values in enumerate(kept[:_MOST]):
        box = (left + column * (cell + _GAP)) / width, bottom / height, cell / width, cell / height
        axes = figure.add_axes(box)
        picture = np.reshape(values, (3, 3))
        most = float(np.abs(picture).max()) or 1.0
        axes.imshow(picture, cmap="gray", vmin=-most, vmax=most, interpolation="nearest")
        axes.set(xticks=[], yticks=[])


def _message(shown: Mapping[str, Sequence[TrialResult]]) -> str:
    shares = {arm: mean_of(runs, measurement("edge_energy")) for arm, runs in shown.items()}
    parts = [f"{numbers.percent(share)} in {phrases.name(arm)}" for arm, share in shares.items()]
    return f"Edge operators explain {phrases.listed(parts)}"
