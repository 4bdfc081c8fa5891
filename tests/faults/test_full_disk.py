"""A file system under the results folder that fills up while trials run."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from fault_kit import Outcome, StartNodes, StartRun, assert_as_if_nothing_had_happened, assert_plain_words, essence

from suite.recording.store import Store

pytestmark = pytest.mark.slow


@pytest.fixture
def small_disk(folder: Path) -> Iterator[Path]:
    """The results folder, on a file system of its own with 16 MiB."""
    if os.geteuid() != 0:
        pytest.skip("mounting takes root")
    results = folder / "results"
    results.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=16m", "tmpfs", str(results)]
    mounted = subprocess.run(mount, capture_output=True, text=True, check=False)
    if mounted.returncode:
        pytest.skip(f"mounting is not allowed here ({mounted.stderr.strip()})")
    yield results
    subprocess.run(["umount", "--lazy", str(results)], check=True)


def fill(disk: Path, *, leave: int) -> Path:
    """A file that takes all but `leave` bytes."""
    free = os.statvfs(disk)
    filler = disk / "filler"
    filler.write_bytes(bytes(free.f_bavail * free.f_frsize - leave))
    return filler


def test_a_full_disk_ends_the_run_in_one_line_and_it_goes_on_when_there_is_space(
    start_nodes: StartNodes, start_run: StartRun, small_disk: Path, undisturbed: Outcome
) -> None:
    nodes = start_nodes()
    first = start_run("--address", nodes.address)
    first.wait_for_records(2)
    filler = fill(small_disk, leave=4096)
    refused = first.finish()
    assert refused.code == 2, refused.said
    errors = [line for line in refused.said.splitlines() if "error" in line]
    assert errors == [
        "error: results: no space left; free some or choose another folder with --results (what is stored stays stored)"
    ]
    assert_plain_words(refused.said)
    assert refused.verdict == {}

    store = Store(small_disk)
    kept = store.load()
    assert 2 <= len(kept) < len(undisturbed.results)
    assert store.notices == []
    assert essence(kept) == {name: essence(undisturbed.results)[name] for name in kept}

    filler.unlink()
    assert_as_if_nothing_had_happened(start_run("--address", nodes.address).finish(), undisturbed)
