"""The processes in which W&B works: one that writes runs, and `wandb sync`. Both can be killed at any moment."""

import netrc
import os
import re
import subprocess
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import IO
from urllib.parse import urlsplit

import suite
from suite.recording.provenance import SECRET_NAME

_ANSWER_SECONDS = 60.0
"""Starting takes two seconds, a run 20 ms."""
_BATCH = 50
_UPLOAD_SECONDS = 600.0
_HOST = "https://api.wandb.ai"


class Writer:
    """The process that writes runs (wandb_writer), started when it is first needed."""

    def __init__(self, root: Path, project: str) -> None:
        self._root = root
        self._project = project
        self._process: subprocess.Popen[str] | None = None
        self._starting = threading.Lock()
        self._ended = False

    @property
    def alive(self) -> bool:
        """Whether there is one."""
        return self._process is not None and self._process.poll() is None

    def ask(self, line: str) -> str:
        """The answer to one run, empty if the process died over it or took longer than a minute."""
        with self._starting:
            if self._ended:
                return ""
            process = self._process if self._process and self.alive else self._start()
            self._process = process
        alarm = threading.Timer(_ANSWER_SECONDS, process.kill)
        alarm.daemon = True
        alarm.start()
        try:
            _pipe(process.stdin).write(line + "\n")
            _pipe(process.stdin).flush()
            answer = _pipe(process.stdout).readline().rstrip("\n")
        except BrokenPipeError:
            answer = ""
        finally:
            alarm.cancel()
        if not answer:
            _kill(process)  # its pipes close before it is gone, and one death would count as several
        return answer

    def finish(self) -> None:
        """Let it end by itself."""
        if self._process is not None:
            try:
                _pipe(self._process.stdin).close()
                self._process.wait(_ANSWER_SECONDS)
            except (OSError, subprocess.TimeoutExpired):
                _kill(self._process)

    def kill(self) -> None:
        """From another thread, whatever it is doing, and for good; W&B's own service ends with it."""
        with self._starting:
            self._ended = True
            _kill(self._process)

    def _start(self) -> "subprocess.Popen[str]":
        """Without secrets, out of the reach of Ctrl-C."""
        command = [sys.executable, "-m", "suite.recording.wandb_writer", str(self._root), self._project]
        secret = re.compile(SECRET_NAME, re.IGNORECASE)
        kept = {name: value for name, value in os.environ.items() if not secret.fullmatch(name)}
        path = os.pathsep.join([str(Path(suite.__file__).parents[1]), *filter(None, [kept.get("PYTHONPATH")])])
        places = {f"WANDB_{name}_DIR": str(self._root / "wandb" / f".{name.lower()}") for name in ("CONFIG", "DATA")}
        return subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            encoding="utf-8",
            start_new_session=True,
            env={**_without_wandb(kept), **_common(self._root), **places, "PYTHONPATH": path},
        )


class Uploader:
    """`wandb sync`, with the user's own W&B variables."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._process: subprocess.Popen[bytes] | None = None
        self._starting = threading.Lock()
        self._ended = False

    def upload(self, names: Sequence[str], *, quiet: bool) -> list[str]:
        """Of the runs' folders those that are still not uploaded. Gives up at the first batch that fails."""
        folders = [self._root / "wandb" / name for name in names]
        for start in range(0, len(folders), _BATCH):
            batch = folders[start : start + _BATCH]
            self._run([str(folder) for folder in batch], quiet=quiet)
            if not all(map(is_synced, batch)):
                break
        return [folder.name for folder in folders if not is_synced(folder)]

    def kill(self) -> None:
        """From another thread, and for good."""
        with self._starting:
            self._ended = True
            _kill(self._process)

    def _run(self, paths: Sequence[str], *, quiet: bool) -> None:
        retries = {f"WANDB__{name}_RETRY_MAX": "3" for name in ("GRAPHQL", "FILE_STREAM", "FILE_TRANSFER")}
        waits = {f"WANDB__{name}_RETRY_WAIT_MAX_SECONDS": "5" for name in ("GRAPHQL", "FILE_STREAM", "FILE_TRANSFER")}
        kept = {name: value for name, value in os.environ.items() if name not in ("WANDB_MODE", "WANDB_SILENT")}
        output = subprocess.DEVNULL if quiet else None
        with self._starting:
            if self._ended:
                return
            self._process = subprocess.Popen(
                [sys.executable, "-m", "wandb", "sync", *paths],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=quiet,
                env={**retries, **waits, **kept, **_common(self._root)},
            )
        try:
            self._process.wait(_UPLOAD_SECONDS)
        except subprocess.TimeoutExpired:
            _kill(self._process)
        except BaseException:
            _kill(self._process)
            raise


def has_key() -> bool:
    """Whether W&B would find a key: in the environment, or where `wandb login` puts it."""
    if os.environ.get("WANDB_API_KEY") or os.environ.get("WANDB_IDENTITY_TOKEN_FILE"):
        return True
    host = urlsplit(os.environ.get("WANDB_BASE_URL") or _HOST).hostname
    home = Path("~").expanduser()
    for path in (os.environ.get("NETRC"), home / ".netrc", home / "_netrc"):
        try:
            if path and host and netrc.netrc(path).authenticators(host):
                return True
        except (OSError, netrc.NetrcParseError):
            continue
    return False


def is_synced(folder: Path) -> bool:
    """Whether `wandb sync` has marked the run as uploaded."""
    return any(folder.glob("*.wandb.synced"))


def _without_wandb(environment: dict[str, str]) -> dict[str, str]:
    """A user's WANDB_MODE, WANDB_TAGS or WANDB_RUN_GROUP would say otherwise than we do."""
    return {name: value for name, value in environment.items() if not name.startswith("WANDB_")}


def _common(root: Path) -> dict[str, str]:
    return {
        "WANDB_DIR": str(root),
        "WANDB_CACHE_DIR": str(root / "wandb" / ".cache"),
        "WANDB_DATA_DIR": str(root / "wandb" / ".data"),
        "WANDB_ERROR_REPORTING": "false",
    }


def _kill(process: "subprocess.Popen[str] | subprocess.Popen[bytes] | None") -> None:
    """And wait until it is gone, so that nothing is written any more."""
    if process is not None and process.poll() is None:
        process.kill()
        process.wait()


def _pipe(pipe: IO[str] | None) -> IO[str]:
    assert pipe is not None
    return pipe
