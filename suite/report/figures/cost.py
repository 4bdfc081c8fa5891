"""What each arm costs, against what it reaches."""

import math
import statistics
from collections.abc import Sequence
from typing import Any

from matplotlib.ticker import EngFormatter, ScalarFormatter

from suite.report import numbers, phrases, words
from suite.report.evidence import Evidence, mean_of, measurement, spread_of
from suite.report.figures import labels, style
from suite.report.figures.style import Arms, Figure, Panel
from suite.spec.metrics import METRICS
from suite.trial_result import TrialResult
from suite.verdict.models import ClaimVerdict

_AXES = {
    "train_seconds": "training time (s)",
    "flops_per_example": "training FLOPs per example",
    "parameters": "parameters",
}
_DIFFERENT = 0.01
_WIDE = 10.0
"""From this ratio of the highest to the lowest on, perplexities stand on a logarithmic axis."""
_FARTHEST = 200.0
"""A logarithm beyond this is drawn at it: a perplexity of e^700 leaves no room for an axis."""


def cost(evidence: Evidence, arms: Arms) -> Figure | None:
    """Per workload a panel for each cost in which the arms differ; None before there are two arms to compare."""
    panels = []
    for workload in evidence.workloads:
        shown = [arm for arm in evidence.shown_arms if evidence.costs(workload, arm)]
        for name in _AXES:
            if len(shown) > 1 and _differs([evidence.costs(workload, arm).get(name, math.nan) for arm in shown]):
                panels.append(_panel(evidence, arms, workload, name, shown))
    drawn = [panel for panel in panels if panel]
    if not drawn:
        return None
    return Figure(
        slug="cost",
        message=_message(evidence),
        caption=(
            "Mean over the completed evaluation runs of the seeds that all arms have, bars one standard deviation. "
            f"{_better(evidence)} is better. Times were taken beside other runs and vary with the machine's load. "
            "FLOPs are those of matrix products and convolutions, after any pre-training; normalisation and "
            "activations are not counted. Ratios in claims are geometric means; these are not. "
            "Costs in which the arms agree within 1 % have no panel; all of them are in the table below."
        ),
        panels=tuple(drawn),
    )


def _better(evidence: Evidence) -> str:
    """Which corner of a panel."""
    metrics = {evidence.test_metric(workload) for workload in evidence.workloads} & METRICS.keys()
    lower = any(not METRICS[metric].higher_is_better for metric in metrics)
    return "Down and to the left" if lower else "Up and to the left"


def _differs(values: list[float]) -> bool:
    known = style.finite(values)
    return len(known) > 1 and max(known) - min(known) > _DIFFERENT * max(abs(value) for value in known)


def _panel(evidence: Evidence, arms: Arms, workload: str, name: str, shown: list[str]) -> Panel | None:
    metric = evidence.test_metric(workload)
    label = METRICS[metric].label if metric in METRICS else metric
    factor, unit = style.percent_axis(metric)
    points: list[labels.Point] = []
    with style.drawing():
        figure, axes = style.canvas(2.5, right=labels.label_width(arms, shown))
        for arm in shown:
            runs = evidence.completed(workload, arm)
            x, (y, below, above) = mean_of(runs, measurement(name)), _height(runs, metric, factor)
            if not (math.isfinite(x) and math.isfinite(y)):
                continue
            beside = spread_of(runs, measurement(name))
            axes.errorbar(
                [x], [y], xerr=[beside], yerr=[[below], [above]],
                marker=arms.marker(arm), ms=7, mec="white", mew=0.5, color=arms.colour(arm), elinewidth=1, zorder=3,
            )  # fmt: skip
            points.append(labels.Point(arm, x, y, beside, below, above))
        if not points:
            return None
        _frame(axes, [point.y for point in points], is_ratio=_is_ratio(metric))
        axes.set(xlabel=_AXES[name], ylabel=f"{label}{unit}")
        axes.xaxis.set_major_formatter(EngFormatter() if name != "train_seconds" else ScalarFormatter(useOffset=False))
        labels.label_points(axes, arms, points)
        axes.set_title(style.drawable(workload, 40))
        alt = f"{label[:1].upper()}{label[1:]} against {_AXES[name]} on {workload}"
        return style.finish(figure, name=style.file_stem("cost", workload, name), alt=alt)


def _is_ratio(metric: str) -> bool:
    return metric in METRICS and METRICS[metric].unit == "log_ratio"


def _height(runs: Sequence[TrialResult], metric: str, factor: float) -> tuple[float, float, float]:
    """The mean, and how far its bar reaches down and up; of a perplexity the geometric mean, as claims compare it."""
    value = measurement(metric)
    if not _is_ratio(metric):
        spread = factor * spread_of(runs, value)
        return factor * mean_of(runs, value), spread, spread

    def logarithm(run: TrialResult) -> float:
        return math.log(found) if (found := value(run)) > 0 else math.nan

    middle, spread = mean_of(runs, logarithm), min(_FARTHEST, spread_of(runs, logarithm))
    if not math.isfinite(middle):
        return math.nan, math.nan, math.nan
    mean, times = math.exp(max(-_FARTHEST, min(_FARTHEST, middle))), math.exp(spread)
    return factor * mean, factor * (mean - mean / times), factor * (mean * times - mean)


def _frame(axes: Any, heights: list[float], *, is_ratio: bool) -> None:
    axes.margins(x=0.12, y=0.2)
    axes.locator_params(axis="x", nbins=4)
    if is_ratio and max(heights) > _WIDE * min(heights):
        axes.set_yscale("log")
        axes.yaxis.set_major_formatter(EngFormatter())
        return
    low, high = axes.get_ylim()
    least = 0.02 * max(abs(height) for height in heights)
    if high - low < least:
        axes.set_ylim((low + high - least) / 2, (low + high + least) / 2)
    axes.locator_params(axis="y", nbins=5)


def _message(evidence: Evidence) -> str:
    claim = words.primary(evidence.verdict)
    by_workload = [_log_ratios(evidence, workload, claim) for workload in evidence.workloads]
    ratios = [each for each in by_workload if each]
    if not ratios:
        return "What each arm costs, and what it reaches"
    mean = math.fsum(statistics.fmean(each) for each in ratios) / len(ratios)
    both = phrases.listed([phrases.name(claim.variant), phrases.name(claim.reference)])
    amount = numbers.change(mean, "train_seconds")
    error = math.sqrt(math.fsum(statistics.variance(each) / len(each) for each in ratios if len(each) > 1)) / len(
        ratios
    )
    if abs(mean) < 2 * error:
        return f"{both} cannot be told apart in training time: {amount} is within the scatter of the runs"
    margin = METRICS["train_seconds"].default_margin
    if abs(mean) < margin:
        return f"{both} take about as long to train, within {numbers.percent(math.expm1(margin))}"
    than = "as" if " times as " in amount else "than"
    return f"{phrases.name(claim.variant)} takes {amount} time to train {than} {phrases.name(claim.reference)}"


def _log_ratios(evidence: Evidence, workload: str, claim: ClaimVerdict) -> list[float]:
    """Of the training times, variant over reference, seed by seed."""
    seconds = [
        {run.seed: time for run in runs if (time := run.measurements.get("train_seconds", 0.0)) > 0}
        for arm in (claim.variant, claim.reference)
        for runs in [evidence.completed(workload, arm)]
    ]
    return [math.log(seconds[0][seed] / seconds[1][seed]) for seed in seconds[0].keys() & seconds[1].keys()]
