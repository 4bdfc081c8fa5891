"""Results such as training makes them."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from suite.spec.trials import Trial
from suite.trial_result import EpochRecord, TrialResult, pack_correctness

SETTINGS = {
    "engine.epochs": 3,
    "model": "cnn",
    "model.norm": "batch",
    "model.width": None,
    "optimizer": "adamw",
    "optimizer.betas": (0.9, 0.999),
    "optimizer.lr": 0.01,
}


def make_result(seed: int = 3, status: str = "completed", **changes: Any) -> TrialResult:
    trial = Trial(
        settings=changes.pop("settings", SETTINGS), seed=seed, purpose="evaluation", data_fingerprint="d" * 64
    )
    epochs = tuple(
        EpochRecord(
            epoch=epoch,
            train_loss=1.0 / epoch,
            train_metric=0.3 * epoch,
            val_loss=math.nan if status == "diverged" and epoch == 3 else 1.1 / epoch,
            val_metric=0.1 + 0.2 * epoch,
            learning_rate=0.01,
            gradient_norm=math.inf if status == "diverged" and epoch == 3 else 2.5,
            seconds=0.25,
            examples=1200,
        )
        for epoch in (1, 2, 3)
    )
    record: dict[str, Any] = {
        "trial_id": trial.id,
        "settings": trial.settings,
        "seed": seed,
        "purpose": "evaluation",
        "data_fingerprint": trial.data_fingerprint,
        "status": status,
        "reason": None if status == "completed" else "loss is NaN in epoch 3",
        "epochs": () if status == "failed" else epochs,
        "metric_name": "accuracy",
        "selected_epoch": 2 if status == "completed" else None,
        "measurements": {}
        if status == "failed"
        else {
            "test_accuracy": 0.984,
            "test_loss": math.nan if status == "diverged" else 0.061,
            "train_seconds": 0.75,
            "parameters": 21_000,
        },
        "test_correct": pack_correctness(np.arange(11) % 3 > 0) if status == "completed" else None,
        "test_examples": 11,
        "provenance": {"torch": "2.8.0", "cpu": "a processor", "gpu": None},
    }
    return TrialResult(**{**record, **changes})


@pytest.fixture(scope="session")
def result() -> Callable[..., TrialResult]:
    return make_result
