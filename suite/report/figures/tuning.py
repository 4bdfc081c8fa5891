"""What tuning changes: each claim at the untuned default and tuned, and what a smaller budget would have found."""

import math
from collections.abc import Sequence

from suite.report import numbers, phrases
from suite.report.evidence import Evidence
from suite.report.figures import labels, margins_axis, style
from suite.report.figures.style import Arms, Figure, Panel
from suite.verdict.models import ArmTuning, ClaimVerdict, Interval
from suite.verdict.units import CLAMP


def tuned_against_default(evidence: Evidence, arms: Arms) -> Figure | None:
    """Two rows per claim; None where no arm was tuned, or nothing was run at the default."""
    claims = evidence.tuned_claims
    if not claims:
        return None
    untuned = _untuned(evidence, claims)
    return Figure(
        slug="default",
        message=_message(claims, of_their_own=bool(untuned)),
        caption=(
            "The same comparison twice: both arms as the spec and the workload have them, untuned (hollow), and each "
            "arm at the setting that its own sweep chose (filled). Lines are 95 % intervals, in margins; positive is "
            f"better for the first arm named.{untuned}"
        ),
        panels=tuple(_claim_panel(claim, arms) for claim in claims),
    )


def budget(evidence: Evidence, arms: Arms) -> Figure | None:
    """One panel per workload: the best of k points, expected; None without sweeps of two points or more."""
    panels = []
    for workload in evidence.workloads:
        tunings = [
            t for t in evidence.verdict.tunings if t.workload == workload and len(style.finite(t.budget_curve)) > 1
        ]
        if tunings:
            panels.append(_budget_panel(evidence, arms, workload, tunings))
    if not panels:
        return None
    gains = [
        tuning.budget_curve[-1] - tuning.budget_curve[0] for tuning in evidence.verdict.tunings if tuning.budget_curve
    ]
    largest = max(style.finite(gains), default=0.0)
    factor, _ = style.percent_axis(evidence.metric_name(evidence.workloads[0]))
    unit = "points" if factor == 100 else "nats"
    return Figure(
        slug="budget",
        message=f"A full sweep gains at most {numbers.plain(factor * largest)} {unit} over one random point of it",
        caption=(
            "Validation metric to expect from the best of k points of the sweep, drawn at random. Where the lines "
            "cross, the winner depends on how much one tunes."
        ),
        panels=tuple(panels),
    )


def _untuned(evidence: Evidence, claims: Sequence[ClaimVerdict]) -> str:
    """What the swept settings are without tuning, where the arms differ in it: Adam and SGD have rates of their own."""
    keys = sorted({key for t in evidence.verdict.tunings for point in t.points for key, _ in point.point})
    arms = [arm for arm in evidence.arms if any(arm in (claim.variant, claim.reference) for claim in claims)]
    found: dict[str, list[str]] = {}
    for workload in evidence.workloads:
        for arm in arms:
            settings = evidence.design.settings(workload, arm, evidence.design.default_point)
            text = ", ".join(f"{key} {numbers.setting(settings[key])}" for key in keys if key in settings)
            if text and text not in found.setdefault(arm, []):
                found[arm].append(text)
    if len({tuple(texts) for texts in found.values()}) < 2:
        return ""
    return " Untuned: " + "; ".join(f"{phrases.name(arm)} {' or '.join(texts)}" for arm, texts in found.items()) + "."


def _claim_panel(claim: ClaimVerdict, arms: Arms) -> Panel:
    default = claim.at_default
    assert default is not None
    colour = arms.colour(claim.variant)
    ends = [claim.interval_95.low, claim.interval_95.high, default.interval_95.low, default.interval_95.high]
    with style.drawing():
        title, extra = margins_axis.title(claim, arms)
        figure, axes = style.canvas(1.7 + extra, left=0.75, top=0.34 + extra, bottom=0.52)
        margins_axis.prepare(axes, *margins_axis.limits([*ends, claim.effect, default.effect]), 2)
        for row, name, interval, effect, face in (
            (0, "default", default.interval_95, default.effect, "white"),
            (1, "tuned", claim.interval_95, claim.effect, colour),
        ):
            margins_axis.row_label(axes, row, name)
            margins_axis.draw_interval(axes, row, interval, colour=colour, width=2.2)
            axes.plot([effect], [row], marker="o", ms=6.5, mfc=face, mec=colour, mew=1.6, zorder=5)
        axes.set_title(title, x=-0.75 / 3.5 + 0.02, pad=6)
        before, after = numbers.signed(default.effect, 1), numbers.signed(claim.effect, 1)
        alt = f"{claim.name}: {before} margins at the default, {after} tuned"
        return style.finish(figure, name=style.file_stem("default", claim.name), alt=alt)


def _budget_panel(evidence: Evidence, arms: Arms, workload: str, tunings: list[ArmTuning]) -> Panel:
    factor, unit = style.percent_axis(evidence.metric_name(workload))
    shown = [tuning.arm for tuning in tunings]
    ends = []
    with style.drawing():
        figure, axes = style.canvas(2.6, right=labels.label_width(arms, shown))
        for tuning in tunings:
            ys = [factor * value for value in tuning.budget_curve]
            xs = list(range(1, len(ys) + 1))
            look = {"color": arms.colour(tuning.arm), "ls": arms.dash(tuning.arm), "marker": arms.marker(tuning.arm)}
            axes.plot(xs, ys, lw=1.5, ms=4.5, mec="white", mew=0.4, **look)
            ends.append((tuning.arm, float(xs[-1]), ys[-1]))
        axes.set_xlim(0.85, max(x for _, x, _ in ends) + 0.1)
        axes.xaxis.get_major_locator().set_params(integer=True)
        axes.set(xlabel="points tried", ylabel=f"expected best {evidence.metric_name(workload)}{unit}")
        labels.label_ends(axes, arms, [end for end in ends if math.isfinite(end[2])])
        axes.set_title(style.drawable(workload, 40))
        alt = f"Budget curve on {workload}: {', '.join(shown)}"
        return style.finish(figure, name=style.file_stem("budget", workload), alt=alt)


def _half(found: Interval) -> float:
    return (found.high - found.low) / 2


def _message(claims: Sequence[ClaimVerdict], *, of_their_own: bool) -> str:
    claim = next((claim for claim in claims if claim.primary), claims[0])
    assert claim.at_default is not None
    before, after = numbers.signed(claim.at_default.effect, 1), numbers.signed(claim.effect, 1)
    against = f"{phrases.name(claim.variant)} against {phrases.name(claim.reference)}"
    if min(abs(claim.at_default.effect), abs(claim.effect)) >= CLAMP and before == after:
        return f"{against}: at least {numbers.plain(CLAMP, 0)} margins, untuned and tuned"
    if of_their_own:
        return f"{against}: {before} margins untuned, each at a setting of its own; {after} tuned"
    scatter = math.hypot(_half(claim.at_default.interval_95), _half(claim.interval_95))
    if before == after or abs(claim.effect - claim.at_default.effect) <= scatter:
        return f"Tuning changes {against} by no more than the scatter: {before} margins untuned, {after} tuned"
    return f"Tuning each arm moves {against} from {before} to {after} margins"
