"""Trials that hang, and trials that take all the memory."""

from pathlib import Path

import pytest
from fault_kit import (
    BATCHES,
    Outcome,
    StartNodes,
    StartRun,
    assert_as_if_nothing_had_happened,
    assert_plain_words,
    essence,
    flag,
)
from trouble.mischief import used_bytes

pytestmark = pytest.mark.slow
STALL = ("--stall-minutes", "0.5")
HUNG = "no epoch ended within 0.5 min, so it was stopped"
_ROOM = 6 * 2**30
"""For the cluster's own processes, the driver and two workers, and for what else this machine does meanwhile."""


@pytest.mark.parametrize("harm", ["hang", "stop"])
def test_a_trial_that_hangs_is_stopped_and_tried_again(
    start_nodes: StartNodes, start_run: StartRun, folder: Path, undisturbed: Outcome, harm: str
) -> None:
    nodes = start_nodes()
    run = start_run("--address", nodes.address, *STALL)
    run.wait_for_records(1)
    flag(folder, "once", harm)
    outcome = run.finish()
    assert (folder / "trouble/flags/done").exists()
    assert {reason for _, reason, _ in outcome.retries} == {HUNG}, outcome.said
    assert_as_if_nothing_had_happened(outcome, undisturbed, in_flight=3)


def memory_switches(folder: Path) -> tuple[dict[str, str], int]:
    """The cluster's environment with which its hosts are short of memory at so many bytes."""
    lines = (line.split() for line in Path("/proc/meminfo").read_text().splitlines())
    total = next(int(words[1]) * 1024 for words in lines if words[0] == "MemTotal:")
    most = used_bytes() + _ROOM
    if most > 0.9 * total:
        pytest.skip("too little memory on this machine to tell a leak from the rest")
    switches = {"RAY_memory_usage_threshold": f"{most / total:.4f}", "RAY_memory_monitor_refresh_ms": "200"}
    return switches, most + 2**28


def ran_alone(folder: Path) -> set[str]:
    """Of the trials that were begun more than once: those in whose last attempt nobody else had a batch."""
    diary = (folder / "trouble/flags/diary").read_text().splitlines()
    last = {trial: [place for place, name in enumerate(diary) if name == trial][-BATCHES:] for trial in set(diary)}
    return {name for name, at in last.items() if diary.count(name) > BATCHES and at[-1] - at[0] == BATCHES - 1}


def test_a_trial_that_took_too_much_memory_once_is_tried_again_alone(
    start_nodes: StartNodes, start_run: StartRun, folder: Path, undisturbed: Outcome
) -> None:
    switches, leak = memory_switches(folder)
    nodes = start_nodes(workers=1, cpus=2, **switches)
    run = start_run("--address", nodes.address)
    run.wait_for_records(1)
    flag(folder, "diary", "")
    flag(folder, "once", f"leak {leak}")
    outcome = run.finish()
    assert (folder / "trouble/flags/done").exists()
    assert {reason for _, reason, _ in outcome.retries} == {"out of memory on the host"}, outcome.said
    assert len(ran_alone(folder)) == len(outcome.retries), (folder / "trouble/flags/diary").read_text()
    assert_as_if_nothing_had_happened(outcome, undisturbed)


def test_a_trial_that_always_takes_too_much_memory_fails_and_all_others_complete(
    start_nodes: StartNodes, start_run: StartRun, folder: Path, undisturbed: Outcome
) -> None:
    switches, leak = memory_switches(folder)
    nodes = start_nodes(workers=1, cpus=2, **switches)
    run = start_run("--address", nodes.address)
    run.wait_for_records(1)
    flag(folder, "always", f"leak {leak}")
    outcome = run.finish(seconds=400)
    assert outcome.code == 0, outcome.said
    failed = {name: result for name, result in outcome.results.items() if result.status == "failed"}
    assert {result.reason for result in failed.values()} == {"out of memory on the host"}, outcome.said
    (victim,) = failed
    assert outcome.failures == {victim: "out of memory on the host"}
    assert failed[victim].attempt == 2
    assert {reason for _, reason, _ in outcome.retries} == {"out of memory on the host"}, outcome.said
    others = {name: result for name, result in outcome.results.items() if name != victim}
    assert len(others) == len(undisturbed.results) - 1
    assert essence(others) == {name: essence(undisturbed.results)[name] for name in others}
    assert outcome.verdict["trials_failed"] == [[victim, "out of memory on the host"]]
    assert_plain_words(outcome.said)
