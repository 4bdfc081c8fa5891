"""What a W&B run holds, as plain values: pure functions, without wandb."""

import dataclasses
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from suite.recording.provenance import scrub
from suite.trial_result import EpochRecord, TrialResult, Value

_LONGEST_NAME, _LONGEST_TAG = 128, 64
_SHORT = {"accuracy": "acc"}


@dataclass(frozen=True, kw_only=True)
class WandbRun:
    """One run, ready to be written. `images` maps names to PNG files."""

    key: str
    """What the index of recorded runs calls it: a success is recorded even after a failure of the same id."""
    id: str
    name: str
    group: str
    job_type: str
    tags: tuple[str, ...]
    config: Mapping[str, Any]
    history: tuple[Mapping[str, Any], ...] = ()
    """One mapping per epoch, with `epoch` in it."""
    summary: Mapping[str, Any] = field(default_factory=dict)
    columns: tuple[str, ...] = ()
    rows: tuple[tuple[Any, ...], ...] = ()
    images: Mapping[str, str] = field(default_factory=dict)

    def to_line(self) -> str:
        """One line of JSON (NaN as Python writes it)."""
        return json.dumps(dataclasses.asdict(self), default=str)


def trial_run(
    result: TrialResult, *, ablation: str, workload: str, arm: str, swept: Mapping[str, Value], scale: str
) -> WandbRun:
    """A trial as a run: its id is the trial's, its step the epoch."""
    failed = ":failed" if result.status == "failed" else ""
    about = {
        "ablation": ablation,
        "arm": arm,
        "workload": workload,
        "scale": scale,
        "purpose": result.purpose,
        "seed": result.seed,
        "data_fingerprint": result.data_fingerprint,
        "attempt": result.attempt,
        "provenance": dict(result.provenance),
    }
    outcome = {"status": result.status, "selected_epoch": result.selected_epoch, "epochs": len(result.epochs)}
    return WandbRun(
        key=result.trial_id + failed,
        id=result.trial_id,
        name=run_name(result, ablation=ablation, arm=arm, swept=swept),
        group=ablation[:_LONGEST_NAME],
        job_type=arm[:_LONGEST_TAG],
        tags=tuple(tag[:_LONGEST_TAG] for tag in dict.fromkeys((workload, result.purpose, scale, result.status))),
        config={**result.settings, **about},
        history=tuple(_curve_point(epoch, result.metric_name) for epoch in result.epochs),
        summary={
            **{key: value for key, value in outcome.items() if value is not None},
            **({"reason": scrub(result.reason)} if result.reason else {}),
            **result.measurements,
        },
    )


def ablation_run(
    *, ablation: str, scale: str, columns: Sequence[str], rows: Sequence[Sequence[Any]], figures: Sequence[Path]
) -> WandbRun:
    """An ablation's verdicts as a run; another table makes another run."""
    content = json.dumps([list(columns), [list(row) for row in rows]], default=str)
    identity = f"{ablation}-{scale}-{hashlib.sha256(content.encode()).hexdigest()[:8]}"
    return WandbRun(
        key=identity,
        id=identity,
        name=f"{ablation}-{scale}-verdict"[:_LONGEST_NAME],
        group=ablation[:_LONGEST_NAME],
        job_type="verdict",
        tags=("verdict", scale),
        config={"ablation": ablation, "scale": scale},
        columns=tuple(columns),
        rows=tuple(tuple(row) for row in rows),
        images={path.stem: str(path.absolute()) for path in figures if path.suffix == ".png" and path.is_file()},
    )


def run_name(result: TrialResult, *, ablation: str, arm: str, swept: Mapping[str, Value]) -> str:
    """Such as `bn_vs_dropout-bn-lr0.01-s3-acc98.4`: what was swept, the seed and what came out."""
    points = [_swept(key, value) for key, value in sorted(swept.items())]
    ending = [f"s{result.seed}", _outcome(result)]
    room = _LONGEST_NAME - len("-".join(ending)) - 1
    return "-".join(["-".join([ablation, arm, *points])[:room], *ending])


def _swept(key: str, value: Value) -> str:
    last = key.rpartition(".")[2]
    if isinstance(value, int | float) and not isinstance(value, bool):
        return f"{last}{value:g}" if float(f"{value:g}") == value else f"{last}{value!r}"
    return f"{last}={_plain(value)}"


def _plain(value: Value) -> str:
    return ",".join(map(_plain, value)) if isinstance(value, tuple) else str(value).lower()


def _outcome(result: TrialResult) -> str:
    """The test metric in percent, else the validation metric, else what went wrong."""
    if result.status != "completed":
        return result.status
    name = result.metric_name
    label = _SHORT.get(name, name)
    for key, prefix in ((f"test_{name}", ""), (f"val_{name}", "val_")):
        if key in result.measurements:
            return f"{prefix}{label}{100 * result.measurements[key]:.1f}"
    return "completed"


def _curve_point(epoch: EpochRecord, metric: str) -> dict[str, Any]:
    return {
        "epoch": epoch.epoch,
        "train/loss": epoch.train_loss,
        f"train/{metric}": epoch.train_metric,
        "val/loss": epoch.val_loss,
        f"val/{metric}": epoch.val_metric,
        "learning_rate": epoch.learning_rate,
        "gradient_norm": epoch.gradient_norm,
        "seconds": epoch.seconds,
        "examples": epoch.examples,
    }
