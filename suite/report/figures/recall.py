"""Which objects a detector misses: recall by the objects' size, arm by arm."""

import math
from collections.abc import Mapping, Sequence

from suite.report import numbers, phrases
from suite.report.evidence import Evidence, mean_of, measurement, spread_of, those_with
from suite.report.figures import labels, style
from suite.report.figures.style import Arms, Figure, Panel
from suite.trial_result import Settings, TrialResult

_SIZES = ("small", "medium", "large")


def recall(evidence: Evidence, arms: Arms) -> Figure | None:
    """One panel per workload, a line per arm; None where nothing was detected by size."""
    kept = those_with(evidence.shared_runs, lambda run: _sizes([run]))
    if not kept:
        return None
    return Figure(
        slug="recall",
        message=_message(next(iter(kept.values()))),
        caption=(
            "How many of the test objects of each size are found at all, with a box that overlaps by half or more and "
            "the right class, among the surest boxes of the image: mean and standard deviation over the seeds that all "
            "arms have. Sizes are square roots of areas."
        ),
        panels=tuple(_panel(workload, shown, arms) for workload, shown in kept.items()),
    )


def _panel(workload: str, shown: Mapping[str, Sequence[TrialResult]], arms: Arms) -> Panel:
    sizes = [size for size in _SIZES if any(size in _sizes(runs) for runs in shown.values())]
    with style.drawing():
        _, axes = style.canvas(2.7, bottom=0.62, right=labels.label_width(arms, tuple(shown)))
        ends = []
        for place, (arm, runs) in enumerate(shown.items()):
            points = [(x, 100 * _mean(runs, size), 100 * _spread(runs, size)) for x, size in enumerate(sizes)]
            x, y, spread = zip(*[point for point in points if math.isfinite(point[1])], strict=True)
            moved = [value + 0.03 * (place - (len(shown) - 1) / 2) for value in x]
            axes.errorbar(
                moved, y, yerr=spread, color=arms.colour(arm), marker=arms.marker(arm), ls=arms.dash(arm),
                ms=5, lw=1.5, elinewidth=1,
            )  # fmt: skip
            ends.append((arm, moved[-1], y[-1]))
        axes.set(
            xticks=range(len(sizes)),
            xticklabels=[f"{size}\n{_span(size, next(iter(shown.values()))[0].settings)}" for size in sizes],
            xlabel="size of objects",
            ylabel="recall (%)",
        )
        axes.set_xlim(-0.25, len(sizes) - 0.8)
        axes.set_title(style.drawable(workload, 40) or "workload")
        labels.label_ends(axes, arms, ends)
        alt = f"Recall on {workload} of {phrases.listed(sizes)} objects, arm by arm"
        return style.finish(axes.figure, name=style.file_stem("recall", workload), alt=alt)


def _span(size: str, settings: Settings) -> str:
    medium, large = (numbers.setting(settings[f"task.{name}"]) for name in ("medium", "large"))
    pixels = f"{numbers.SPACE}px"
    return {"small": f"below {medium}", "medium": f"{medium} to {large}", "large": f"from {large}"}[size] + pixels


def _message(shown: Mapping[str, Sequence[TrialResult]]) -> str:
    size = next(size for size in _SIZES if any(size in _sizes(runs) for runs in shown.values()))
    parts = [f"{numbers.percent(_mean(runs, size))} in {phrases.name(arm)}" for arm, runs in shown.items()]
    return f"{size.capitalize()} objects found: {phrases.listed(parts)}"


def _sizes(runs: Sequence[TrialResult]) -> list[str]:
    return [size for size in _SIZES if math.isfinite(_mean(runs, size))]


def _mean(runs: Sequence[TrialResult], size: str) -> float:
    return mean_of(runs, measurement(f"test_recall_{size}"))


def _spread(runs: Sequence[TrialResult], size: str) -> float:
    return spread_of(runs, measurement(f"test_recall_{size}"))
