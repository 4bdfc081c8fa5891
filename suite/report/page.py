"""One ablation's report: a self-contained page, the same in Markdown, figures, verdicts as JSON and trials as CSV."""

import re
import shlex
from collections.abc import Mapping, Sequence
from importlib import resources
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from suite.errors import StoreError
from suite.report import diagnosis_table, files, learning_table, markdown, phrases, record_tables, tables, words
from suite.report.evidence import Evidence
from suite.spec.design import Design
from suite.trial_result import TrialResult
from suite.verdict.models import AblationVerdict, ClaimVerdict, Verdict

_TONES: Mapping[str, str] = {"no practical difference": "none"}
_PLAIN_LINK = ("https://", "http://")


def write_report(design: Design, verdict: AblationVerdict, results: Mapping[str, TrialResult], folder: Path) -> Path:
    """Writes index.html, report.md, verdict.json, trials.csv and figures/*.{png,svg}; gives the page's path.

    The same input gives the same bytes. Raises StoreError if the folder cannot be written.
    """
    from suite.report.figures import style  # matplotlib: half a second
    from suite.report.figures.every import every_figure

    evidence = Evidence(design, verdict, results)
    figures = every_figure(evidence)
    context = _context(evidence) | {"figures": figures}
    page, text = _html("report.html.jinja", context), _markdown(context)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        drawn = style.write(tuple(figures.values()), folder / "figures")
        files.remove_others(folder / "figures", keep=drawn)
        files.write_json(folder / "verdict.json", files.verdict_document(evidence))
        files.write_csv(folder / "trials.csv", evidence)
        files.write_text(folder / "report.md", text)
        files.write_text(folder / "index.html", page)
    except OSError as error:
        raise StoreError(f"{folder}: the report cannot be written ({error.strerror or error})") from error
    return folder / "index.html"


def environment() -> Environment:
    """Jinja with everything escaped; an unknown name in a template is an error."""
    found = Environment(
        loader=PackageLoader("suite.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    found.globals["tone"] = tone
    found.filters |= {"sentence": _as_sentence, "headings": _headings, "badge": words.badge, "stands": words.stands}
    return found


def stylesheet() -> Markup:
    """The style sheet that every page carries inside itself."""
    return Markup((resources.files("suite.report") / "templates" / "style.css").read_text(encoding="utf-8"))  # noqa: S704


def tone(verdict: Verdict) -> str:
    """The CSS class that colours a verdict."""
    return _TONES.get(verdict, verdict)


def language(text: str) -> str:
    """`zh` for a text with Chinese characters, else `en`: the page's fonts depend on it."""
    return "zh" if any("\u4e00" <= character <= "\u9fff" for character in text) else "en"


def _html(template: str, context: dict[str, Any]) -> str:
    return environment().get_template(template).render(**context, css=stylesheet()) + "\n"


def _markdown(context: dict[str, Any]) -> str:
    plain = Environment(
        loader=PackageLoader("suite.report"),
        autoescape=False,  # noqa: S701 - Markdown has its own escaping, the filter `md`
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    plain.filters |= {"md": markdown.escape, "md_table": markdown.table, "stands": words.stands}
    return markdown.tidy(plain.get_template("report.md.jinja").render(**context, sections=_sections(context)))


def _context(evidence: Evidence) -> dict[str, Any]:
    verdict = evidence.verdict
    primary = words.primary(verdict)
    return {
        "ablation": evidence.design.ablation,
        "scale": verdict.scale,
        "quote_language": language(evidence.design.ablation.quote),
        "references": [_reference(reference) for reference in evidence.design.ablation.references],
        "workloads": evidence.workloads,
        "primary": primary,
        "primary_parts": words.parts(primary),
        "answer": words.answer(verdict),
        "expected": words.outcome(primary),
        "clearly": phrases.margin_range(primary) if primary.strong else "",
        "measured_on": phrases.listed(evidence.workloads),
        "plain_interval": words.plain_interval(primary),
        "other_claims": [
            (claim, words.sentence(claim), words.expected(claim)) for claim in verdict.claims if claim is not primary
        ],
        "warnings": tables.any_warning(verdict.claims),
        "has_looks": any(words.is_measured(claim) for claim in verdict.claims),
        "nothing_measured": not evidence.rows,
        "failure_sentence": _failure_sentence(verdict.claims),
        "trials_failed": verdict.trials_failed,
        "commands": _commands(evidence),
        "run_command": _commands(evidence)[0],
        "anchors": frozenset(row.result.trial_id for row in evidence.rows),
    } | _tables(evidence)


def _tables(evidence: Evidence) -> dict[str, Any]:
    verdict = evidence.verdict
    with_pairs = [claim for claim in verdict.claims if any(effect.pairs for effect in claim.workloads)]
    diagnosis, diagnosis_line = diagnosis_table.curve_diagnosis(evidence)
    return {
        "diagnosis": diagnosis,
        "diagnosis_line": diagnosis_line,
        "reached": learning_table.reached(evidence),
        "along_the_way": learning_table.along_the_way(evidence),
        "claims_table": tables.turned(tables.claims(verdict)),
        "by_workload": [tables.by_workload(claim) for claim in with_pairs],
        "looks": [tables.looks(claim) for claim in verdict.claims if claim.looks],
        "pairs": [tables.pairs(claim) for claim in with_pairs],
        "failures": tables.failures(verdict),
        "detectable": tables.detectable(verdict),
        "at_default": tables.at_default(evidence),
        "costs": tables.costs(evidence),
        "sweep": record_tables.sweep(evidence),
        "differences": [record_tables.differences(evidence, workload) for workload in evidence.workloads],
        "common": [record_tables.common(evidence, workload) for workload in evidence.workloads],
        "trials": record_tables.trials(evidence),
        "environment": record_tables.environment(evidence),
    }


def _sections(context: Mapping[str, Any]) -> list[tuple[str, tuple[str, ...], list[tables.Table]]]:
    """What the Markdown file holds, in the page's order: heading, figures, tables."""
    seen = context["has_looks"]
    return [
        ("What was measured", ("forest",), [context["claims_table"], *context["by_workload"]] if seen else []),
        ("How the arms learn", ("curves",), [context["reached"], context["diagnosis"], context["along_the_way"]]),
        ("Seed by seed", ("pairs",), []),
        ("What the networks find", ("recall", "answers"), []),
        ("What the first layer looks for", ("filters",), []),
        ("Sensitivity to what was swept", ("sensitivity",), []),
        ("Cost against quality", ("cost",), [context["costs"]]),
        ("What tuning changes", ("default", "budget"), [context["at_default"]]),
        ("Failures", (), [context["failures"]]),
        ("What could not be seen", (), [context["detectable"]] if seen else []),
        ("Settings", (), context["differences"]),
        ("Environment", (), [context["environment"]]),
        ("Every number and its trials", (), context["pairs"]),
    ]


def _reference(reference: str) -> dict[str, str]:
    """A link only where it is one on the web; anything else stays text."""
    is_link = reference.startswith(_PLAIN_LINK)
    label = reference.removeprefix("https://").removeprefix("http://").removesuffix("/")
    return {"label": label if is_link else reference, "href": reference if is_link else ""}


def _commands(evidence: Evidence) -> list[str]:
    """What to type for the whole, for this page, and for one trial of the primary claim."""
    path = Path(evidence.design.ablation.path)
    name = f"ablations/{path.name}" if path.parent.name == "ablations" else path.name
    scale = [] if evidence.design.scale == "quick" else ["--scale", evidence.design.scale]
    commands = [shlex.join(["suite", command, name, *scale]) for command in ("run", "report")]
    pairs = [pair for effect in words.primary(evidence.verdict).workloads for pair in effect.pairs]
    stored = [pair.variant_trial_id for pair in pairs] or [row.result.trial_id for row in evidence.rows]
    return [*commands, *(shlex.join(["suite", "repro", trial_id]) for trial_id in stored[:1])]


def _failure_sentence(claims: Sequence[ClaimVerdict]) -> str:
    found = [f"{phrases.failures(claim)} ({claim.name})" for claim in claims if phrases.failures(claim)]
    if found:
        return f"{'; '.join(found)}. The bounds are exact (Clopper and Pearson): what so few runs still allow."
    return (
        "No run that was scored diverged, and each reached its target (tuning runs that diverged stand in the sweeps). "
        "The bounds are exact (Clopper and Pearson): "
        "they say how often it might still happen."
    )


def _headings(body: str) -> list[tuple[str, Markup]]:
    """(id, title) of the sections in a rendered body, for the page's table of contents."""
    found = re.findall(r'<section id="([a-z]+)">\s*<h2>(.*?)</h2>', body)
    return [(name, Markup(title)) for name, title in found]  # noqa: S704


def _as_sentence(text: str) -> str:
    """A capital first and a full stop last."""
    return f"{text[:1].upper()}{text[1:]}." if text else ""
