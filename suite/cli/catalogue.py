"""`suite list`: the catalogue at a glance."""

from rich.table import Table
from rich.text import Text

from suite.cli import options, study
from suite.cli.console import out, print_json
from suite.recording.store import Store
from suite.report.words import short_sentence
from suite.spec.design import Design
from suite.verdict.judge import judge
from suite.verdict.models import AblationVerdict


def list_ablations(
    scale: options.Scale = "quick",
    results: options.Results = options.DEFAULT_RESULTS,
    json: options.Json = False,
) -> None:
    """List the catalogue: every tip, its claims, and what the stored results say of them."""
    opened = study.open_study(study.load_at(scale, None), Store(results), scale=scale)
    verdicts = [judge(design, opened.results) for design in opened.designs]
    if json:
        print_json([_entry(design, verdict) for design, verdict in zip(opened.designs, verdicts, strict=True)])
        return
    table = Table(title_justify="left")
    for column in ("id", "tip", "claim", f"state at {scale}"):
        table.add_column(column, overflow="fold")  # names are there to be copied: no column may cut them off
    for design, verdict in zip(opened.designs, verdicts, strict=True):
        first = True
        for claim in verdict.claims:
            about = (design.ablation.id, design.ablation.tip) if first else ("", "")
            state = short_sentence(claim) if claim.pairs or claim.looks else "not run yet"
            table.add_row(*map(Text, (*about, claim.name + (" (primary)" if claim.primary else ""), state)))
            first = False
        table.add_section()
    out.print(table)


def _entry(design: Design, verdict: AblationVerdict) -> dict[str, object]:
    return {
        "id": design.ablation.id,
        "tip": design.ablation.tip,
        "source": design.ablation.source,
        "scale": design.scale,
        "claims": verdict.claims,
    }
