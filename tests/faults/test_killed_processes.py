"""Processes that are killed: one that trains, or the one that a person started."""

import os
import signal
from pathlib import Path

import pytest
from fault_kit import Outcome, StartNodes, StartRun, assert_as_if_nothing_had_happened, family, wait_until

pytestmark = pytest.mark.slow


def test_a_killed_worker_costs_its_trials_another_attempt(
    start_nodes: StartNodes, start_run: StartRun, undisturbed: Outcome
) -> None:
    nodes = start_nodes()
    run = start_run("--address", nodes.address)
    run.wait_for_records(1)
    victim = nodes.workers()[0]
    os.kill(victim, signal.SIGKILL)
    wait_until(lambda: victim not in nodes.workers(), "the worker's end", running=run)
    outcome = run.finish()
    assert {reason for _, reason, _ in outcome.retries} == {"its worker died (killed or crashed)"}
    assert_as_if_nothing_had_happened(outcome, undisturbed, in_flight=3)


def test_a_killed_driver_leaves_nothing_running_and_the_next_one_goes_on(
    start_nodes: StartNodes, start_run: StartRun, undisturbed: Outcome
) -> None:
    nodes = start_nodes()
    first = start_run("--address", nodes.address)
    first.wait_for_records(2)
    assert nodes.workers()
    first.kill()
    kept = first.records()
    assert len(kept) < len(undisturbed.results), "it must not have been over already"
    wait_until(lambda: not nodes.workers(), "the end of the workers whose driver is gone")

    second = start_run("--address", nodes.address)
    outcome = second.finish()
    assert_as_if_nothing_had_happened(outcome, undisturbed)
    assert not outcome.retries
    assert {name: content for name, content in second.records().items() if name in kept} == kept, "kept as they were"


def test_a_killed_driver_takes_its_own_ray_with_it_and_the_next_one_goes_on(
    start_run: StartRun, undisturbed: Outcome
) -> None:
    first = start_run()
    first.wait_for_records(2)
    left = family(first.process.pid).keys() - {first.process.pid}
    assert left, "raylet, workers and the rest"
    first.kill()
    kept = first.records()
    assert len(kept) < len(undisturbed.results), "it must not have been over already"
    gone = "the end of all that it had started"  # Ray takes a minute for the last of them
    wait_until(lambda: not [pid for pid in left if Path(f"/proc/{pid}").exists()], gone, seconds=240)

    second = start_run()
    outcome = second.finish()
    assert_as_if_nothing_had_happened(outcome, undisturbed)
    assert not outcome.retries
    assert {name: content for name, content in second.records().items() if name in kept} == kept, "kept as they were"
