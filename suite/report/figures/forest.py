"""Each claim per workload and pooled, in margins."""

import math
from collections.abc import Sequence

from suite.report import numbers, words
from suite.report.evidence import Evidence
from suite.report.figures import margins_axis, style
from suite.report.figures.style import Arms, Figure, Panel
from suite.report.scale import workload_raw_effect
from suite.verdict.models import ClaimVerdict


def forest(evidence: Evidence, arms: Arms) -> Figure | None:
    """One panel per claim, all on the same axis; None before any claim has an effect."""
    claims = [claim for claim in evidence.verdict.claims if math.isfinite(claim.effect)]
    if not claims:
        return None
    limits = margins_axis.limits(_ends(claims))
    return Figure(
        slug="forest",
        message=_message(claims),
        caption=(
            "Effects in margins: 1 is the smallest difference anyone should care about, and the shaded zone "
            "within ±1 counts as no practical difference. Dots are means over pairs; thick lines 95 % intervals; "
            "the thin line of the pooled row is the repeated interval, valid at every look, on which the verdict "
            "rests. Effects are cut off at ±10 margins."
        ),
        panels=tuple(_panel(claim, arms, limits) for claim in claims),
    )


def _panel(claim: ClaimVerdict, arms: Arms, limits: tuple[float, float]) -> Panel:
    rows = len(claim.workloads) + 1
    names = [style.drawable(effect.workload, 18) or f"workload {i + 1}" for i, effect in enumerate(claim.workloads)]
    left = max(0.75, 0.18 + 0.078 * max(map(len, names)))
    with style.drawing():
        title, extra = margins_axis.title(claim, arms)
        figure, axes = style.canvas(0.92 + extra + 0.42 * rows, left=left, top=0.4 + extra, bottom=0.52)
        margins_axis.prepare(axes, *limits, rows)
        colour = arms.colour(claim.variant)
        for row, (effect, name) in enumerate(zip(claim.workloads, names, strict=True)):
            margins_axis.row_label(axes, row, name)
            margins_axis.draw_interval(axes, row, effect.interval_95, colour=colour, width=2.2)
            axes.plot([effect.effect], [row], marker="o", ms=5, color=colour, zorder=5)
            text = numbers.change(workload_raw_effect(effect, claim.unit).centre, claim.metric)
            _above(axes, effect.effect, row, text)
        _pooled(axes, claim, rows - 1, colour)
        axes.set_title(title, x=-left / (4.4 - left - 0.15) + 0.02, pad=8)
        return style.finish(figure, name=style.file_stem("forest", claim.name), alt=words.sentence(claim))


def _pooled(axes: object, claim: ClaimVerdict, row: int, colour: str) -> None:
    margins_axis.row_label(axes, row, "pooled", bold=True)
    margins_axis.draw_interval(axes, row, claim.repeated_interval, colour=style.INK, width=0.9, caps=True)
    margins_axis.draw_interval(axes, row, claim.interval_95, colour=style.INK, width=2.6)
    axes.plot([claim.effect], [row], marker="D", ms=7, color=colour, mec=style.INK, mew=0.9, zorder=6)  # type: ignore[attr-defined]
    _above(axes, claim.effect, row, numbers.change(claim.raw_effect, claim.metric))


def _above(axes: object, x: float, row: float, text: str) -> None:
    if text == numbers.NOTHING or not math.isfinite(x):
        return
    low, high = axes.get_xlim()  # type: ignore[attr-defined]
    share = (x - low) / (high - low)
    side = "left" if share < 0.18 else "right" if share > 0.82 else "center"
    axes.annotate(  # type: ignore[attr-defined]
        text, xy=(x, row), xytext=(0, 6), textcoords="offset points", ha=side, va="bottom", fontsize=8, color=style.INK
    )


def _message(claims: Sequence[ClaimVerdict]) -> str:
    first = next((claim for claim in claims if claim.primary), claims[0])
    others = [claim for claim in claims if claim is not first]
    decided = sum(claim.verdict != "inconclusive" for claim in others)
    rest = f"; {decided} of {len(others)} other claim{'s' if len(others) > 1 else ''} decided" if others else ""
    return words.parts(first).lead + rest


def _ends(claims: Sequence[ClaimVerdict]) -> list[float]:
    intervals = [claim.repeated_interval for claim in claims]
    intervals += [effect.interval_95 for claim in claims for effect in claim.workloads]
    return [end for interval in intervals for end in (interval.low, interval.high)]
