"""`suite repro`: one stored trial, run again and compared."""

import math
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from suite.cli import options, study
from suite.cli.console import out, print_json
from suite.errors import StoreError, TrialError
from suite.recording.store import Store
from suite.spec.trials import Trial
from suite.trial_result import TrialResult


def repro(
    trial_id: Annotated[str, typer.Argument(help="As in the report's tables; the first digits are enough.")],
    results: options.Results = options.DEFAULT_RESULTS,
    data_dir: options.DataDir = None,
    json: options.Json = False,
) -> None:
    """Run a stored trial again on this machine and compare every number. Exit code 1 if one differs."""
    stored = _find(Store(results), trial_id)
    if stored.status == "failed":
        raise StoreError(
            f"trial {stored.trial_id} could not be run ({stored.reason}): there is nothing to compare with"
        )
    again = _train(stored, *study.data_places(data_dir))
    rows = list(_compare(stored, again))
    same = all(row["same"] for row in rows)
    if json:
        print_json({"trial_id": stored.trial_id, "identical": same, "measurements": rows})
    else:
        table = Table("measurement", "stored", "again", "", title=f"trial {stored.trial_id}, seed {stored.seed}")
        for row in rows:
            verdict = "identical" if row["same"] else "differs"
            table.add_row(str(row["name"]), repr(row["stored"]), repr(row["again"]), verdict)
        out.print(table)
        out.print("Every number is bit-identical." if same else _why(stored, again))
    raise typer.Exit(0 if same else 1)


def _find(store: Store, prefix: str) -> TrialResult:
    results = store.load()
    found = [result for trial_id, result in results.items() if trial_id.startswith(prefix)]
    if len(found) != 1:
        what = "no trial" if not found else f"{len(found)} trials"
        raise StoreError(f"{store.root}: {what} with an id that begins with {prefix!r}, of {len(results)} stored")
    return found[0]


def _train(stored: TrialResult, data_dirs: tuple[Path, ...], cache_dir: Path) -> TrialResult:
    from suite.scheduling.local import train_here  # torch

    trial = Trial(
        settings=stored.settings, seed=stored.seed, purpose=stored.purpose, data_fingerprint=stored.data_fingerprint
    )
    if trial.id != stored.trial_id:
        raise TrialError(
            f"trial {stored.trial_id} was made by another version of the engine; this one would be {trial.id}"
        )
    return train_here(trial, data_dirs, cache_dir)


def _compare(stored: TrialResult, again: TrialResult) -> list[dict[str, object]]:
    pairs: list[tuple[str, object, object]] = [("status", stored.status, again.status)]
    pairs += [
        (name, value, again.measurements.get(name))
        for name, value in stored.measurements.items()
        if "second" not in name  # times and speeds: what no repetition gives again
    ]
    for name in ("train_loss", "train_metric", "val_loss", "val_metric", "gradient_norm"):
        pairs.append((f"{name}, all epochs", *(tuple(getattr(e, name) for e in run.epochs) for run in (stored, again))))  # type: ignore[arg-type]
    pairs.append(("per-example correctness", stored.test_correct, again.test_correct))
    for name, parts in stored.test_shares.items():
        pairs.append((f"per-example parts in {name}", parts, again.test_shares.get(name)))
    return [{"name": name, "stored": _shown(a), "again": _shown(b), "same": _same(a, b)} for name, a, b in pairs]


def _same(a: object, b: object) -> bool:
    if isinstance(a, float) and isinstance(b, float) and math.isnan(a):
        return math.isnan(b)
    if isinstance(a, tuple) and isinstance(b, tuple):
        return len(a) == len(b) and all(map(_same, a, b))
    return a == b


def _shown(value: object) -> object:
    """Long things by their end."""
    if isinstance(value, tuple):
        return value[-1] if value else None
    return f"…{value[-8:]}" if isinstance(value, str) and len(value) > 40 else value


def _why(stored: TrialResult, again: TrialResult) -> str:
    """Bit-identity holds on one machine with one version of torch; say what changed."""
    keys = sorted({*stored.provenance, *again.provenance})
    changed = [
        f"{key}: {stored.provenance.get(key)} → {again.provenance.get(key)}"
        for key in keys
        if key in ("torch", "cpu", "gpu", "commit") and stored.provenance.get(key) != again.provenance.get(key)
    ]
    return "Numbers differ. " + (
        "Changed since: " + "; ".join(changed) if changed else "Nothing known has changed since."
    )
