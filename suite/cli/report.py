"""`suite report`: pages from what is stored, and the verdicts in words."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer
from rich.text import Text

from suite.cli import options, study
from suite.cli.console import note, out, print_json
from suite.cli.study import Study
from suite.errors import InputError
from suite.recording.export import export
from suite.recording.storage import Storage
from suite.recording.store import Store
from suite.report import words
from suite.report.reference import write_reference
from suite.spec.ablation import FOLDER, find_ablations, load_ablation
from suite.verdict.judge import judge
from suite.verdict.models import AblationVerdict

_STYLES = {"supported": "green", "contradicted": "red", "undecided": "yellow"}


@dataclass(frozen=True, kw_only=True)
class WrittenReport:
    """A page on disk and what it says."""

    page: Path
    verdict: AblationVerdict
    figures: tuple[Path, ...]

    @property
    def table(self) -> tuple[list[str], list[list[object]]]:
        """Columns and rows of the verdicts, for W&B."""
        columns = ["claim", "verdict", "outcome", "sentence", "effect_margins", "low", "high", "pairs", "p_verdict"]
        rows: list[list[object]] = [
            [
                claim.name,
                claim.verdict,
                claim.outcome,
                words.sentence(claim),
                claim.effect,
                claim.repeated_interval.low,
                claim.repeated_interval.high,
                claim.pairs,
                claim.p_verdict,
            ]
            for claim in self.verdict.claims
        ]
        return columns, rows


def report(
    names: options.OptionalAblations = None,
    scale: options.Scale = "quick",
    results: options.Results = options.DEFAULT_RESULTS,
    storage: options.Storage = None,
    seeds: options.Seeds = None,
    allow_code: options.AllowCode = False,
    publish: Annotated[
        Path | None, typer.Option("--publish", help="Also add what was measured to SCALE.md and SCALE.json there.")
    ] = None,
    json: options.Json = False,
) -> None:
    """Write the reports of what is stored; several ablations also get an index page. Trains nothing."""
    if storage:
        store = Store(results)
        store.open()
        Storage(storage).pull(store)
    if not results.is_dir():
        raise InputError(
            f"--results {results}: there is no such folder, so there is nothing to report; see `suite run`"
        )
    ablations = study.load_at(scale, names, allow_code=allow_code)
    opened = study.open_study(ablations, Store(results), scale=scale, seeds=seeds, allow_code=allow_code)
    written = write_reports(opened)
    if publish:
        judged = [(design, item.verdict) for design, item in zip(opened.designs, written, strict=True)]
        catalogue = [load_ablation(str(path), allow_code=allow_code) for path in find_ablations(FOLDER)]
        present = [
            study.draft(item, scale=scale, allow_code=allow_code) for item in catalogue if scale in item.workloads
        ]
        gone = write_reference(
            judged, opened.results, publish, scale=scale, catalogue=present, catalogue_size=len(catalogue)
        )
        for name in gone:
            note(f"{name}: claims or trains something else now than was published of it; taken out of {publish}")
    if json:
        print_json([{"report": str(item.page), "verdict": item.verdict} for item in written])
    else:
        print_verdicts(written)


def write_reports(opened: Study) -> list[WrittenReport]:
    """One page per ablation under `reports/ID/SCALE/`, the index beside them, and all trials as tables."""
    from suite.report import catalogue, page  # matplotlib: a second that other commands need not pay

    root = opened.store.root / "reports"
    written = []
    for design in opened.designs:
        verdict = judge(design, opened.results)
        folder = root / design.ablation.id / design.scale
        path = page.write_report(design, verdict, opened.results, folder)
        written.append(
            WrittenReport(page=path, verdict=verdict, figures=tuple(sorted((folder / "figures").glob("*.png"))))
        )
    judged = zip(opened.designs, (item.verdict for item in written), strict=True)
    catalogue.write_index(judged, root, catalogue_size=len(find_ablations(FOLDER)))
    export(opened.results, opened.store.root / "exports")
    return written


def print_verdicts(written: Sequence[WrittenReport]) -> None:
    """Each claim in a sentence, the one that the tip stands or falls with marked, and where the report lies."""
    for item in written:
        out.print(Text(item.verdict.ablation, style="bold"), Text(f"({item.verdict.scale})", style="dim"))
        for claim in item.verdict.claims:
            mark = Text(f"  {claim.outcome:<13}", style=_STYLES[claim.outcome])
            name = (f"{claim.name}{' (primary)' if claim.primary else ''}: ", "dim")
            out.print(Text.assemble(mark, name, words.sentence(claim)), soft_wrap=True)
            for warning in claim.warnings:
                out.print(Text(f"{'':15}note: {warning}", style="dim"), soft_wrap=True)
        out.print(Text(f"  report: {item.page}"), soft_wrap=True)
