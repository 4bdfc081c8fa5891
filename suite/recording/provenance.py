"""Where numbers come from: code, versions, machine, command. No names, secrets or places of the person who ran it.

Imports nothing heavy: versions come from package metadata, and torch is asked only where it is loaded already.
"""

import functools
import os
import platform
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any

import suite

COMMIT_VARIABLE = "SUITE_COMMIT"
"""Names the commit where the package was sent without its history: the hash, with a `+` if it had been changed."""
_PACKAGES = ("torch", "torchvision", "numpy", "ray", "wandb")
_SECONDS = 10.0
_SECRET_WORDS = r"(?:api|access)?(?:key|token|secret|password|passwd|credentials?|auth)"  # noqa: S105
SECRET_NAME = rf"(?:[\w.-]*[_.-])?{_SECRET_WORDS}(?:[_.-][\w.-]*)?"
"""Matches WANDB_API_KEY, --token and aws.secret.id, but neither KeyError nor tokens (ignore case)."""
_ASSIGNED = re.compile(rf"(?i)(?P<name>(?<!\w){SECRET_NAME})=\S+")
_OPTION = re.compile(rf"(?i)-+{SECRET_NAME}")
_CREDENTIALS = re.compile(r"(?<=://)[^/@\s]+@")
_HOMES = re.compile(r"(?<![\w.-])(?:/(?:home|Users)/[^/\s:'\"]+|/root|[A-Za-z]:\\Users\\[^\\\s:'\"]+)(?![\w.-])")
_SHORTEST_SECRET = 8


def driver_provenance(argv: Sequence[str] | None = None) -> dict[str, Any]:
    """Of the process that a person started; `argv` is its command line."""
    return {**_machine(), "command": _command(sys.argv if argv is None else argv), "started_at": _now()}


def worker_provenance() -> dict[str, Any]:
    """Of the process that trained a trial, at the trial's end. The first call may take a second, later ones nothing."""
    return {**_machine(), "recorded_at": _now()}


def with_command(provenance: Mapping[str, Any]) -> dict[str, Any]:
    """A worker's provenance with the driver's command line: a worker cannot know what was typed."""
    return {**provenance, "command": _command(sys.argv)}


def scrub(text: str) -> str:
    """`text` without secrets and home folders, for anything that may be published."""
    for name, value in os.environ.items():
        if re.fullmatch(SECRET_NAME, name, re.IGNORECASE) and len(value) >= _SHORTEST_SECRET:
            text = text.replace(value, "***")
    text = _ASSIGNED.sub(r"\g<name>=***", _CREDENTIALS.sub("***@", text))
    home = str(Path("~").expanduser())
    if len(home) > 1:
        text = re.sub(re.escape(home) + r"(?![\w.-])", "~", text)
    return _HOMES.sub("~", text)


def versions() -> dict[str, str | None]:
    """Of everything whose version can change a trial's numbers, or whether processes understand each other."""
    return {
        "suite": suite.__version__,
        "python": platform.python_version(),
        **{name: _version(name) for name in _PACKAGES if name != "wandb"},
    }


def checkout() -> tuple[str | None, bool | None]:
    """The package's commit and whether the package differs from it; nothing unless it lies in a checkout of its own."""
    named = os.environ.get(COMMIT_VARIABLE)
    if named:
        return named.removesuffix("+"), named.endswith("+")
    return _checkout(Path(suite.__file__).parent)


def _checkout(package: Path) -> tuple[str | None, bool | None]:
    if not (package.parent / ".git").exists():
        return None, None
    commit = _output("git", "-C", str(package.parent), "rev-parse", "HEAD")
    if not commit:
        return None, None
    changes = _output("git", "-C", str(package.parent), "status", "--porcelain", "--", package.name)
    return commit, None if changes is None else bool(changes)


@functools.cache
def _machine() -> dict[str, Any]:
    commit, dirty = checkout()
    return {
        "suite": suite.__version__,
        "commit": commit,
        "dirty": dirty,
        "python": platform.python_version(),
        **{name: _version(name) for name in _PACKAGES},
        "os": f"{platform.system()} {platform.release()}",
        "cpu": _cpu(),
        "cpu_cores": os.cpu_count(),
        "memory_bytes": _memory_bytes(),
        **_gpus(),
    }


def _version(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def _cpu() -> str:
    """The processor's name as its maker writes it."""
    try:
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    except OSError:
        pass
    sysctl = _output("sysctl", "-n", "machdep.cpu.brand_string") if sys.platform == "darwin" else None
    return sysctl or platform.processor() or platform.machine()


def _memory_bytes() -> int | None:
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, OSError, ValueError):
        return None


def _gpus() -> dict[str, Any]:
    """Names, joined; None without one. A context is never made for this: it would cost memory on the device."""
    torch = sys.modules.get("torch")
    if torch is not None and torch.cuda.is_initialized():
        names = [torch.cuda.get_device_name(index) for index in range(torch.cuda.device_count())]
        return {"gpu": ", ".join(names) or None, "cuda": torch.version.cuda}
    listed = _output("nvidia-smi", "--query-gpu=name", "--format=csv,noheader")
    return {"gpu": ", ".join(listed.splitlines()) or None if listed else None}


def _output(*command: str) -> str | None:
    """What the command prints, None if it is missing or fails. Git is asked about its folder whatever GIT_DIR says."""
    if not shutil.which(command[0]):
        return None
    environment = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=_SECONDS, check=True, env=environment, errors="replace"
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip()


def _command(argv: Sequence[str]) -> str:
    """The command line with the program's base name, without secrets."""
    words = [Path(argv[0]).name] if argv else []
    hidden = False
    for word in argv[1:]:
        words.append("***" if hidden else scrub(word))
        hidden = bool(_OPTION.fullmatch(word))
    return " ".join(words)


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
