"""Real designs of the shipped workloads, with synthetic results, judged by the real judge."""

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import synthetic_trials

from suite.spec.ablation import Ablation
from suite.spec.design import Design
from suite.spec.workload import load_workload
from suite.spec.yaml_loader import load
from suite.trial_result import TrialResult
from suite.verdict.needs import needed_trials

SPEC = Path(__file__).parents[2] / "ablations" / "bn_vs_dropout.yaml"
SWEEP = {"optimizer.lr": [0.01, 0.03, 0.1, 0.3]}
CLAIMS: dict[str, dict[str, Any]] = {
    "bn_is_faster": {
        "variant": "bn", "reference": "neither", "metric": "epochs_to_target", "expect": "better", "primary": True,
    },
    "dropout_is_redundant": {"variant": "bn_dropout", "reference": "bn", "metric": "test_accuracy", "expect": "same"},
}  # fmt: skip
TWO_WORKLOADS = ("digits_cnn", "glyphs_cnn")


def design(
    changes: Mapping[str, Any] | None = None, *, workloads: Sequence[str] = TWO_WORKLOADS, max_pairs: int | None = None
) -> Design:
    """The shipped tip and arms with two claims, or with what `changes` says, at scale quick."""
    fields = {
        **load(SPEC).content,
        "sweep": SWEEP,
        "claims": CLAIMS,
        **(changes or {}),
        "id": SPEC.stem,
        "path": "ablations/bn_vs_dropout.yaml",
    }
    return Design(
        ablation=Ablation.model_validate(fields),
        scale="quick",
        workloads=tuple(load_workload(name) for name in workloads),
        device="cpu",
        fingerprints={name: hashlib.sha256(name.encode()).hexdigest() for name in workloads},
        max_pairs=max_pairs,
    )


def results(
    plan: Design, truth: synthetic_trials.Truth = synthetic_trials.bn_and_dropout, *, at_most: int | None = None
) -> dict[str, TrialResult]:
    """What a run of the ablation would have stored, until no trial is needed any more or `at_most` are stored."""
    found: dict[str, TrialResult] = {}
    while needed := needed_trials(plan, found):
        for trial in needed:
            if at_most is not None and len(found) >= at_most:
                return found
            found[trial.id] = synthetic_trials.result(trial, truth)
    return found
