"""Published verdicts: every claim of the ablations at a scale in a sentence, with where the numbers come from.

For people as Markdown, for programs as JSON; `suite report --publish results/reference` writes both.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from suite.errors import StoreError
from suite.report import files, words
from suite.report.markdown import escape, tidy
from suite.spec.design import Design
from suite.trial_result import TrialResult
from suite.verdict.models import AblationVerdict, ClaimVerdict

Judged = Sequence[tuple[Design, AblationVerdict]]
_SOURCES = {"commit": "commit", "torch": "torch", "ray": "Ray", "python": "Python", "cpu": "processor", "gpu": "GPU"}


def write_reference(judged: Judged, results: Mapping[str, TrialResult], folder: Path, *, scale: str) -> Path:
    """Writes SCALE.md and SCALE.json into `folder`; gives the former. Raises StoreError if that cannot be done."""
    path = folder / f"{scale}.md"
    entries = [_entry(design, verdict) for design, verdict in judged]
    used = [results[name] for name in sorted(_trials(judged) & results.keys())]
    try:
        folder.mkdir(parents=True, exist_ok=True)
        files.write_text(path, markdown(judged, used, scale=scale))
        record = {"scale": scale, "made_from": _sources(used), "trials": len(used), "ablations": entries}
        files.write_text(path.with_suffix(".json"), json.dumps(record, ensure_ascii=False, indent=1) + "\n")
    except OSError as error:
        raise StoreError(f"--publish {folder}: cannot be written ({error.strerror or error})") from error
    return path


def markdown(judged: Judged, used: Sequence[TrialResult], *, scale: str) -> str:
    """A table of all claims, and what they were made from."""
    counts = {
        outcome: sum(claim.outcome == outcome for _, verdict in judged for claim in verdict.claims if claim.primary)
        for outcome in ("supported", "contradicted", "undecided")
    }
    hours = sum(result.measurements.get("total_seconds", 0.0) for result in used) / 3600
    size = f"{len(judged)} ablation{'s' * (len(judged) != 1)}, {len(used):,} trials, {hours:.1f} hours of training"
    lines = [
        f"# Verdicts at scale `{scale}`",
        f"{size}. Of the primary claims "
        + ", ".join(f"{count} are {outcome}" for outcome, count in counts.items())
        + ". Written by `suite report --publish`; how a verdict is reached: [docs/verdict.md](../../docs/verdict.md).",
        "Made from "
        + "; ".join(f"{_SOURCES[key]} {escape(', '.join(found))}" for key, found in _sources(used).items())
        + ".",
        "| ablation | the tip | claim | what was measured |\n| --- | --- | --- | --- |\n"
        + "\n".join(_row(design, claim) for design, verdict in judged for claim in verdict.claims),
    ]
    return tidy("\n\n".join(lines))


def _row(design: Design, claim: ClaimVerdict) -> str:
    name = escape(claim.name)
    cells = (
        f"[{design.ablation.id}](../../docs/catalogue.md#{design.ablation.id})",
        f"**{claim.outcome}**" if claim.outcome != "undecided" else claim.outcome,
        f"**{name}**" if claim.primary else name,
        escape(words.sentence(claim)),
    )
    return f"| {' | '.join(cells)} |"


def _entry(design: Design, verdict: AblationVerdict) -> dict[str, Any]:
    return {
        "id": design.ablation.id,
        "tip": design.ablation.tip,
        "workloads": [workload.id for workload in design.workloads],
        "claims": [
            {
                "name": claim.name,
                "primary": claim.primary,
                "verdict": claim.verdict,
                "outcome": claim.outcome,
                "pairs": claim.pairs,
                "sentence": words.sentence(claim),
            }
            for claim in verdict.claims
        ],
    }


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
