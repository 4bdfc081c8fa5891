"""`suite run` from specs to verdicts: a real local Ray, a real store, real trainings. Then what a user does next."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

from conftest import SMALL, Suite, environment

from suite.recording.store import Store


def record_files(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in (folder / "results/trials").rglob("*.json")}


def workers_of(driver: int) -> list[int]:
    """Processes that train, among the driver's descendants only."""
    listed = subprocess.run(["ps", "-eo", "pid=,ppid=,args="], capture_output=True, text=True, check=True).stdout
    rows = [line.split(None, 2) for line in listed.splitlines()]
    family = {driver}
    for _ in range(10):
        family |= {int(pid) for pid, parent, _ in rows if int(parent) in family}
    return [int(pid) for pid, _, name in rows if int(pid) in family and "Trainable" in name]


def started(folder: Path, cache: Path, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "suite", "run", "small", *arguments],
        cwd=folder,
        env=environment(cache),
        stderr=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def wait_for_a_trial(folder: Path, running: subprocess.Popen[str]) -> None:
    deadline = time.monotonic() + 180
    while not record_files(folder):
        assert running.poll() is None
        assert time.monotonic() < deadline, "no trial finished"
        time.sleep(0.1)


def test_two_runs_at_once_end_with_the_same_verdicts_and_nothing_left_to_do(
    suite: Suite, folder: Path, cache: Path
) -> None:
    pair = [started(folder, cache, "--json", "--wandb", sink) for sink in ("offline", "off")]
    outcomes = [process.communicate(timeout=400) for process in pair]
    assert [process.returncode for process in pair] == [0, 0], [said for _, said in outcomes]
    (verdict,), (other,) = [json.loads(told) for told, _ in outcomes]
    assert verdict == other
    assert [(claim["verdict"], claim["outcome"], claim["decided"]) for claim in verdict["claims"]] == [
        ("hurts", "supported", True),
        ("no practical difference", "supported", True),
    ]
    assert Path(folder / verdict["report"]).exists()
    assert len(list((folder / "results/wandb").glob("offline-run-*"))) == verdict["trials_done"] + 1
    assert {path.name for path in (folder / "results/exports").iterdir()} >= {"trials.csv", "trials.parquet"}

    before = record_files(folder)
    again = suite("run", "small")
    assert again.returncode == 0, again.stderr
    assert "nothing left to run" in again.stdout
    assert "supported" in again.stdout
    assert record_files(folder) == before

    results = Store(folder / "results").load()
    assert all("command" in result.provenance and "cpu" in result.provenance for result in results.values())
    evaluated = next(result for result in results.values() if result.purpose == "evaluation")
    repeated = suite("repro", evaluated.trial_id[:8])
    assert repeated.returncode == 0, repeated.stdout + repeated.stderr
    assert "bit-identical" in repeated.stdout

    listed = suite("list")
    assert "hurts" in listed.stdout

    shared = folder / "ablations/other.yaml"
    shared.write_text(SMALL.replace("wild:", "untamed:").replace("variant: wild", "variant: untamed"))
    other = json.loads(suite("plan", "other", "--json").stdout)[0]
    assert other["trials_done"] >= 12, "the sweep's trials serve every ablation"


def test_interrupted_it_stops_at_once_and_goes_on_where_it_was(suite: Suite, folder: Path, cache: Path) -> None:
    running = started(folder, cache, "--wandb", "off")
    wait_for_a_trial(folder, running)
    running.send_signal(signal.SIGINT)
    _, said = running.communicate(timeout=30)
    assert running.returncode == 130
    assert "Traceback" not in said
    assert re.search(r"[1-9]\d* trials finished in this run are kept in results", said)
    assert "run small --wandb off" in said

    kept = record_files(folder)
    done = suite("run", "small", "--wandb", "off", "--json", "--max-trials=4")
    assert done.returncode == 0, done.stderr
    now = record_files(folder)
    assert {name: now[name] for name in kept} == kept
    assert len(now) == len(kept) + 4
    claim = json.loads(done.stdout)[0]["claims"][0]
    assert (claim["verdict"], claim["outcome"]) == ("inconclusive", "undecided")
    assert claim["reason"]


def test_a_killed_worker_costs_a_retry_and_nothing_else(folder: Path, cache: Path) -> None:
    (folder / "ablations/small.yaml").write_text(SMALL.replace("engine.epochs: 2", "engine.epochs: 60"))
    running = started(folder, cache, "--wandb", "off", "--json", "--max-trials", "4")
    wait_for_a_trial(folder, running)
    for worker in workers_of(running.pid):
        os.kill(worker, signal.SIGKILL)
    told, said = running.communicate(timeout=240)
    assert running.returncode == 0, said
    assert "its worker died" in said
    assert json.loads(told)[0]["trials_done"] == 4
    assert {result.status for result in Store(folder / "results").load().values()} <= {"completed", "diverged"}
