"""W&B that cannot be reached while runs should be uploaded."""

import pytest
from fault_kit import Outcome, StartNodes, StartRun, assert_as_if_nothing_had_happened

pytestmark = pytest.mark.slow


def test_who_cannot_reach_wandb_is_told_so_and_loses_nothing(
    start_nodes: StartNodes, start_run: StartRun, undisturbed: Outcome
) -> None:
    nodes = start_nodes()
    nobody = {"WANDB_API_KEY": "0" * 40, "WANDB_BASE_URL": "http://127.0.0.1:9"}
    run = start_run("--address", nodes.address, wandb="online", **nobody)
    outcome = run.finish()
    lines = [line for line in outcome.said.splitlines() if "W&B" in line]
    assert len(lines) == 1, outcome.said
    assert "suite sync" in lines[0], "what to do about it"
    assert_as_if_nothing_had_happened(outcome, undisturbed)
    assert not outcome.retries
    recorded = list((run.folder / "results/wandb").glob("offline-run-*"))
    assert len(recorded) == len(outcome.results) + 1, "each trial and the ablation, kept for later"
