"""What is recorded of machine and code, and what must not be."""

import getpass
import json
import os
import platform
import re
import shutil
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import pytest

import suite
from suite.recording import provenance
from suite.recording.provenance import driver_provenance, scrub, with_command, worker_provenance


def test_versions_machine_and_time_are_recorded() -> None:
    record = driver_provenance(["/usr/bin/suite", "run", "ablations/bn_vs_dropout.yaml", "--scale", "quick"])
    assert record["suite"] == suite.__version__
    assert record["torch"] == metadata.version("torch")
    assert record["python"] == platform.python_version()
    assert record["cpu"]
    assert record["cpu_cores"] >= 1
    assert record["memory_bytes"] > 2**20
    assert record["command"] == "suite run ablations/bn_vs_dropout.yaml --scale quick"
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+00:00", record["started_at"])
    assert json.loads(json.dumps(record)) == record


def test_a_worker_records_its_machine_and_the_driver_adds_the_command(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["/opt/bin/suite", "run", "x.yaml"])
    record = with_command(worker_provenance())
    assert record["command"] == "suite run x.yaml"
    assert record["numpy"] == metadata.version("numpy")


def test_nothing_heavy_is_imported() -> None:
    script = (
        "import sys; from suite.recording.provenance import worker_provenance; worker_provenance(); "
        "print(sorted({'torch', 'numpy', 'ray', 'wandb', 'pandas'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        (["suite", "--token", "abcdefgh"], "suite --token ***"),
        (["suite", "--api-key=abcdefgh"], "suite --api-key=***"),
        (["suite", "WANDB_API_KEY=abcdefgh"], "suite WANDB_API_KEY=***"),
        (["suite", "https://me:abcdefgh@host/x"], "suite https://***@host/x"),
        (["suite", "--address", "ray://h:1?auth_token=abcdefgh"], "suite --address ray://h:1?auth_token=***"),
        (["suite", "-m", "planted-in-the-environment"], "suite -m ***"),
        (["suite", "--data-dir", "/home/somebody/data"], "suite --data-dir ~/data"),
        (["suite", "--data-dir=/Users/somebody/data"], "suite --data-dir=~/data"),
        (["suite", "--data-dir", "/homework/data"], "suite --data-dir /homework/data"),
        (["suite", "keyboard.yaml", "--seeds", "3"], "suite keyboard.yaml --seeds 3"),
    ],
)
def test_a_command_line_without_secrets_and_homes(argv: list[str], said: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOME_SERVICE_TOKEN", "planted-in-the-environment")
    assert driver_provenance(argv)["command"] == said


def test_a_reason_keeps_its_sense() -> None:
    assert scrub("KeyError: 'model.norm'; 5 tokens=3") == "KeyError: 'model.norm'; 5 tokens=3"


def test_the_home_folder_and_the_environment_stay_private(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path / "somebody"))
    monkeypatch.setenv("PLANTED_PASSWORD", "open sesame 1234")
    text = json.dumps(driver_provenance(["suite", str(tmp_path / "somebody" / "x"), "open sesame 1234"]))
    assert "somebody" not in text
    assert "sesame" not in text
    assert platform.node() not in text or len(platform.node()) < 4
    assert getpass.getuser() not in driver_provenance(["suite"]).values()


@pytest.mark.skipif(not shutil.which("git"), reason="needs git")
def test_the_commit_and_whether_it_was_changed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    outside = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}

    def git(*words: str) -> str:
        identity = ["-c", "user.name=t", "-c", "user.email=t@example.org"]
        command = ["git", "-C", tmp_path, *identity, *words]
        done = subprocess.run(command, capture_output=True, text=True, check=True, env=outside)
        return done.stdout.strip()

    package = tmp_path / "suite"
    package.mkdir()
    (package / "engine.py").write_text("1")
    assert provenance._checkout(package) == (None, None)
    git("init", "-q")
    git("add", ".")
    git("commit", "-qm", "x")
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "elsewhere"))
    commit, dirty = provenance._checkout(package)
    monkeypatch.delenv("GIT_DIR")
    assert (commit, dirty) == (git("rev-parse", "HEAD"), False)
    (tmp_path / "notes.txt").write_text("not part of the package")
    assert provenance._checkout(package) == (commit, False)
    (package / "engine.py").write_text("2")
    assert provenance._checkout(package) == (commit, True)
