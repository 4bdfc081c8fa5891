"""The catalogue at a glance: every tip with its answer, on one page."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from suite.errors import StoreError
from suite.report import files, numbers, words
from suite.report.page import environment, language, stylesheet
from suite.report.scale import raw_effect
from suite.spec.design import Design
from suite.verdict.models import AblationVerdict, ClaimVerdict, Interval
from suite.verdict.multiplicity import FALSE_DISCOVERY_RATE, over_catalogue
from suite.verdict.units import CLAMP

_WIDTH, _HEIGHT, _PAD = 176.0, 26.0, 8.0


@dataclass(frozen=True, kw_only=True)
class Mini:
    """A forest plot of one line, in pixels of a 176 x 26 drawing."""

    zone: tuple[float, float]
    """Left edge and width of the no-difference zone."""
    zero: float
    repeated: tuple[float, float] | None
    plain_95: tuple[float, float] | None
    dot: float | None
    alt: str


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One line of the catalogue."""

    id: str
    tip: str
    quote: str
    quote_language: str
    scale: str
    link: str
    claim: ClaimVerdict
    sentence: str
    effect: str
    mini: Mini
    adjusted_p: str
    """Empty while undecided."""
    stands: bool
    """Still significant after Benjamini and Hochberg's step over the whole catalogue."""


def write_index(
    judged: Iterable[tuple[Design, AblationVerdict]], folder: Path, *, catalogue_size: int | None = None
) -> Path:
    """Writes index.html over the reports in `folder`/ID/SCALE/; gives its path.

    `catalogue_size` is the number of primary claims that the correction is for: at least as many as are shown.
    Raises StoreError if the folder cannot be written.
    """
    entries = _entries(list(judged), catalogue_size)
    counts = {
        kind: sum(entry.claim.outcome == kind for entry in entries)
        for kind in ("supported", "contradicted", "undecided")
    }
    page = environment().get_template("catalogue.html.jinja").render(
        css=stylesheet(),
        entries=entries,
        counts=counts,
        standing=sum(entry.stands for entry in entries),
        size=max(len(entries), catalogue_size or 0),
        rate=numbers.percent(FALSE_DISCOVERY_RATE),
        width=_WIDTH,
        height=_HEIGHT,
    )  # fmt: skip
    try:
        folder.mkdir(parents=True, exist_ok=True)
        files.write_text(folder / "index.html", page + "\n")
    except OSError as error:
        raise StoreError(f"{folder}: the index cannot be written ({error.strerror or error})") from error
    return folder / "index.html"


def _entries(judged: Sequence[tuple[Design, AblationVerdict]], catalogue_size: int | None) -> list[Entry]:
    claims = [words.primary(verdict) for _, verdict in judged]
    found = over_catalogue([claim.p_verdict for claim in claims], catalogue_size)
    limit = _limit(claims)
    return [
        _entry(design, verdict, claim, adjusted, stands, limit)
        for (design, verdict), claim, adjusted, stands in zip(
            judged, claims, found.adjusted, found.rejected, strict=True
        )
    ]


def _entry(
    design: Design, verdict: AblationVerdict, claim: ClaimVerdict, adjusted: float, stands: bool, limit: float
) -> Entry:
    raw = raw_effect(claim)
    decided = claim.verdict != "inconclusive"
    return Entry(
        id=design.ablation.id,
        tip=design.ablation.tip,
        quote=design.ablation.quote,
        quote_language=language(design.ablation.quote),
        scale=verdict.scale,
        link=f"{design.ablation.id}/{design.scale}/index.html",
        claim=claim,
        sentence=words.sentence(claim),
        effect=numbers.change(raw.centre, claim.metric) if words.is_measured(claim) else numbers.NOTHING,
        mini=_mini(claim, limit),
        adjusted_p=numbers.p_value(adjusted) if decided else "",
        stands=stands and decided,
    )


def _limit(claims: Sequence[ClaimVerdict]) -> float:
    """Half the width of the common axis, in margins."""
    ends = [abs(end) for claim in claims for end in (claim.interval_95.low, claim.interval_95.high, claim.effect)]
    return min(CLAMP, max([2.0, *(end for end in ends if math.isfinite(end))]))


def _mini(claim: ClaimVerdict, limit: float) -> Mini:
    def place(margins: float) -> float:
        share = (max(-limit, min(limit, margins)) + limit) / (2 * limit)
        return round(_PAD + share * (_WIDTH - 2 * _PAD), 2)

    def line(interval: Interval) -> tuple[float, float] | None:
        known = math.isfinite(interval.low) and math.isfinite(interval.high)
        return (place(interval.low), place(interval.high)) if known else None

    return Mini(
        zone=(place(-1), round(place(1) - place(-1), 2)),
        zero=place(0),
        repeated=line(claim.repeated_interval),
        plain_95=line(claim.interval_95),
        dot=place(claim.effect) if math.isfinite(claim.effect) else None,
        alt=f"effect {numbers.signed(claim.effect, 1)} margins" if math.isfinite(claim.effect) else "no effect yet",
    )
