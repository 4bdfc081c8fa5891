"""How each arm learns: the validation metric against the epoch."""

import math
import statistics
from collections.abc import Sequence

import pandas as pd
import seaborn as sns
from scipy.stats import t

from suite.report import numbers, phrases, words
from suite.report.evidence import Evidence
from suite.report.figures import labels, style
from suite.report.figures.style import Arms, Figure, Panel
from suite.spec.metrics import METRICS
from suite.trial_result import TrialResult
from suite.verdict.models import ClaimVerdict


def curves(evidence: Evidence, arms: Arms) -> Figure | None:
    """One panel per workload; None before there is an evaluation trial with an epoch."""
    panels = [panel for workload in evidence.workloads if (panel := _panel(evidence, arms, workload))]
    if not panels:
        return None
    return Figure(
        slug="curves",
        message=_message(evidence),
        caption=(
            "Validation metric after each epoch at the selected settings (where arms go by different metrics, each by "
            "its own): mean over the seeds that all arms have, the band one standard deviation to either side. Where a "
            "run diverged, the mean goes on over the others. A dotted line is the target of a speed claim."
            f"{_pretrained(evidence)}"
        ),
        panels=tuple(panels),
    )


def _pretrained(evidence: Evidence) -> str:
    arms = [
        phrases.name(arm)
        for arm, changes in evidence.design.ablation.arms.items()
        if changes.get("pretraining", "none") != "none" and arm in evidence.shown_arms
    ]
    return f" Before the first epoch shown, {phrases.listed(arms)} had those of the pre-training." if arms else ""


def _panel(evidence: Evidence, arms: Arms, workload: str) -> Panel | None:
    runs = evidence.shared_runs[workload]
    factor, unit = style.percent_axis(evidence.metric_name(workload))
    table = _long_table(runs, factor)
    if table.empty:
        return None
    shown = [arm for arm in runs if (table["arm"] == arm).any()]
    with style.drawing():
        figure, axes = style.canvas(3.0, right=labels.label_width(arms, shown))
        sns.lineplot(
            table, x="epoch", y="metric", hue="arm", hue_order=shown, palette={arm: arms.colour(arm) for arm in shown},
            errorbar=("sd", 1), err_kws={"alpha": 0.16, "lw": 0}, lw=1.7, legend=False, ax=axes,
        )  # fmt: skip
        for line, arm in zip(axes.get_lines(), shown, strict=False):
            line.set_linestyle(arms.dash(arm))
        axes.set_xlim(min(1, table["epoch"].max() - 0.5), table["epoch"].max())
        axes.xaxis.get_major_locator().set_params(integer=True)
        if unit == " (%)":  # a band may reach beyond what there can be
            axes.set_ylim(max(axes.get_ylim()[0], -1), min(axes.get_ylim()[1], 101))
        axes.set(xlabel="epoch", ylabel=f"validation {evidence.metric_name(workload)}{unit}")
        _targets(axes, evidence.verdict.claims, workload, factor)
        labels.label_ends(axes, arms, _ends(table, shown))
        axes.set_title(style.drawable(workload, 40))
        alt = f"Learning curves on {workload}: {', '.join(shown)}"
        return style.finish(figure, name=style.file_stem("curves", workload), alt=alt)


def _long_table(runs: dict[str, tuple[TrialResult, ...]], factor: float) -> pd.DataFrame:
    rows = [
        (arm, epoch.epoch, factor * epoch.val_metric)
        for arm, results in runs.items()
        for result in results
        for epoch in result.epochs
        if math.isfinite(epoch.val_metric)
    ]
    return pd.DataFrame(rows, columns=["arm", "epoch", "metric"])


def _ends(table: pd.DataFrame, shown: Sequence[str]) -> list[tuple[str, float, float]]:
    """Where each mean curve ends: (arm, epoch, metric)."""
    ends = []
    for arm in shown:
        own = table[table["arm"] == arm]
        last = own["epoch"].max()
        ends.append((arm, float(last), float(own.loc[own["epoch"] == last, "metric"].mean())))
    return ends


def _targets(axes: object, claims: Sequence[ClaimVerdict], workload: str, factor: float) -> None:
    targets = sorted(
        {
            effect.target
            for claim in claims
            for effect in claim.workloads
            if effect.workload == workload and effect.target
        }
    )
    for target in targets:
        axes.axhline(factor * target, color=style.QUIET, lw=0.9, ls=":", zorder=1)  # type: ignore[attr-defined]
        # Below its right end: curves cross it on the left, and are above it when they have.
        axes.annotate(  # type: ignore[attr-defined]
            "target", xy=(1, factor * target), xycoords=("axes fraction", "data"), xytext=(-3, -2),
            textcoords="offset points", fontsize=8, color=style.QUIET, ha="right", va="top",
        )  # fmt: skip


def _message(evidence: Evidence) -> str:
    claim = words.primary(evidence.verdict)
    if METRICS[claim.metric].from_curve and claim.metric == "epochs_to_target" and claim.workloads:
        parts = [_speed(claim, index) for index in range(len(claim.workloads))]
        if all(parts):
            return "Epochs until the target: " + "; ".join(parts)
    ends = {workload: _ending(evidence, workload) for workload in evidence.workloads if evidence.shared_runs[workload]}
    if not ends:
        return "Nothing to see yet"
    if len(set(ends.values())) == 1:
        where = "every workload" if len(ends) > 1 else next(iter(ends))
        return f"{next(iter(ends.values()))} on {where}"
    first, *others = (f"{ending} on {workload}" for workload, ending in ends.items())
    return "; ".join((first, *(other[:1].lower() + other[1:] for other in others)))


def _speed(claim: ClaimVerdict, index: int) -> str:
    effect = claim.workloads[index]
    both = [
        (pair.variant, pair.reference)
        for pair in effect.pairs
        if pair.variant is not None and pair.reference is not None
    ]
    if not both:
        return ""
    variant, reference = (math.fsum(values) / len(both) for values in zip(*both, strict=True))
    return (
        f"{numbers.plain(variant, 1)} with {phrases.name(claim.variant)}, "
        f"{numbers.plain(reference, 1)} with {phrases.name(claim.reference)} ({effect.workload})"
    )


def _ending(evidence: Evidence, workload: str) -> str:
    """Which arm ends best over the seeds that all arms finished; several where the scatter does not tell them apart."""
    runs = {arm: evidence.completed(workload, arm) for arm in evidence.shared_runs[workload]}
    if len({run.metric_name for own in runs.values() for run in own}) > 1:
        return "Each arm by its own metric"
    toward = -1 if "loss" in evidence.metric_name(workload) else 1
    ends = {arm: {run.seed: toward * _last(run) for run in own} for arm, own in runs.items() if own}
    seeds = set.intersection(*(set(values) for values in ends.values())) if ends else set()
    if len(ends) < 2 or not seeds:
        return "No two arms to compare yet"
    best = max(ends, key=lambda arm: statistics.fmean(ends[arm][seed] for seed in seeds))
    alike = [
        arm
        for arm in ends
        if arm == best or _is_alike([ends[best][seed] - ends[arm][seed] for seed in seeds], len(ends) - 1)
    ]
    if len(alike) == len(runs):
        return "At the end of training the seeds do not tell the arms apart"
    others = phrases.listed([phrases.name(arm) for arm in alike if arm != best])
    return f"{phrases.name(best)} ends best{f' ({others} within the scatter of the seeds)' if others else ''}"


def _is_alike(differences: Sequence[float], compared: int) -> bool:
    """No more than their scatter above zero: paired t, 5 % shared by all that are compared."""
    if len(differences) < 2:
        return True
    error = statistics.stdev(differences) / math.sqrt(len(differences))
    return statistics.fmean(differences) <= float(t.ppf(1 - 0.05 / 2 / compared, len(differences) - 1)) * error


def _last(result: TrialResult) -> float:
    return result.epochs[-1].val_metric if result.epochs else math.nan
