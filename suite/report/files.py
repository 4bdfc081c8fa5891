"""What lies beside the page: verdicts as JSON, trials as CSV."""

import csv
import dataclasses
import io
import json
import math
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from suite.recording.files import write
from suite.report.evidence import Evidence, Row


def write_text(path: Path, text: str) -> None:
    """UTF-8 with plain line feeds; whole or not at all, and two processes may do it at once."""
    write(path, text.encode("utf-8"))


def write_json(path: Path, document: Any) -> None:
    """Standard JSON: NaN and infinities as null."""
    write_text(path, json.dumps(as_json(document), ensure_ascii=False, indent=2, allow_nan=False) + "\n")


def verdict_document(evidence: Evidence) -> dict[str, Any]:
    """The verdict with what it is about."""
    ablation = evidence.design.ablation
    about = {
        "tip": ablation.tip,
        "quote": ablation.quote,
        "source": ablation.source,
        "references": list(ablation.references),
    }
    return {**about, "workloads": list(evidence.workloads), **as_json(evidence.verdict)}


def write_csv(path: Path, evidence: Evidence) -> None:
    """One row per stored trial; `row` is the anchor of the same row in index.html."""
    names = sorted({name for row in evidence.rows for name in row.result.measurements})
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([*_record(None), *names])
    for row in evidence.rows:
        writer.writerow([*_record(row).values(), *(row.result.measurements.get(name, "") for name in names)])
    write_text(path, text.getvalue())


def remove_others(folder: Path, *, keep: Collection[Path]) -> None:
    """Figures of an earlier report that this one does not have."""
    names = {path.stem for path in keep}
    for path in [*folder.glob("*.png"), *folder.glob("*.svg")]:
        if path.stem not in names:
            path.unlink(missing_ok=True)


def as_json(value: Any) -> Any:
    """JSON's own types only: dataclasses and mappings as objects, what is not a finite number as null."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: as_json(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return {str(key): as_json(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [as_json(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


def _record(row: Row | None) -> dict[str, Any]:
    run = row.result if row else None
    return {
        "trial_id": run and run.trial_id,
        "row": run and f"index.html#trial-{run.trial_id}",
        "workload": row and row.workload,
        "arms": row and " ".join(row.arms),
        "purpose": run and run.purpose,
        "seed": run and run.seed,
        "point": row and json.dumps(as_json(dict(row.point)), sort_keys=True),
        "status": run and run.status,
        "reason": run and run.reason,
        "selected_epoch": run and run.selected_epoch,
        "data_fingerprint": run and run.data_fingerprint,
    }
