"""The differences that everything rests on: one dot per pair."""

import math
from collections.abc import Sequence
from typing import Any

from suite.report import phrases, words
from suite.report.evidence import Evidence
from suite.report.figures import margins_axis, style
from suite.report.figures.style import Arms, Figure, Panel
from suite.report.scale import is_failed
from suite.verdict.models import ClaimVerdict, WorkloadEffect
from suite.verdict.units import CLAMP

_CROSS = {"marker": "X", "mfc": "none", "mew": 1.1}
_DOT = {"marker": "o", "mec": "white", "mew": 0.4}


def pairs(evidence: Evidence, arms: Arms) -> Figure | None:
    """One panel per claim, a row per workload; None before there is a pair."""
    claims = [claim for claim in evidence.verdict.claims if any(effect.pairs for effect in claim.workloads)]
    if not claims:
        return None
    ends = [pair.effect for claim in claims for effect in claim.workloads for pair in effect.pairs]
    limits = margins_axis.limits(ends)
    return Figure(
        slug="pairs",
        message=_message(evidence, claims),
        caption=(
            "Each dot is one pair: both arms trained with the same seed, on the same split, in the same order. "
            "Seeds run from top to bottom, the bar is the mean. A cross is a pair in which a run diverged or did "
            "not reach the target: at ±10 margins if one did, at 0 if both did. Larger differences are cut off there."
        ),
        panels=tuple(_panel(claim, arms, limits) for claim in claims),
    )


def _panel(claim: ClaimVerdict, arms: Arms, limits: tuple[float, float]) -> Panel:
    shown = [effect for effect in claim.workloads if effect.pairs]
    names = [style.drawable(effect.workload, 18) or f"workload {i + 1}" for i, effect in enumerate(shown)]
    left = max(0.75, 0.18 + 0.078 * max(map(len, names)))
    with style.drawing():
        title, extra = margins_axis.title(claim, arms, joint="−")
        figure, axes = style.canvas(0.88 + extra + 0.62 * len(shown), left=left, top=0.34 + extra, bottom=0.52)
        margins_axis.prepare(axes, *limits, len(shown))
        axes.set_ylim(len(shown) - 0.45, -0.55)
        for row, (effect, name) in enumerate(zip(shown, names, strict=True)):
            margins_axis.row_label(axes, row, name)
            _dots(axes, row, effect, arms.colour(claim.variant))
        axes.set_title(title, x=-left / (4.4 - left - 0.15) + 0.02, pad=6)
        alt = f"Differences by seed, {claim.variant} against {claim.reference}"
        return style.finish(figure, name=style.file_stem("pairs", claim.name), alt=alt)


def _dots(axes: Any, row: int, effect: WorkloadEffect, colour: str) -> None:
    count = len(effect.pairs)
    heights = [row + 0.32 * (2 * index / (count - 1) - 1 if count > 1 else 0.0) for index in range(count)]
    for pair, height in zip(effect.pairs, heights, strict=True):
        cut = is_failed(pair) or abs(pair.effect) >= CLAMP
        marker = _CROSS if is_failed(pair) else _DOT
        place = max(-CLAMP, min(CLAMP, pair.effect)) if cut else pair.effect
        axes.plot([place], [height], color=colour, ms=5.5, ls="none", zorder=4, clip_on=False, **marker)
    if math.isfinite(effect.effect):
        axes.plot([effect.effect] * 2, [row - 0.4, row + 0.4], color=style.INK, lw=1.6, zorder=3)


def _message(evidence: Evidence, claims: Sequence[ClaimVerdict]) -> str:
    chosen = words.primary(evidence.verdict)
    claim = chosen if chosen in claims else claims[0]
    effects = [pair.effect for effect in claim.workloads for pair in effect.pairs]
    better, worse = sum(x > 0 for x in effects), sum(x < 0 for x in effects)
    ties = len(effects) - better - worse
    tied = f", {ties} tied" if ties else ""
    variant, reference = phrases.name(claim.variant), phrases.name(claim.reference)
    count, word = (better, "better") if better >= worse else (worse, "worse")
    return f"{variant} was {word} than {reference} in {count} of {len(effects)} pairs{tied}"
