"""Published verdicts: every claim of the ablations at a scale in a sentence, with where the numbers come from.

For people as Markdown, for programs as JSON; `suite report --publish results/reference` writes both.
"""

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from suite.errors import StoreError
from suite.report import files, numbers, words
from suite.report.markdown import escape, tidy
from suite.spec.design import Design
from suite.trial_result import TrialResult
from suite.verdict.models import AblationVerdict, ClaimVerdict
from suite.verdict.multiplicity import FALSE_DISCOVERY_RATE, over_catalogue

Judged = Sequence[tuple[Design, AblationVerdict]]
_SOURCES = {"commit": "commit", "torch": "torch", "ray": "Ray", "python": "Python", "cpu": "processor", "gpu": "GPU"}


def write_reference(
    judged: Judged,
    results: Mapping[str, TrialResult],
    folder: Path,
    *,
    scale: str,
    catalogue_size: int | None = None,
) -> Path:
    """Writes SCALE.md and SCALE.json into `folder`; gives the former. Raises StoreError if that cannot be done.

    `catalogue_size` is the number of primary claims that the correction is for: at least as many as are published.
    """
    path = folder / f"{scale}.md"
    primary = [words.primary(verdict) for _, verdict in judged]
    found = over_catalogue([claim.p_verdict for claim in primary], catalogue_size) if judged else None
    adjusted = dict(zip((design.ablation.id for design, _ in judged), found.adjusted if found else (), strict=True))
    used = [results[name] for name in sorted(_trials(judged) & results.keys())]
    entries = [_entry(design, verdict, adjusted[design.ablation.id]) for design, verdict in judged]
    try:
        folder.mkdir(parents=True, exist_ok=True)
        files.write_text(path, markdown(judged, used, adjusted, scale=scale))
        record = {"scale": scale, "made_from": _sources(used), "trials": len(used), "ablations": entries}
        files.write_text(path.with_suffix(".json"), json.dumps(record, ensure_ascii=False, indent=1) + "\n")
    except OSError as error:
        raise StoreError(f"--publish {folder}: cannot be written ({error.strerror or error})") from error
    return path


def markdown(judged: Judged, used: Sequence[TrialResult], adjusted: Mapping[str, float], *, scale: str) -> str:
    """The tips in a table, then all claims in another, and what they were made from."""
    primary = {design.ablation.id: words.primary(verdict) for design, verdict in judged}
    counts = {
        outcome: sum(claim.outcome == outcome for claim in primary.values())
        for outcome in ("supported", "contradicted", "undecided")
    }
    hours = sum(result.measurements.get("total_seconds", 0.0) for result in used) / 3600
    size = f"{len(judged)} ablation{'s' * (len(judged) != 1)}, {len(used):,} trials, {hours:.1f} hours of training"
    rate = numbers.percent(FALSE_DISCOVERY_RATE)
    lines = [
        f"# Verdicts at scale `{scale}`",
        f"{size}. The primary claims: "
        + ", ".join(f"{count} {outcome}" for outcome, count in counts.items())
        + ". Written by `suite report --publish`; how a verdict is reached: [docs/verdict.md](../../docs/verdict.md).",
        "Made from "
        + "; ".join(f"{_SOURCES[key]} {escape(', '.join(found))}" for key, found in _sources(used).items())
        + ".",
        "## The tips",
        f"Each by its primary claim; p adjusted for the whole catalogue (Benjamini and Hochberg, {rate} false).",
        "| tip | outcome | what was measured | adjusted p |\n| --- | --- | --- | --- |\n"
        + "\n".join(_tip(design, primary[design.ablation.id], adjusted) for design, _ in judged),
        "## All claims",
        "| ablation | claim | outcome | what was measured |\n| --- | --- | --- | --- |\n"
        + "\n".join(_row(design, claim) for design, verdict in judged for claim in verdict.claims),
    ]
    return tidy("\n\n".join(lines))


def _tip(design: Design, claim: ClaimVerdict, adjusted: Mapping[str, float]) -> str:
    tip = f"[{escape(design.ablation.tip)}](../../docs/catalogue.md#{design.ablation.id})"
    p = numbers.p_value(adjusted[design.ablation.id]) if claim.verdict != "inconclusive" else ""
    return f"| {tip} | {_marked(claim)} | {escape(words.sentence(claim))} | {escape(p)} |"


def _row(design: Design, claim: ClaimVerdict) -> str:
    ablation = f"[{design.ablation.id}](../../docs/catalogue.md#{design.ablation.id})"
    name = f"{escape(claim.name)}{' (primary)' if claim.primary else ''}"
    return f"| {ablation} | {name} | {_marked(claim)} | {escape(words.sentence(claim))} |"


def _marked(claim: ClaimVerdict) -> str:
    return f"**{claim.outcome}**" if claim.outcome != "undecided" else claim.outcome


def _entry(design: Design, verdict: AblationVerdict, adjusted: float) -> dict[str, Any]:
    return {
        "id": design.ablation.id,
        "tip": design.ablation.tip,
        "workloads": [workload.id for workload in design.workloads],
        "claims": [_numbers(claim, adjusted if claim.primary else None) for claim in verdict.claims],
    }


def _numbers(claim: ClaimVerdict, adjusted: float | None) -> dict[str, Any]:
    """Effects are variant against reference; in margins, more is better. None where nothing is known yet."""
    return {
        "name": claim.name,
        "primary": claim.primary,
        "variant": claim.variant,
        "reference": claim.reference,
        "metric": claim.metric,
        "unit": claim.unit,
        "expect": claim.expect,
        "verdict": claim.verdict,
        "outcome": claim.outcome,
        "pairs": claim.pairs,
        "effect": _known(claim.raw_effect),
        "effect_in_margins": _known(claim.effect),
        "interval_in_margins": [_known(claim.repeated_interval.low), _known(claim.repeated_interval.high)],
        "margins": {effect.workload: effect.margin for effect in claim.workloads},
        "p": _known(claim.p_verdict),
        "adjusted_p": adjusted,
        "sentence": words.sentence(claim),
    }


def _known(value: float) -> float | None:
    return value if math.isfinite(value) else None


def _trials(judged: Judged) -> set[str]:
    return {entry.trial.id for design, _ in judged for entry in design.roster()}


def _sources(used: Iterable[TrialResult]) -> dict[str, list[str]]:
    """Whatever the trials' provenance names, each once."""
    found: dict[str, set[str]] = {key: set() for key in _SOURCES}
    for result in used:
        for key in _SOURCES:
            if result.provenance.get(key):
                value = str(result.provenance[key])
                found[key].add(value[:7] if key == "commit" else value)
    return {key: sorted(values) for key, values in found.items() if values}
