"""Wall clocks that jump by hours, forward and back, while trials run (libfaketime)."""

import sys
from pathlib import Path

import pytest
from fault_kit import HERE, Outcome, Run, StartNodes, StartRun, assert_as_if_nothing_had_happened, wait_until

pytestmark = pytest.mark.slow
JUMPS = (5, -7, 0)
"""Hours by which the clock is wrong, one after another."""


@pytest.fixture
def clock(folder: Path) -> Path:
    """A file that says how wrong the clock is of those that `fake` is the environment of."""
    path = folder / "clock"
    path.write_text("+0\n")
    return path


def fake(clock: Path) -> dict[str, str]:
    """The environment of a process for which it is as late as `clock` says."""
    libraries = sorted(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"))
    if not libraries:
        pytest.skip("libfaketime is not installed (Debian: apt-get install faketime)")
    return {
        "LD_PRELOAD": str(libraries[0]),
        "PYTHONPATH": f"{HERE / 'faketime_python'}:{clock.parent}:{HERE.parents[1]}",
        "FAKETIME_TIMESTAMP_FILE": str(clock),
        "FAKETIME_NO_CACHE": "1",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        "DONT_FAKE_MONOTONIC": "1",
    }


def jump(clock: Path, hours: int) -> None:
    clock.with_suffix(".new").write_text(f"{hours:+}h\n")
    clock.with_suffix(".new").rename(clock)


def jump_about(run: Run, clock: Path) -> None:
    """Each jump once another trial has come in, so that every one of them falls into the run."""
    diary = run.folder / "diary"
    for number, hours in enumerate(JUMPS):
        run.wait_for_records(1 + 2 * number)
        jump(clock, hours)
        seen = [str(past) for past in JUMPS[: number + 1]]
        wait_until(lambda seen=seen: diary.exists() and diary.read_text().split() == seen, f"{hours} h", running=run)


def diarist(folder: Path) -> list[str]:
    return [sys.executable, str(HERE / "clock_diary.py"), str(folder / "diary")]


def test_a_drivers_clock_that_jumps_changes_nothing(
    start_nodes: StartNodes, start_run: StartRun, clock: Path, undisturbed: Outcome
) -> None:
    switches = fake(clock)
    nodes = start_nodes()
    run = start_run("--address", nodes.address, program=diarist(clock.parent), **switches)
    jump_about(run, clock)
    outcome = run.finish()
    assert_as_if_nothing_had_happened(outcome, undisturbed)
    assert not outcome.retries


def test_all_clocks_of_a_cluster_that_jump_change_nothing(
    start_nodes: StartNodes, start_run: StartRun, clock: Path, undisturbed: Outcome
) -> None:
    switches = fake(clock)
    nodes = start_nodes(**switches)
    run = start_run("--address", nodes.address, program=diarist(clock.parent), **switches)
    jump_about(run, clock)
    outcome = run.finish()
    hours = {result.provenance["recorded_at"][:13] for result in outcome.results.values()}
    assert len(hours) >= 3, "the workers' clocks jumped too"
    assert_as_if_nothing_had_happened(outcome, undisturbed)
