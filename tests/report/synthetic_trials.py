"""Trial results that training could have given: seeded curves; each arm and each learning rate has its character."""

import hashlib
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from suite.trial_result import EpochRecord, TrialResult, pack_correctness

PROVENANCE = {
    "suite": "0.1.0",
    "commit": "0123456789abcdef0123456789abcdef01234567",
    "dirty": False,
    "python": "3.11.9",
    "torch": "2.9.0",
    "os": "Linux 6.1",
    "cpu": "A processor",
    "cpu_cores": 2,
    "memory_bytes": 8_000_000_000,
    "gpu": None,
    "command": "suite run ablations/bn_vs_dropout.yaml",
    "recorded_at": "2025-01-02T03:04:05+00:00",
}
TEST_EXAMPLES = 2000


@dataclass(frozen=True)
class Character:
    """How an arm learns: test accuracy in the end, epochs to come near it, best rate, and where it diverges."""

    accuracy: float = 0.93
    epochs: float = 2.5
    best_rate: float = 0.1
    diverges_above: float = math.inf
    seconds: float = 2.0
    parameters: float = 24_000


Truth = Callable[[Mapping[str, Any]], Character]


def bn_and_dropout(settings: Mapping[str, Any]) -> Character:
    """Batch normalisation learns three times as fast; dropout costs a little speed and gains nothing beside it."""
    has_bn, has_dropout = settings.get("model.norm") == "batch", bool(settings.get("model.dropout"))
    return Character(
        accuracy=0.935 if has_bn else 0.925,
        epochs=(0.9 if has_bn else 2.6) * (1.15 if has_dropout else 1.0),
        best_rate=0.1 if has_bn else 0.03,
        seconds=2.3 if has_bn else 2.0,
        parameters=24_234 if has_bn else 24_106,
    )


def result(trial: Any, truth: Truth, *, epochs: int = 6) -> TrialResult:
    """The trial's result: a function of its settings and seed alone."""
    who = truth(trial.settings)
    rate = float(trial.settings.get("optimizer.lr", who.best_rate))
    shared = np.random.default_rng(trial.seed)
    own = np.random.default_rng(int(hashlib.sha256(trial.id.encode()).hexdigest()[:8], 16))
    off = abs(math.log10(rate / who.best_rate))
    diverged = rate > who.diverges_above
    final = who.accuracy - 0.03 * off**2 + shared.normal(0, 0.004) + own.normal(0, 0.003)
    slowness = who.epochs * (1 + 0.8 * off) * math.exp(own.normal(0, 0.06))
    curve = [final - (final - 0.1) * math.exp(-(epoch - 0.3) / slowness) for epoch in range(1, epochs + 1)]
    records = tuple(_epoch(i + 1, value, rate, own) for i, value in enumerate(curve[: 2 if diverged else epochs]))
    return TrialResult(
        trial_id=trial.id,
        settings=trial.settings,
        seed=trial.seed,
        purpose=trial.purpose,
        data_fingerprint=trial.data_fingerprint,
        status="diverged" if diverged else "completed",
        reason="the loss became NaN in epoch 3" if diverged else None,
        epochs=records,
        metric_name="accuracy",
        selected_epoch=None if diverged else epochs,
        measurements={} if diverged else _measurements(trial, who, final, curve[-1], own),
        test_correct=None if diverged or trial.purpose == "tuning" else _correct(final, shared, own),
        test_examples=0 if diverged or trial.purpose == "tuning" else TEST_EXAMPLES,
        provenance=PROVENANCE,
    )


def _epoch(epoch: int, metric: float, rate: float, own: np.random.Generator) -> EpochRecord:
    seen = float(np.clip(metric + own.normal(0, 0.002), 0, 1))
    return EpochRecord(
        epoch=epoch, train_loss=1.2 - seen, train_metric=min(1.0, seen + 0.01), val_loss=1.25 - seen, val_metric=seen,
        learning_rate=rate, gradient_norm=1.0, seconds=0.3, examples=1200,
    )  # fmt: skip


def _measurements(trial: Any, who: Character, final: float, last: float, own: np.random.Generator) -> dict[str, float]:
    costs = {
        "val_accuracy": last,
        "val_loss": 1.25 - last,
        "parameters": who.parameters,
        "flops_per_example": 110.0 * who.parameters,
        "peak_memory_bytes": 3.1e8,
        "train_seconds": who.seconds * math.exp(own.normal(0, 0.05)),
        "total_seconds": who.seconds * 1.1,
    }
    return costs if trial.purpose == "tuning" else costs | {"test_accuracy": final, "test_loss": 1.3 - final}


def _correct(accuracy: float, shared: np.random.Generator, own: np.random.Generator) -> str:
    difficulty = np.random.default_rng(1).uniform(size=TEST_EXAMPLES) + own.normal(0, 0.03, TEST_EXAMPLES)
    return pack_correctness(difficulty < accuracy)
