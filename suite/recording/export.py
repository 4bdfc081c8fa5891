"""All trials as tables, for whoever wants to look at them with tools of their own."""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any

import pyarrow as pa
from pyarrow import csv, parquet

from suite.recording import files
from suite.trial_result import EpochRecord, TrialResult

_SCALARS = (str, bool, int, float)
_INT64 = 2**63


def export(results: Mapping[str, TrialResult] | Iterable[TrialResult], folder: Path) -> tuple[Path, ...]:
    """Write trials.parquet, trials.csv (one row per trial) and curves.parquet (one per trial and epoch) to `folder`.

    Settings keep their dotted keys as columns; measurements, `provenance.*` and the rest follow. A value that a trial
    does not have is null; lists and columns of mixed types are JSON text. Raises StoreError if it cannot be written.
    """
    rows = list(results.values() if isinstance(results, Mapping) else results)
    trials = _table([_trial_row(result) for result in rows], first=tuple(_trial_row(_EMPTY)))
    curves = _table(
        [{"trial_id": result.trial_id, **vars(epoch)} for result in rows for epoch in result.epochs],
        first=("trial_id", *(field.name for field in fields(EpochRecord))),
    )
    written: list[tuple[str, Callable[[Path], object]]] = [
        ("trials.parquet", lambda path: parquet.write_table(trials, path)),
        ("trials.csv", lambda path: csv.write_csv(trials, path)),
        ("curves.parquet", lambda path: parquet.write_table(curves, path)),
    ]
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, write in written:
            with files.replacing(folder / name) as temporary:
                write(temporary)
    except OSError as error:
        raise files.refusal(folder, error) from None
    return tuple(folder / name for name, _ in written)


def _trial_row(result: TrialResult) -> dict[str, Any]:
    about = {
        "trial_id": result.trial_id,
        "purpose": result.purpose,
        "status": result.status,
        "reason": result.reason,
        "seed": result.seed,
        "attempt": result.attempt,
        "data_fingerprint": result.data_fingerprint,
        "metric_name": result.metric_name,
        "epochs": len(result.epochs),
        "selected_epoch": result.selected_epoch,
        "test_examples": result.test_examples,
    }
    provenance = {f"provenance.{key}": value for key, value in result.provenance.items()}
    return {**dict(sorted(result.settings.items())), **result.measurements, **provenance, **about}


def _table(rows: Sequence[Mapping[str, Any]], first: Sequence[str]) -> pa.Table:
    """Columns in `first`, then the others in the order in which they turn up."""
    names = dict.fromkeys([*first, *(name for row in rows for name in row)])
    return pa.table({name: _column([row.get(name) for row in rows]) for name in names})


def _column(values: Sequence[Any]) -> pa.Array:
    """One type for the whole column."""
    types = {type(value) for value in values if value is not None}
    if types == {int, float} or types == {float}:
        return pa.array([None if value is None else float(value) for value in values], pa.float64())
    if len(types) == 1 and types <= set(_SCALARS) and not _too_large(values):
        return pa.array(values)
    if not types:
        return pa.array(values, pa.string())
    return pa.array([None if value is None else _text(value) for value in values], pa.string())


def _too_large(values: Sequence[Any]) -> bool:
    return any(type(value) is int and not -_INT64 <= value < _INT64 for value in values)


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


_EMPTY = TrialResult(
    trial_id="",
    settings={},
    seed=0,
    purpose="tuning",
    data_fingerprint="",
    status="failed",
    reason=None,
    epochs=(),
    metric_name="",
    selected_epoch=None,
    measurements={},
    test_correct=None,
    test_examples=0,
)
