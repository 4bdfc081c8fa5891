"""The record of one trial: made by training, kept by recording, read by verdict and report.

It sits below all of them because each needs it and they do not know one another. Units are in the names.
"""

from __future__ import annotations

import base64
import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np

Value = bool | int | float | str | None | tuple["Value", ...]
"""A setting's value. Lists in YAML become tuples."""

Settings = Mapping[str, Value]
"""Flat dotted keys: `optimizer` names a mechanism, `optimizer.lr` is its argument."""

Purpose = Literal["tuning", "evaluation"]
"""A tuning trial never reads the test set; an evaluation trial reads it once."""

Status = Literal["completed", "diverged", "failed"]
"""`diverged` (NaN or Inf) is a result; `failed` (crash, out of memory) is a missing measurement."""

FORMAT_VERSION = 1


@dataclass(frozen=True, kw_only=True)
class EpochRecord:
    """One epoch. Metrics are fractions (accuracy 0.93), losses nats per example, training figures running means."""

    epoch: int
    """1-based."""
    train_loss: float
    train_metric: float
    val_loss: float
    val_metric: float
    learning_rate: float
    """At the end of the epoch."""
    gradient_norm: float
    """Mean over the epoch's steps of the global L2 norm, before any clipping."""
    seconds: float
    """Training only, without evaluation."""
    examples: int


@dataclass(frozen=True, kw_only=True)
class TrialResult:
    """Everything that one trial measured, and what is needed to run it again."""

    trial_id: str
    settings: Settings
    seed: int
    purpose: Purpose
    data_fingerprint: str
    status: Status
    reason: str | None
    """Why it diverged or failed; None when completed."""
    epochs: tuple[EpochRecord, ...]
    metric_name: str
    """What `train_metric` and `val_metric` are, e.g. `accuracy`."""
    selected_epoch: int | None
    """The epoch whose weights were kept (by the `selection` slot); None unless completed."""
    measurements: Mapping[str, float]
    """By name (suite/spec/metrics.py): classes (of a language model, its symbols), train_accuracy, val_accuracy,
    val_macro_f1, val_loss, parameters, flops_per_example, peak_memory_bytes, train_seconds (pretraining_seconds of them
    before), total_seconds; for evaluation trials also test_accuracy, test_macro_f1, test_loss and scoring_seconds (of
    the test set, without the metrics made of it)."""
    test_correct: str | None
    """Per-example correctness on the test set, packed bits in base64 (see `per_example`)."""
    test_examples: int
    test_shares: Mapping[str, tuple[float, ...]] = field(default_factory=dict)
    """By metric, where it is no share of right answers: each test example's part in it (see there)."""
    filters: tuple[tuple[float, ...], ...] = ()
    """The first convolution's filters after training, each 3x3 in nine numbers; only where a probe looked at them."""
    answers: tuple[tuple[Value, ...], ...] = ()
    """Some test examples to be looked at, (picture, truth, prediction) each, where the task is to find objects or to
    segment (suite/training/answers.py): a JPEG file in base64; boxes (class, left, top, right, bottom) in pixels, of
    predictions with their score behind, or maps of classes as PNG files in base64."""
    attempt: int = 1
    provenance: Mapping[str, Any] = field(default_factory=dict)
    format_version: int = FORMAT_VERSION

    def per_example(self, metric: str) -> np.ndarray | None:
        """Each test example's part in a metric, shape (test_examples,), with the metric as mean; None where unknown.

        Of the accuracy: 0 or 1, int8. Of mean IoU or mean average precision: jackknife pseudo-values, float64.
        """
        if (name := metric.removeprefix("test_")) in self.test_shares and metric != name:
            return np.array(self.test_shares[name])
        if self.test_correct is None or metric != "test_accuracy":
            return None
        packed = np.frombuffer(base64.b64decode(self.test_correct), dtype=np.uint8)
        return np.unpackbits(packed, count=self.test_examples).astype(np.int8)

    def to_json(self) -> dict[str, Any]:
        """Plain JSON types only; `from_json` reads it back."""
        return dataclasses.asdict(self)

    @classmethod
    def from_json(cls, record: Mapping[str, Any]) -> TrialResult:
        """Raises KeyError, TypeError or ValueError when the record is not one of ours."""
        if record["format_version"] != FORMAT_VERSION:
            raise ValueError(f"format_version {record['format_version']!r}; this version reads {FORMAT_VERSION}")
        epochs = tuple(EpochRecord(**epoch) for epoch in record["epochs"])
        settings = {key: freeze(value) for key, value in record["settings"].items()}
        made: dict[str, Any] = {key: freeze(record.get(key, ())) for key in ("filters", "answers")}
        made["test_shares"] = {name: tuple(parts) for name, parts in record.get("test_shares", {}).items()}
        return cls(**{**record, "epochs": epochs, "settings": settings, **made})


def freeze(value: Any) -> Value:
    """Lists (from YAML or JSON) as tuples, all the way down; anything else as it is."""
    return tuple(freeze(item) for item in value) if isinstance(value, list | tuple) else value


def recorded(scored: Mapping[str, np.ndarray]) -> dict[str, Any]:
    """The fields that keep what a task's `per_example` says of the test set, by metric; empty if it was not read."""
    correct = scored.get("accuracy")
    shares = {name: tuple(map(float, parts)) for name, parts in scored.items() if name != "accuracy"}
    return {
        "test_correct": None if correct is None else pack_correctness(correct),
        "test_shares": shares,
        "test_examples": max((len(parts) for parts in scored.values()), default=0),
    }


def pack_correctness(correct: Sequence[bool] | np.ndarray) -> str:
    """Boolean array of shape (test_examples,) -> packed bits in base64."""
    return base64.b64encode(np.packbits(np.asarray(correct, dtype=bool)).tobytes()).decode("ascii")
