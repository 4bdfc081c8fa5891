"""`suite run` from specs to verdicts: a real local Ray, a real store, real trainings. Then what a user does next."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from conftest import SMALL, Suite, environment

from suite.recording.store import Store


def record_files(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in (folder / "results/trials").rglob("*.json")}


def test_a_run_ends_with_verdicts_a_report_and_nothing_left_to_do(suite: Suite, folder: Path) -> None:
    done = suite("run", "small", "--wandb", "offline", "--json")
    assert done.returncode == 0, done.stderr
    (verdict,) = json.loads(done.stdout)
    (claim,) = verdict["claims"]
    assert (claim["verdict"], claim["outcome"], claim["decided"]) == ("hurts", "supported", True)
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


def test_identical_arms_are_never_called_different(suite: Suite, folder: Path) -> None:
    text = SMALL.replace(", optimizer.lr: 3.0", "").replace("expect: worse", "expect: same")
    (folder / "ablations/aa.yaml").write_text(text)
    done = suite("run", "aa", "--json", "--wandb", "off")
    assert done.returncode == 0, done.stderr
    (claim,) = json.loads(done.stdout)[0]["claims"]
    assert claim["verdict"] == "no practical difference"
    assert claim["outcome"] == "supported"


def test_interrupted_it_stops_at_once_and_goes_on_where_it_was(suite: Suite, folder: Path, cache: Path) -> None:
    command = [sys.executable, "-m", "suite", "run", "small", "--wandb", "off"]
    running = subprocess.Popen(
        command, cwd=folder, env=environment(cache), stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True
    )
    deadline = time.monotonic() + 180
    while not list((folder / "results").rglob("trials/*/*.json")):
        assert running.poll() is None
        assert time.monotonic() < deadline, "no trial finished"
        time.sleep(0.2)
    running.send_signal(signal.SIGINT)
    _, said = running.communicate(timeout=30)
    assert running.returncode == 130
    assert "Traceback" not in said
    assert re.search(r"[1-9]\d* trials finished in this run are kept in results", said)
    assert "run small --wandb off" in said
    kept = record_files(folder)
    done = suite("run", "small", "--wandb", "off")
    assert done.returncode == 0, done.stderr
    now = record_files(folder)
    assert {name: now[name] for name in kept} == kept
    assert len(now) > len(kept)


def test_a_killed_worker_costs_a_retry_and_nothing_else(suite: Suite, folder: Path, cache: Path) -> None:
    command = [sys.executable, "-m", "suite", "run", "small", "--wandb", "off", "--json"]
    running = subprocess.Popen(
        command, cwd=folder, env=environment(cache), stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    deadline = time.monotonic() + 180
    while not list((folder / "results").rglob("trials/*/*.json")):
        assert time.monotonic() < deadline, "no trial finished"
        time.sleep(0.1)
    workers = subprocess.run(["pgrep", "-f", "ray::TrialWorker"], capture_output=True, text=True, check=False)
    os.kill(int(workers.stdout.split()[0]), signal.SIGKILL)
    out, said = running.communicate(timeout=240)
    assert running.returncode == 0, said
    assert json.loads(out)[0]["claims"][0]["verdict"] == "hurts"
    assert "its worker died" in said
    assert {result.status for result in Store(folder / "results").load().values()} <= {"completed", "diverged"}


def test_two_runs_on_one_folder_both_finish_and_lose_nothing(suite: Suite, folder: Path, cache: Path) -> None:
    command = [sys.executable, "-m", "suite", "run", "small", "--wandb", "off", "--json"]
    pair = [
        subprocess.Popen(
            command, cwd=folder, env=environment(cache), stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        for _ in range(2)
    ]
    outcomes = [process.communicate(timeout=400) for process in pair]
    assert [process.returncode for process in pair] == [0, 0], [said for _, said in outcomes]
    verdicts = [json.loads(out)[0]["claims"][0]["verdict"] for out, _ in outcomes]
    assert verdicts == ["hurts", "hurts"]


@pytest.mark.parametrize("limit", ["--max-trials=5", "--seeds=3"])
def test_a_budget_ends_undecided_and_says_why(suite: Suite, folder: Path, limit: str) -> None:
    done = suite("run", "small", "--wandb", "off", "--json", limit)
    assert done.returncode == 0, done.stderr
    (claim,) = json.loads(done.stdout)[0]["claims"]
    assert (claim["verdict"], claim["outcome"]) == ("inconclusive", "undecided")
    assert claim["reason"]
    if limit.startswith("--max"):
        assert len(record_files(folder)) == 5
