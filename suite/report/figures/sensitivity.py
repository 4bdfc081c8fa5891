"""How much each arm depends on the swept setting, and what was chosen."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from suite.report import numbers, phrases
from suite.report.evidence import Evidence
from suite.report.figures import labels, style
from suite.report.figures.style import Arms, Figure, Panel
from suite.verdict.models import ArmTuning, SweepPoint

_CHARACTER = 0.078
"""Inches that a character of a tick's label takes."""


@dataclass(frozen=True)
class _Line:
    """One arm along one swept key: the best point at each value, (value, point) sorted."""

    tuning: ArmTuning
    key: str
    points: tuple[tuple[Any, SweepPoint], ...]


def sensitivity(evidence: Evidence, arms: Arms) -> Figure | None:
    """One panel per workload and swept key; None if nothing was swept (or not completely yet)."""
    panels = []
    for workload in evidence.workloads:
        tunings = [tuning for tuning in evidence.verdict.tunings if tuning.workload == workload]
        for key in dict.fromkeys(key for tuning in tunings for key in _keys(tuning)):
            lines = [_line(tuning, key) for tuning in tunings if key in _keys(tuning)]
            panels.append(_panel(evidence, arms, workload, key, lines))
    if not panels:
        return None
    return Figure(
        slug="sensitivity",
        message=_message(evidence),
        caption=(
            "Validation metric on tuning seeds (never evaluation seeds): mean, and the range over seeds. Hollow: out "
            "after the first seed. A ring marks the chosen point, a double ring one on the edge of its grid. With "
            "several swept keys each value shows its best combination. Crosses at the foot are runs that diverged."
        ),
        panels=tuple(panels),
    )


def _keys(tuning: ArmTuning) -> tuple[str, ...]:
    """Swept keys with more than one value."""
    keys = dict.fromkeys(key for point in tuning.points for key, _ in point.point)
    return tuple(key for key in keys if len({dict(point.point).get(key) for point in tuning.points}) > 1)


def _line(tuning: ArmTuning, key: str) -> _Line:
    best: dict[Any, SweepPoint] = {}
    chosen = dict(tuning.selected)
    for point in tuning.points:
        value = dict(point.point)[key]
        is_chosen = dict(point.point) == chosen
        if value not in best or is_chosen or (dict(best[value].point) != chosen and _rank(point) > _rank(best[value])):
            best[value] = point
    return _Line(tuning, key, tuple(sorted(best.items(), key=lambda item: _order(item[0]))))


def _panel(evidence: Evidence, arms: Arms, workload: str, key: str, lines: Sequence[_Line]) -> Panel:
    values = sorted({value for line in lines for value, _ in line.points}, key=_order)
    is_log = all(isinstance(value, int | float) and not isinstance(value, bool) and value > 0 for value in values)
    places = {value: float(value) if is_log else float(index) for index, value in enumerate(values)}
    factor, unit = style.percent_axis(evidence.metric_name(workload))
    shown = [line.tuning.arm for line in lines]
    with style.drawing():
        figure, axes = style.canvas(3.0, right=labels.label_width(arms, shown))
        if is_log:
            axes.set_xscale("log")
        _limits(axes, lines, list(places.values()), factor, is_log)
        ends = [
            end
            for index, line in enumerate(lines)
            if (end := _draw(axes, arms, line, places, factor, index, len(lines), is_log))
        ]
        _ticks(axes, places)
        axes.set(xlabel=style.drawable(key, 40), ylabel=f"validation {evidence.metric_name(workload)}{unit}")
        labels.label_ends(axes, arms, ends)
        axes.set_title(style.drawable(workload, 40))
        alt = f"Sensitivity to {key} on {workload}"
        return style.finish(figure, name=style.file_stem("sensitivity", workload, key), alt=alt)


def _limits(axes: Any, lines: Sequence[_Line], places: Sequence[float], factor: float, is_log: bool) -> None:
    scores = [factor * score for line in lines for _, point in line.points for score in _finite_scores(point)]
    low, high = (min(scores), max(scores)) if scores else (0.0, 1.0)
    pad = 0.07 * (high - low) or 0.5
    axes.set_ylim(low - 1.6 * pad, high + pad)
    if is_log:
        axes.set_xlim(min(places) / 1.25, max(places) * 1.25)
    else:
        axes.set_xlim(-0.3, len(places) - 0.7)


def _draw(
    axes: Any, arms: Arms, line: _Line, places: dict[Any, float], factor: float, index: int, count: int, is_log: bool
) -> tuple[str, float, float] | None:
    """Draws one arm; gives where its line ends, or None if every run diverged."""
    arm = line.tuning.arm
    colour, shift = arms.colour(arm), 0.022 * (index - (count - 1) / 2)
    xs, ys, out = [], [], []
    for value, point in line.points:
        x = places[value] * 10**shift if is_log else places[value] + shift
        scores = [factor * score for score in _finite_scores(point)]
        for lost in range(len(point.scores) - len(scores)):
            place = (x, 0.02 + 0.035 * lost + 0.012 * index)
            axes.plot(
                *place, marker="x", ms=4.5, mew=1.2, color=colour, transform=axes.get_xaxis_transform(), clip_on=False
            )
        if scores:
            axes.plot([x, x], [min(scores), max(scores)], color=colour, lw=1, alpha=0.75)
            xs.append(x)
            ys.append(math.fsum(scores) / len(scores))
            out.append(point.out)
            if dict(point.point) == dict(line.tuning.selected):
                _ring(axes, x, ys[-1], colour, is_edge=line.key in line.tuning.edge_keys)
    axes.plot(xs, ys, color=colour, ls=arms.dash(arm), lw=1.4)
    for x, y, is_out in zip(xs, ys, out, strict=True):
        edge = {"mfc": "white", "mec": colour, "mew": 1.0} if is_out else {"mec": "white", "mew": 0.4}
        axes.plot([x], [y], color=colour, marker=arms.marker(arm), ms=4.5, **edge)
    return (arm, xs[-1], ys[-1]) if xs else None


def _ring(axes: Any, x: float, y: float, colour: str, *, is_edge: bool) -> None:
    for size in (9.5, 13.5) if is_edge else (9.5,):
        axes.plot([x], [y], marker="o", ms=size, mfc="none", mec=colour, mew=1.4, zorder=5)


def _ticks(axes: Any, places: dict[Any, float]) -> None:
    """As many as can stand side by side."""
    shown, free = {}, -math.inf
    for value, place in places.items():
        name = style.drawable(numbers.setting(value), 10)
        middle, half = axes.transData.transform((place, 0))[0] / axes.figure.dpi, _CHARACTER * len(name) / 2
        if middle - half >= free:
            shown[place], free = name, middle + half + _CHARACTER
    axes.set_xticks(list(shown), list(shown.values()))
    axes.minorticks_off()


def _message(evidence: Evidence) -> str:
    edges = [tuning for tuning in evidence.verdict.tunings if tuning.edge_keys]
    if edges:
        places = ", ".join(f"{phrases.name(tuning.arm)} on {tuning.workload}" for tuning in edges[:3])
        more = f" and {len(edges) - 3} more" if len(edges) > 3 else ""
        return f"The best setting lies on the edge of the grid for {places}{more}: a wider grid may change the result"
    chosen: dict[str, list[str]] = {}
    for tuning in evidence.verdict.tunings:
        several = len(tuning.selected) > 1
        values = numbers.point(tuning.selected) if several else "".join(numbers.setting(v) for _, v in tuning.selected)
        if values and values not in chosen.setdefault(tuning.arm, []):
            chosen[tuning.arm].append(values)
    parts = [f"{' or '.join(values)} for {phrases.name(arm)}" for arm, values in list(chosen.items())[:6]]
    parts += [f"and {len(chosen) - 6} more"] if len(chosen) > 6 else []
    return "Chosen inside the grid: " + "; ".join(parts) if parts else "How the arms depend on the swept settings"


def _finite_scores(point: SweepPoint) -> list[float]:
    return [score for score in point.scores if score is not None and math.isfinite(score)]


def _rank(point: SweepPoint) -> tuple[bool, float]:
    """A score of one seed does not compare with one of three."""
    return not point.out, point.score if math.isfinite(point.score) else -math.inf


def _order(value: Any) -> tuple[int, Any]:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    return (0, value) if number else (1, str(value))
