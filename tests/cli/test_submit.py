"""`suite submit` to a real Ray cluster of three nodes on this machine, with a token and pretended GPUs."""

import contextlib
import json
import os
import re
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import requests
from conftest import SMALL, Suite, environment

from suite.recording.store import Store
from suite.scheduling.jobs import Jobs, UnreachableError

TOKEN = secrets.token_hex(32)
PLANTED = {"WANDB_API_KEY": "planted-key-0123456789", "AWS_SECRET_ACCESS_KEY": "planted-secret-987654"}
"""None of these may turn up in anything that is written."""


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def start(home: Path, cache: Path, *arguments: str, apart: Path | None = None) -> subprocess.Popen[bytes]:
    """A node. `apart` is what it sees as Ray's folder: nodes of one machine would unpack a job over each other."""
    command = [str(Path(sys.executable).parent / "ray"), "start", "--block", "--node-ip-address", "127.0.0.1"]
    command += ["--num-cpus", "1", "--dashboard-agent-listen-port", str(free_port()), *arguments]
    if apart:
        apart.mkdir()
        script = 'mount --bind "$0" "$1" && shift && exec "$@"'
        command = ["unshare", "--mount", "sh", "-c", script, str(apart), str(home / "ray"), *command]
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    secret = {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": TOKEN}
    return subprocess.Popen(
        command,
        env={**environment(cache), **secret, **PLANTED, "PATH": path, "SUITE_RESULTS": str(home / "results")},
        stdout=(home / "log").open("a"),
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )


@pytest.fixture(scope="module")
def home() -> Iterator[Path]:
    """What the cluster writes."""
    folder = Path(tempfile.mkdtemp(prefix="suite"))  # short: sockets lie in it
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="module")
def address(cache: Path, home: Path) -> Iterator[str]:
    """The dashboard of a head with one CPU and two nodes with one CPU and one pretended GPU each."""
    if os.geteuid() != 0 or shutil.which("unshare") is None:
        pytest.skip("only root can give each node of a cluster on one machine a folder of its own")
    (home / "ray").mkdir()
    port, dashboard, client = (str(free_port()) for _ in range(3))
    ports = ["--port", port, "--dashboard-port", dashboard, "--ray-client-server-port", client]
    nodes = [start(home, cache, "--head", "--temp-dir", str(home / "ray"), "--dashboard-host", "127.0.0.1", *ports)]
    wait_for(int(dashboard))
    gpu = ["--num-gpus", "1", "--resources", '{"accelerator_type:T4": 1}', "--address", f"127.0.0.1:{port}"]
    nodes += [start(home, cache, *gpu, apart=home / name) for name in ("b", "c")]
    yield f"http://127.0.0.1:{dashboard}"
    for node in reversed(nodes):
        os.killpg(node.pid, signal.SIGTERM)
        node.wait(timeout=60)


def wait_for(port: int) -> None:
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        time.sleep(0.2)
    raise AssertionError("Ray's head did not start")


Submit = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def submit(address: str, folder: Path, cache: Path) -> Submit:
    def run(*arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
        client = {**environment(cache), "RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": TOKEN, **PLANTED, **more}
        client = {name: value for name, value in client.items() if value and name != "SUITE_RESULTS"}
        return subprocess.run(
            [sys.executable, "-m", "suite", "submit", *arguments, "--address", address],
            cwd=folder,
            env=client,
            capture_output=True,
            text=True,
            timeout=500,
            check=False,
        )

    return run


def essence(folder: Path) -> dict[str, tuple[object, ...]]:
    """What the trials came to, but for times."""
    return {
        name: (
            result.status,
            [(epoch.train_loss, epoch.val_loss, epoch.val_metric) for epoch in result.epochs],
            result.test_correct,
            {key: value for key, value in result.measurements.items() if not key.endswith("seconds")},
        )
        for name, result in Store(folder).load().items()
    }


@pytest.mark.slow
def test_a_job_ends_with_the_verdict_and_the_bits_of_a_local_run(
    submit: Submit, folder: Path, cache: Path, home: Path
) -> None:
    done = submit("small", "--gpus-per-trial", "0.5", "--device", "cpu", "--json")
    assert done.returncode == 0, done.stderr
    (there,) = json.loads(done.stdout)
    local = subprocess.run(
        [sys.executable, "-m", "suite", "run", "small", "--results", "local", "--json"],
        cwd=folder,
        env=environment(cache),
        capture_output=True,
        text=True,
        timeout=400,
        check=True,
    )
    (here,) = json.loads(local.stdout)
    assert essence(folder / "results") == essence(folder / "local")
    assert there["claims"] == here["claims"]
    assert (folder / there["report"]).exists()
    assert len(list((folder / "results/wandb").glob("offline-run-*"))) == there["trials_done"] + 1

    said = done.stderr
    assert "2 trials side by side, each on 1 CPU and 0.5 GPU" in said
    assert "::suite" not in said, "records are not for people"
    job = re.search(r"suite-[0-9a-f]{8}", said)
    assert job is not None
    state = json.loads(submit("--status", job[0], "--json").stdout)
    assert (state["status"], state["ablations"], state["scale"]) == ("SUCCEEDED", ["small"], "quick")
    assert "was over already" in submit("--stop", job[0]).stdout

    for path in (*folder.rglob("*"), *(home / "results").rglob("*")):
        if path.is_file():
            content = path.read_bytes()
            for secret in (*PLANTED.values(), TOKEN):
                assert secret.encode() not in content, path
    for secret in (*PLANTED.values(), TOKEN):
        assert secret not in said + done.stdout + json.dumps(state)

    again = submit("small", "--attach", job[0])
    assert again.returncode == 2, "one or the other"
    attached = submit("--attach", job[0], "--results", "elsewhere", "--json")
    assert attached.returncode == 0, attached.stderr
    assert json.loads(attached.stdout)[0]["claims"] == here["claims"]
    assert essence(folder / "elsewhere") == essence(folder / "local")


def test_who_has_no_token_or_another_one_is_refused_in_one_line(submit: Submit) -> None:
    for changed in ({"RAY_AUTH_TOKEN": "0" * 64}, {"RAY_AUTH_TOKEN": "", "RAY_AUTH_MODE": "disabled"}):
        refused = submit("small", **changed)
        assert refused.returncode == 2
        (line,) = refused.stderr.strip().splitlines()
        assert "the cluster refuses us: set RAY_AUTH_MODE=token" in line


def test_what_can_never_run_is_refused_before_anything_starts(submit: Submit, folder: Path) -> None:
    (folder / "ablations/small.yaml").write_text(SMALL.replace("engine.epochs: 2", "engine.epochs: 3"))
    refused = submit("small", "--gpus-per-trial", "2", "--device", "cpu")
    assert refused.returncode == 1, refused.stderr
    assert "no node has 1 CPU and 2 GPU for a trial: the most that one has is 1 CPU and 1 GPU" in refused.stderr
    refused = submit("small", "--gpus-per-trial", "1", "--accelerator", "H100", "--device", "cpu")
    assert "the most that one has is 1 CPU and 1 GPU and of type T4" in refused.stderr
    assert not (folder / "results/reports").exists(), "nothing was trained, so there is nothing to report"


@pytest.mark.slow
def test_shared_storage_takes_the_results_instead(submit: Submit, folder: Path, suite: Suite) -> None:
    shared = folder / "shared"
    done = submit("small", "--storage", str(shared), "--max-trials", "2")
    assert done.returncode == 0, done.stderr
    assert f"`suite report --storage {shared}` reads them" in done.stderr
    assert Store(folder / "results").load() == {}
    assert len(Store(shared).load()) >= 2
    (told,) = json.loads(suite("report", "small", "--storage", str(shared), "--json").stdout)
    assert told["verdict"]["trials_done"] >= 2


@pytest.mark.parametrize(
    ("storage", "said"),
    [("shared", "give an absolute path"), ("s3://key:very-secret-word@bucket/x", "would be public in the job")],
)
def test_a_storage_that_a_job_must_not_have(folder: Path, suite: Suite, storage: str, said: str) -> None:
    refused = suite("submit", "small", "--storage", storage)
    assert refused.returncode == 2
    (line,) = refused.stderr.strip().splitlines()
    assert said in line
    assert "very-secret-word" not in line


@pytest.mark.parametrize(
    ("options", "named"),
    [
        (("--attach", "suite-1", "--scale", "full", "--seeds", "3"), "--scale, --seeds"),
        (("--status", "suite-1", "--wandb", "off"), "--wandb"),
        (("--stop", "suite-1", "--json"), "--json"),
    ],
)
def test_what_a_job_that_was_sent_cannot_take_any_more(
    folder: Path, suite: Suite, options: tuple[str, ...], named: str
) -> None:
    refused = suite("submit", *options)
    assert refused.returncode == 2
    (line,) = refused.stderr.strip().splitlines()
    assert line.endswith(f"suite submit {options[0]}: the job has been sent; {named} cannot change it")


def test_an_answer_that_is_lost_leaves_the_id_of_the_job(monkeypatch: pytest.MonkeyPatch) -> None:
    class Deaf:
        """Its answer to a submission never comes."""

        def __init__(self, address: str) -> None: ...

        def submit_job(self, **options: object) -> str:
            raise requests.Timeout("timed out")

    monkeypatch.setattr("ray.job_submission.JobSubmissionClient", Deaf)
    with pytest.raises(
        UnreachableError, match=r"timed out\); if (suite-[0-9a-f]{8}) arrived .* --attach \1 follows it"
    ):
        Jobs("http://127.0.0.1:1").submit([], {}, {}, [], foreign_code=False)


def test_an_address_where_nobody_answers(folder: Path, cache: Path) -> None:
    refused = subprocess.run(
        [sys.executable, "-m", "suite", "submit", "small", "--address", f"http://127.0.0.1:{free_port()}"],
        cwd=folder,
        env=environment(cache),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert refused.returncode == 2
    (line,) = refused.stderr.strip().splitlines()
    assert "no Ray dashboard answers" in line


def test_only_what_git_tracks_travels(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from suite.errors import ClusterError
    from suite.scheduling.parcel import pack

    project, parcel = tmp_path / "project", tmp_path / "parcel"
    project.mkdir()
    (project / "mine.py").write_text("tracked = True\n")
    (project / "notes.txt").write_text("a password\n")
    (project / "small.yaml").write_text(SMALL)
    monkeypatch.chdir(project)
    with pytest.raises(ClusterError, match="git"):
        pack(parcel, {}, [], foreign_code=True)
    git = ["git", "-c", "user.name=a", "-c", "user.email=a@b"]
    subprocess.run([*git, "init", "-q"], check=True)
    subprocess.run([*git, "add", "mine.py"], check=True)
    parcel.mkdir(exist_ok=True)
    (project / "mine").mkdir()
    (project / "mine/w.yaml").write_text("a workload\n")
    (project / ".gitignore").write_text("data/\n")
    subprocess.run([*git, "add", ".gitignore"], check=True)
    pack(parcel, {"small": project / "small.yaml"}, ["digits_cnn", "mine/w.yaml"], foreign_code=True)
    names = {path.relative_to(parcel).as_posix() for path in parcel.rglob("*") if path.is_file()}
    package = {"suite/cli/run.py", "suite/workloads/digits_cnn.yaml", "suite/training/data/digits.py"}
    assert {"mine.py", "mine/w.yaml", "ablations/small.yaml", *package} <= names
    assert ".gitignore" not in names, "Ray would leave out what it names, in the package too"
    with pytest.raises(ClusterError, match="only one inside of the current folder"):
        pack(tmp_path / "other", {}, [str(project / "mine/w.yaml")], foreign_code=False)
    assert "notes.txt" not in names
    assert not any("__pycache__" in name or name.startswith(("results", "tests")) for name in names)
