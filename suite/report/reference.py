"""Published verdicts: every claim of the ablations at a scale in a sentence, with where the numbers come from.

For people as Markdown, for programs as JSON; `suite report --publish results/reference` writes both. Ablations that
were published earlier stay until they are published anew, so that no machine has to hold the trials of all of them.
"""

import json
import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from suite.errors import StoreError
from suite.report import files, numbers, words
from suite.report.markdown import escape, tidy
from suite.spec.design import Design
from suite.spec.metrics import METRICS
from suite.trial_result import TrialResult
from suite.verdict.models import AblationVerdict, ClaimVerdict
from suite.verdict.multiplicity import FALSE_DISCOVERY_RATE, over_catalogue
from suite.verdict.units import margin_in_unit

Judged = Sequence[tuple[Design, AblationVerdict]]
Entry = dict[str, Any]
"""As in the JSON file: an ablation, one of its claims, or a study of several that were published in one go."""
_SOURCES = {"commit": "commit", "torch": "torch", "ray": "Ray", "python": "Python", "cpu": "processor", "gpu": "GPU"}

_ORIGINS = "Published in several goes; a go's trials include those of its ablations that were published again later."
_ASKED = ("variant", "reference", "metric", "expect")
"""What a claim says, but for its margin."""


def write_reference(
    judged: Judged,
    results: Mapping[str, TrialResult],
    folder: Path,
    *,
    scale: str,
    catalogue: Sequence[Design] = (),
    catalogue_size: int = 0,
) -> list[str]:
    """Adds the verdicts of which something was measured to SCALE.md and SCALE.json in `folder`.

    The correction is for one primary claim of each of `catalogue_size` ablations, or of each that is published if those
    are more. What was published earlier of an ablation of the `catalogue` that makes other claims now, or trains
    something else, is left out; the result is the ids of those that were not published anew.
    Raises StoreError if the files cannot be written, or what was published earlier cannot be read.
    """
    path = folder / f"{scale}.md"
    measured = [item for item in judged if any(claim.pairs for claim in item[1].claims)]
    ablations, studies = _published(path.with_suffix(".json"))
    outdated = _outdated(ablations, catalogue)
    ablations, studies = _without(ablations, studies, outdated)
    if measured:
        new = [_ablation(design, verdict) for design, verdict in measured]
        ablations, studies = _without(ablations, studies, {ablation["id"] for ablation in new})
        ablations = sorted([*ablations, *new], key=lambda ablation: ablation["id"])
        used = [results[name] for name in sorted(_trials(measured) & results.keys())]
        studies = [*studies, _study([ablation["id"] for ablation in new], used)]
    _correct(ablations, catalogue_size)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        files.write_text(path, markdown(ablations, studies, scale=scale))
        record = {"scale": scale, "studies": studies, "ablations": ablations}
        files.write_text(path.with_suffix(".json"), json.dumps(record, ensure_ascii=False, indent=1) + "\n")
    except OSError as error:
        raise StoreError(f"--publish {folder}: cannot be written ({error.strerror or error})") from error
    return sorted(outdated - {ablation["id"] for ablation in ablations})


def _published(path: Path) -> tuple[list[Entry], list[Entry]]:
    """Ablations, and the studies they came from; nothing where there is no such file."""
    if not path.exists():
        return [], []
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
        ablations, studies = record["ablations"], record["studies"]
        _correct(ablations, 0)
        markdown(ablations, studies, scale=record["scale"])  # both raise where anything is missing
        return ablations, studies
    except (OSError, ValueError, LookupError, TypeError, AttributeError, StopIteration) as error:
        message = f"--publish {path}: cannot be read as published verdicts; move it away to publish afresh"
        raise StoreError(message) from error


def _outdated(ablations: Iterable[Entry], catalogue: Iterable[Design]) -> set[str]:
    """Ids of those that make other claims now, or train something else."""
    current = {design.ablation.id: design for design in catalogue}
    return {entry["id"] for entry in ablations if entry["id"] in current and not is_of(entry, current[entry["id"]])}


def is_of(entry: Entry, design: Design) -> bool:
    """Whether what was published of an ablation is of its present spec; of what trainings was not always told."""
    made = {claim["name"]: [claim[key] for key in _ASKED] for claim in entry["claims"]}
    asked = {name: [getattr(claim, key) for key in _ASKED] for name, claim in design.ablation.claims.items()}
    return made == asked and _has_margins(entry, design) and entry.get("trainings") in (None, design.trainings)


def _has_margins(entry: Entry, design: Design) -> bool:
    """Whether each margin that the spec declares is the one that was judged by; others depend on what was measured."""
    declared = {name: claim for name, claim in design.ablation.claims.items() if claim.margin is not None}
    return all(
        math.isclose(margin, margin_in_unit(METRICS[claim["metric"]], declared[claim["name"]].margin, None))
        for claim in entry["claims"]
        if claim["name"] in declared
        for margin in claim["margins"].values()
    )


def _without(
    ablations: Sequence[Entry], studies: Sequence[Entry], gone: Collection[str]
) -> tuple[list[Entry], list[Entry]]:
    """What is left without the ablations of these ids, and studies of which something is left."""
    kept = [ablation for ablation in ablations if ablation["id"] not in gone]
    cut = [{**study, "ablations": [name for name in study["ablations"] if name not in gone]} for study in studies]
    return kept, [study for study in cut if study["ablations"]]


def _correct(ablations: Iterable[Entry], catalogue_size: int) -> None:
    """Adjusts the p-values of the primary claims to one another."""
    primary = [_primary(ablation) for ablation in ablations]
    if primary:
        p_values = [math.nan if claim["p"] is None else claim["p"] for claim in primary]
        for claim, adjusted in zip(primary, over_catalogue(p_values, catalogue_size).adjusted, strict=True):
            claim["adjusted_p"] = adjusted


def _primary(ablation: Entry) -> Entry:
    claim: Entry = next(claim for claim in ablation["claims"] if claim["primary"])
    return claim


def markdown(ablations: Sequence[Entry], studies: Sequence[Entry], *, scale: str) -> str:
    """The tips in a table, then all claims in another, and what they were made from."""
    outcomes = [_primary(ablation)["outcome"] for ablation in ablations]
    counts = ", ".join(f"{outcomes.count(outcome)} {outcome}" for outcome in ("supported", "contradicted", "undecided"))
    rate = numbers.percent(FALSE_DISCOVERY_RATE)
    lines = [
        f"# Verdicts at scale `{scale}`",
        f"{_plural(len(ablations), 'ablation')}. The primary claims: {counts}. Written by `suite report --publish`; "
        "how a verdict is reached: [docs/verdict.md](../../docs/verdict.md).",
        _ORIGINS * (len(studies) > 1),
        "\n".join(_origin(study, of_all=len(studies) == 1) for study in studies),
        "## The tips",
        f"Each by its primary claim; p adjusted for the whole catalogue (Benjamini and Hochberg, {rate} false). Where "
        f"it is above {rate}, the ablation by itself says so, but of so many a few may be expected to be false.",
        "| tip | outcome | what was measured | adjusted p |\n| --- | --- | --- | --- |\n"
        + "\n".join(map(_tip, ablations)),
        "## All claims",
        "| ablation | claim | outcome | what was measured |\n| --- | --- | --- | --- |\n"
        + "\n".join(_row(ablation, claim) for ablation in ablations for claim in ablation["claims"]),
    ]
    return tidy("\n\n".join(lines))


def _origin(study: Entry, *, of_all: bool) -> str:
    names = "" if of_all else ": " + ", ".join(f"`{name}`" for name in study["ablations"])
    made_from = "; ".join(f"{_SOURCES[key]} {escape(', '.join(found))}" for key, found in study["made_from"].items())
    hours = f"{study['hours']:.1f} hours of training"
    return f"- {_plural(study['trials'], 'trial')}, {hours} ({made_from}){names}."


def _plural(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'s' * (count != 1)}"


def _tip(ablation: Entry) -> str:
    claim = _primary(ablation)
    tip = f"[{escape(ablation['tip'])}](../../docs/catalogue.md#{ablation['id']})"
    p = numbers.p_value(claim["adjusted_p"]) if claim["verdict"] != "inconclusive" else ""
    return f"| {tip} | {_marked(claim)} | {escape(claim['sentence'])} | {escape(p)} |"


def _row(ablation: Entry, claim: Entry) -> str:
    link = f"[{ablation['id']}](../../docs/catalogue.md#{ablation['id']})"
    name = f"{escape(claim['name'])}{' (primary)' if claim['primary'] else ''}"
    return f"| {link} | {name} | {_marked(claim)} | {escape(claim['sentence'])} |"


def _marked(claim: Entry) -> str:
    outcome: str = claim["outcome"]
    return f"**{outcome}**" if outcome != "undecided" else outcome


def _ablation(design: Design, verdict: AblationVerdict) -> Entry:
    return {
        "id": design.ablation.id,
        "tip": design.ablation.tip,
        "workloads": [workload.id for workload in design.workloads],
        "trainings": design.trainings,
        "claims": [_claim(claim, primary=claim is words.primary(verdict)) for claim in verdict.claims],
    }


def _claim(claim: ClaimVerdict, *, primary: bool) -> Entry:
    """Effects are variant against reference; in margins, more is better. None where nothing is known yet."""
    return {
        "name": claim.name,
        "primary": primary,
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
        "adjusted_p": None,
        "sentence": words.sentence(claim) + words.doubt(claim),
    }


def _known(value: float) -> float | None:
    return value if math.isfinite(value) else None


def _trials(judged: Judged) -> set[str]:
    return {entry.trial.id for design, _ in judged for entry in design.roster()}


def _study(ids: Iterable[str], used: Sequence[TrialResult]) -> Entry:
    """What was published in one go; of the trials' provenance each value once."""
    found: dict[str, set[str]] = {key: set() for key in _SOURCES}
    for result in used:
        for key in _SOURCES:
            if result.provenance.get(key):
                value = str(result.provenance[key])
                found[key].add(value[:7] if key == "commit" else value)
    return {
        "made_from": {key: sorted(values) for key, values in found.items() if values},
        "trials": len(used),
        "hours": math.fsum(result.measurements.get("total_seconds", 0.0) for result in used) / 3600,
        "ablations": sorted(ids),
    }
