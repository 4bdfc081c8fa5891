"""W&B: what its files hold, and that nothing it does reaches the run."""

import getpass
import json
import math
import os
import platform
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from wandb_files import ReadRun, read_run
from wandb_server import Server, serving

from suite.errors import InputError
from suite.recording.wandb_processes import Writer
from suite.recording.wandb_runs import run_name
from suite.recording.wandb_sink import WandbSink, sync
from suite.trial_result import EpochRecord, TrialResult

Make = Callable[..., TrialResult]
ABOUT: dict[str, Any] = {
    "ablation": "bn_vs_dropout",
    "workload": "digits_cnn",
    "arm": "bn",
    "swept": {"optimizer.lr": 0.01},
    "scale": "quick",
}
KEY = "0123456789" * 4
LONG = tuple(
    EpochRecord(
        epoch=epoch,
        train_loss=1.0,
        train_metric=0.5,
        val_loss=epoch / 7,
        val_metric=0.5,
        learning_rate=0.1,
        gradient_norm=1.0,
        seconds=0.1,
        examples=100,
    )
    for epoch in range(1, 401)
)


@pytest.fixture(autouse=True)
def no_account(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No key, no netrc, and a home folder of its own."""
    for name in os.environ:
        if name.startswith("WANDB_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("NETRC", str(tmp_path / "home" / "none"))


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    with serving() as running:
        monkeypatch.setenv("WANDB_BASE_URL", running.url)
        monkeypatch.setenv("WANDB_API_KEY", KEY)
        yield running


@pytest.fixture
def refusing_server(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """An address that is taken, but where nobody listens; a key; little patience."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        monkeypatch.setenv("WANDB_BASE_URL", f"http://127.0.0.1:{taken.getsockname()[1]}")
        monkeypatch.setenv("WANDB_API_KEY", KEY)
        monkeypatch.setenv("WANDB__GRAPHQL_RETRY_MAX", "1")
        yield


def folders(root: Path) -> list[Path]:
    return sorted((root / "wandb").glob("offline-run-*"))


def record(root: Path, *results: TrialResult, mode: str = "offline") -> list[str]:
    sink = WandbSink(root, mode=mode)
    for result in results:
        sink.log_trial(result, **ABOUT)
    return sink.close(120)


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory, result: Make) -> dict[str, tuple[Path, ReadRun]]:
    """By seed, or `verdict`: folder and content of runs that one sink recorded."""
    root = tmp_path_factory.mktemp("results")
    Image.new("RGB", (8, 8)).save(root / "forest.png")
    sink = WandbSink(root)
    for trial in (
        result(),
        result(seed=4, status="diverged"),
        result(seed=5, status="failed", reason="FileNotFoundError: '/home/somebody/x' is gone"),
        result(seed=6, epochs=LONG),
    ):
        sink.log_trial(trial, **ABOUT)
    sink.log_ablation(
        ablation="bn_vs_dropout",
        scale="quick",
        columns=["claim", "effect"],
        rows=[["bn_is_faster", 1.5], ["dropout_is_redundant", None]],
        figures=[root / "forest.png", root / "forest.svg"],
    )
    assert sink.close(120) == []
    runs = [(folder, read_run(folder)) for folder in folders(root)]
    return {str(run.config.get("seed", run.job_type)): (folder, run) for folder, run in runs}


Recorded = dict[str, tuple[Path, ReadRun]]


def test_a_trial_reads_back_whole(recorded: Recorded, result: Make) -> None:
    trial = result()
    _, run = recorded["3"]
    assert (run.id, run.project, run.group, run.job_type) == (trial.trial_id, "suite", "bn_vs_dropout", "bn")
    assert run.name == "bn_vs_dropout-bn-lr0.01-s3-acc98.4"
    assert sorted(run.tags) == ["completed", "digits_cnn", "evaluation", "quick"]
    assert run.config.items() >= {"optimizer.lr": 0.01, "model.norm": "batch", "seed": 3, "scale": "quick"}.items()
    assert run.config["optimizer.betas"] == [0.9, 0.999]
    assert run.config["provenance"]["torch"] == "2.8.0"
    assert [point["_step"] for point in run.history] == [point["epoch"] for point in run.history] == [1, 2, 3]
    assert [point["val/accuracy"] for point in run.history] == [epoch.val_metric for epoch in trial.epochs]
    assert [point["train/loss"] for point in run.history] == [epoch.train_loss for epoch in trial.epochs]
    assert run.summary.items() >= {"test_accuracy": 0.984, "status": "completed", "selected_epoch": 2}.items()
    assert run.exit_code == 0


def test_many_epochs_fill_more_than_one_block(recorded: Recorded) -> None:
    folder, run = recorded["6"]
    assert next(folder.glob("*.wandb")).stat().st_size > 2 * 32 * 1024
    assert [point["val/loss"] for point in run.history] == [epoch.val_loss for epoch in LONG]


def test_diverged_and_failed_trials_are_runs_too(recorded: Recorded) -> None:
    _, diverged = recorded["4"]
    assert math.isnan(diverged.history[2]["val/loss"])
    assert diverged.summary["reason"] == "loss is NaN in epoch 3"
    assert "diverged" in diverged.tags
    _, failed = recorded["5"]
    assert failed.name.endswith("-s5-failed")
    assert failed.history == []
    assert failed.summary["reason"] == "FileNotFoundError: '~/x' is gone"


def test_an_ablation_has_its_table_and_figures(recorded: Recorded) -> None:
    folder, run = recorded["verdict"]
    assert (run.group, run.job_type, run.name) == ("bn_vs_dropout", "verdict", "bn_vs_dropout-quick-verdict")
    assert run.summary["verdicts/_type"] == "table-file"
    (table,) = folder.rglob("*.table.json")
    assert json.loads(table.read_text())["data"] == [["bn_is_faster", 1.5], ["dropout_is_redundant", None]]
    (image,) = folder.rglob("*.png")
    assert image.read_bytes() == (folder.parents[1] / "forest.png").read_bytes()


def test_an_ablation_is_recorded_again_only_if_it_says_something_else(tmp_path: Path) -> None:
    sink = WandbSink(tmp_path)
    for effect in (1.5, 1.5, 1.6):
        sink.log_ablation(ablation="tip", scale="quick", columns=["effect"], rows=[[effect]])
    assert sink.close(120) == []
    assert len(folders(tmp_path)) == 2


def test_a_trial_is_recorded_once_and_a_success_after_a_failure(tmp_path: Path, result: Make) -> None:
    record(tmp_path, result(status="failed"))
    assert record(tmp_path, result(status="failed"), result(), result()) == []
    (folder,) = folders(tmp_path)
    before = folder.stat().st_mtime_ns
    assert record(tmp_path, result()) == []
    assert [path.stat().st_mtime_ns for path in folders(tmp_path)] == [before]
    assert read_run(folder).summary["status"] == "completed"


def test_what_a_crash_left_unfinished_is_recorded_again(tmp_path: Path, result: Make) -> None:
    trial = result()
    torn = tmp_path / "wandb" / f"offline-run-20250101_000000-{trial.trial_id}"
    torn.mkdir(parents=True)
    (torn / f"run-{trial.trial_id}.wandb").write_bytes(b":W&B")
    (tmp_path / "wandb" / "recorded.txt").write_text(trial.trial_id)
    assert record(tmp_path, trial) == []
    (folder,) = folders(tmp_path)
    assert read_run(folder).exit_code == 0


def test_nothing_private_is_written_and_nothing_outside(
    tmp_path: Path, result: Make, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    planted = {
        "WANDB_API_KEY": KEY,
        "AWS_SECRET_ACCESS_KEY": "planted-aws-secret",
        "GITHUB_TOKEN": "planted-github-token",
        "USER": "planted-user",
        "USERNAME": "planted-user",
        "LOGNAME": "planted-user",
        "SOMETHING": "planted-something",
    }
    for name, value in planted.items():
        monkeypatch.setenv(name, value)
    root = tmp_path / "results"
    (tmp_path / "home").mkdir()
    assert (
        record(root, result(), result(seed=4, status="failed", reason="the key planted-aws-secret was refused")) == []
    )
    forbidden = [*planted.values(), str(tmp_path), str(Path.cwd())]
    forbidden += [name for name in (platform.node(), getpass.getuser()) if len(name) >= 5]
    written = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert len(written) >= 3
    for path in written:
        content = path.read_bytes()
        assert [word for word in forbidden if word.encode() in content] == [], path
    assert {path.relative_to(tmp_path).parts[:2] for path in written} == {("results", "wandb")}
    assert list((tmp_path / "home").iterdir()) == []
    assert capfd.readouterr() == ("", "")


def test_variables_of_the_user_do_not_change_what_is_recorded(
    tmp_path: Path, result: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {"WANDB_MODE": "disabled", "WANDB_RUN_GROUP": "x", "WANDB_TAGS": "y", "WANDB_NAME": "z"}.items():
        monkeypatch.setenv(name, value)
    assert record(tmp_path, result()) == []
    (folder,) = folders(tmp_path)
    assert read_run(folder).group == "bn_vs_dropout"


def test_off_writes_nothing(tmp_path: Path, result: Make) -> None:
    assert record(tmp_path, result(), mode="off") == []
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_written_is_said_in_one_line(tmp_path: Path, result: Make) -> None:
    (tmp_path / "wandb").write_text("a file")
    (line,) = record(tmp_path, result(seed=1), result(seed=2))
    assert line.startswith("W&B: 2 of 2 runs could not be recorded (FileExistsError")


def test_a_run_that_cannot_be_recorded_does_not_harm_the_next(tmp_path: Path, result: Make) -> None:
    bad = result(seed=1, epochs=("no epoch",))
    (line,) = record(tmp_path, bad, result(seed=2))
    assert line.startswith("W&B: 1 of 2 runs could not be recorded (AttributeError")
    assert len(folders(tmp_path)) == 1


def test_a_writer_that_is_killed_is_replaced(tmp_path: Path, result: Make) -> None:
    sink = WandbSink(tmp_path)
    sink.log_trial(result(seed=1), **ABOUT)
    while sink._handled < 1:
        threading.Event().wait(0.01)
    process = sink._writer._process
    assert process
    process.kill()
    sink.log_trial(result(seed=2), **ABOUT)
    sink.log_trial(result(seed=3), **ABOUT)
    assert sink.close(120) == []
    assert {read_run(folder).config["seed"] for folder in folders(tmp_path)} == {1, 2, 3}


def test_a_writer_whose_pipes_close_before_it_is_gone_dies_once(
    tmp_path: Path, result: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As one that is killed does where the machine is busy: the next run must get a new one, not the same again."""
    start, started = Writer._start, list[subprocess.Popen[str]]()

    def deaf_at_first(writer: Writer) -> "subprocess.Popen[str]":
        if started:
            started.append(start(writer))
        else:
            deaf = "import os, time; os.close(0); os.close(1); time.sleep(600)"
            pipes: Any = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "encoding": "utf-8"}
            started.append(subprocess.Popen([sys.executable, "-c", deaf], **pipes))
        return started[-1]

    monkeypatch.setattr(Writer, "_start", deaf_at_first)
    assert record(tmp_path, result(seed=1), result(seed=2)) == []
    assert {read_run(folder).config["seed"] for folder in folders(tmp_path)} == {1, 2}
    assert len(started) == 2
    assert started[0].poll() is not None, "nobody is left behind"


def test_closing_at_once_leaves_no_process_and_says_what_was_lost(tmp_path: Path, result: Make) -> None:
    sink = WandbSink(tmp_path)
    for seed in range(500):
        sink.log_trial(result(seed=seed), **ABOUT)
    (line,) = sink.close(0.0)
    assert "runs were still waiting" in line
    assert not sink._writer.alive
    sink.log_trial(result(seed=501), **ABOUT)
    assert sink.close(0.0) == []


def test_online_without_a_key_is_offline_and_says_so(tmp_path: Path, result: Make) -> None:
    (line,) = record(tmp_path, result(), mode="online")
    assert "no API key (WANDB_API_KEY)" in line
    assert len(folders(tmp_path)) == 1


def test_online_uploads_what_was_recorded(tmp_path: Path, result: Make, server: Server) -> None:
    trial = result()
    assert record(tmp_path, trial, mode="online") == []
    assert server.runs[trial.trial_id]["groupName"] == "bn_vs_dropout"
    assert [line["val/accuracy"] for line in server.history[trial.trial_id]] == [e.val_metric for e in trial.epochs]
    assert sync(tmp_path) == 0


@pytest.mark.usefixtures("refusing_server")
def test_online_with_a_server_that_refuses_keeps_everything(tmp_path: Path, result: Make) -> None:
    (line,) = record(tmp_path, result(seed=1), result(seed=2), mode="online")
    assert line == "W&B: 2 runs are recorded but not uploaded; `suite sync` tries again"
    assert len(folders(tmp_path)) == 2


def test_sync_uploads_once_what_is_complete(tmp_path: Path, result: Make, server: Server) -> None:
    record(tmp_path, result(seed=1), result(seed=2))
    torn = tmp_path / "wandb" / "offline-run-20250101_000000-0123456789abcdef"
    torn.mkdir()
    (torn / "run-0123456789abcdef.wandb").write_bytes(b":W&B")
    assert sync(tmp_path) == 2
    assert set(server.runs) == {result(seed=1).trial_id, result(seed=2).trial_id}
    assert sync(tmp_path) == 0


def test_sync_without_a_key_names_the_remedy(tmp_path: Path, result: Make) -> None:
    record(tmp_path, result())
    with pytest.raises(InputError, match=r"1 W&B runs wait .* set WANDB_API_KEY") as caught:
        sync(tmp_path)
    assert "\n" not in str(caught.value)
    assert sync(tmp_path / "empty") == 0


@pytest.mark.usefixtures("refusing_server")
def test_a_server_that_refuses_ends_sync_with_one_line(tmp_path: Path, result: Make) -> None:
    record(tmp_path, result())
    with pytest.raises(InputError, match="1 of 1 W&B runs could not be uploaded"):
        sync(tmp_path)


@pytest.mark.parametrize(
    ("changes", "swept", "name"),
    [
        ({}, {}, "tip-arm-s3-acc98.4"),
        ({}, {"optimizer.lr": 3e-4}, "tip-arm-lr0.0003-s3-acc98.4"),
        ({}, {"optimizer.lr": 1e-5}, "tip-arm-lr1e-05-s3-acc98.4"),
        ({}, {"optimizer.lr": 0.123456789}, "tip-arm-lr0.123456789-s3-acc98.4"),
        ({}, {"optimizer.lr": 0.1, "engine.batch_size": 32}, "tip-arm-batch_size32-lr0.1-s3-acc98.4"),
        ({}, {"schedule": "cosine", "model.bias": True}, "tip-arm-bias=true-schedule=cosine-s3-acc98.4"),
        ({}, {"optimizer.betas": (0.9, 0.95)}, "tip-arm-betas=0.9,0.95-s3-acc98.4"),
        ({"measurements": {"val_accuracy": 0.97}}, {}, "tip-arm-s3-val_acc97.0"),
        ({"metric_name": "map", "measurements": {"test_map": 0.31}}, {}, "tip-arm-s3-map31.0"),
        ({"status": "diverged"}, {}, "tip-arm-s3-diverged"),
        ({"status": "failed"}, {}, "tip-arm-s3-failed"),
    ],
)
def test_names(result: Make, changes: dict[str, Any], swept: dict[str, Any], name: str) -> None:
    assert run_name(result(**changes), ablation="tip", arm="arm", swept=swept) == name


def test_a_long_name_keeps_its_end(result: Make) -> None:
    name = run_name(result(), ablation="a" * 200, arm="arm", swept={})
    assert len(name) == 128
    assert name.endswith("a-s3-acc98.4")
