"""A design from a spec in the test, and results that were never trained."""

from pathlib import Path
from typing import Literal

from suite.spec.ablation import load_ablation
from suite.spec.design import Design
from suite.spec.trials import Trial
from suite.spec.workload import load_workload
from suite.trial_result import Status, TrialResult


def design_of(spec: str, folder: Path, *, device: Literal["cpu", "cuda"]) -> Design:
    """At quick; the fingerprints are names."""
    path = folder / "example.yaml"
    path.write_text(spec)
    ablation = load_ablation(str(path))
    workloads = tuple(load_workload(name) for name in ablation.workloads_at("quick"))
    fingerprints = {workload.id: f"data of {workload.id}" for workload in workloads}
    return Design(ablation=ablation, scale="quick", workloads=workloads, device=device, fingerprints=fingerprints)


def made_up(of: Trial, *, seconds: float = 1.0, status: Status = "completed") -> TrialResult:
    """A result of the trial that says no more than how long it took."""
    return TrialResult(
        trial_id=of.id,
        settings=of.settings,
        seed=of.seed,
        purpose=of.purpose,
        data_fingerprint=of.data_fingerprint,
        status=status,
        reason=None,
        epochs=(),
        metric_name="accuracy",
        selected_epoch=1,
        measurements={"total_seconds": seconds, "val_loss": float("nan")},
        test_correct=None,
        test_examples=0,
    )
