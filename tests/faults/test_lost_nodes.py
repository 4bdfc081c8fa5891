"""Nodes that go, with all that runs on them."""

import sys
from contextlib import closing
from pathlib import Path

import network
import pytest
from fault_kit import Outcome, StartNodes, StartRun, assert_as_if_nothing_had_happened, environment, wait_until

pytestmark = pytest.mark.slow


def test_trials_of_a_removed_node_run_elsewhere(
    start_nodes: StartNodes, start_run: StartRun, undisturbed: Outcome
) -> None:
    nodes = start_nodes(workers=2)
    run = start_run("--address", nodes.address)
    run.wait_for_records(1)
    wait_until(lambda: len(nodes.workers()) == 2, "a worker on each node", running=run)
    nodes.remove(0)
    wait_until(lambda: nodes.alive() == 2, "the node's end", running=run)
    outcome = run.finish()
    assert {reason for _, reason, _ in outcome.retries} == {"its worker's node was lost"}, outcome.said
    assert_as_if_nothing_had_happened(outcome, undisturbed, in_flight=3)


def test_when_all_workers_are_gone_the_run_waits_for_new_ones(
    start_nodes: StartNodes, start_run: StartRun, undisturbed: Outcome
) -> None:
    nodes = start_nodes(workers=2)
    run = start_run("--address", nodes.address)
    run.wait_for_records(1)
    wait_until(lambda: len(nodes.workers()) == 2, "a worker on each node", running=run)
    nodes.remove(0)
    nodes.remove(1)
    wait_until(lambda: nodes.alive() == 1, "the nodes' end", running=run)
    run.wait_for_word("attempt 2 follows")
    kept = len(run.records())
    nodes.add()
    nodes.add()
    outcome = run.finish()
    assert kept < len(outcome.results), "it must not have been over already"
    assert {reason for _, reason, _ in outcome.retries} == {"its worker's node was lost"}, outcome.said
    assert_as_if_nothing_had_happened(outcome, undisturbed)


def test_trials_behind_a_cut_link_run_elsewhere_and_what_comes_later_changes_nothing(
    folder: Path, cache: Path, start_run: StartRun, undisturbed: Outcome
) -> None:
    reason = network.why_not()
    if reason:
        pytest.skip(reason)
    with closing(network.Network({**environment(folder, cache), **network.HEALTH}, folder / "hosts.txt")) as hosts:
        hosts.start(cpus=0)
        far = hosts.start(cpus=1)
        hosts.start(cpus=1)
        wait_until(lambda: hosts.alive() == 3, "three hosts")
        run = start_run("--address", hosts.address, program=[*hosts.on(0), sys.executable, "-m", "suite"])
        run.wait_for_records(1)
        hosts.cut(far)
        run.wait_for_word("attempt 2 follows")
        hosts.heal(far)  # its worker had gone on, and may report now
        outcome = run.finish()
        assert hosts.alive() == 2
    assert {reason for _, reason, _ in outcome.retries} == {"its worker's node was lost"}, outcome.said
    assert_as_if_nothing_had_happened(outcome, undisturbed, in_flight=3)
