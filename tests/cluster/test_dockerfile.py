"""The Dockerfile against hadolint, and what hadolint does not look at."""

import re
import subprocess

import pytest
from cluster_files import ROOT, changed, program, text_of


def _hadolint(dockerfile: str) -> subprocess.CompletedProcess[str]:
    command = [program("hadolint"), "--no-color", "-"]
    return subprocess.run(command, input=dockerfile, capture_output=True, text=True, check=False)


def _instructions(dockerfile: str) -> list[tuple[str, str]]:
    joined = re.sub(r"\\\n", " ", re.sub(r"^#.*\n", "", dockerfile, flags=re.MULTILINE))
    return [(line.split()[0], " ".join(line.split()[1:])) for line in joined.splitlines() if line.strip()]


def _faults(dockerfile: str) -> list[str]:
    """What hadolint lets pass."""
    said: dict[str, list[str]] = {}
    for name, value in _instructions(dockerfile):
        said.setdefault(name, []).append(value)
    faults = [f"git does not track {source}" for source in _sources(said["COPY"]) if not _is_tracked(source)]
    for value in said.get("ENV", []) + said.get("ARG", []):
        if re.search("TOKEN|SECRET|PASSWORD|KEY", value):
            faults.append(f"a secret in the image: {value}")
    if not re.fullmatch("[1-9][0-9]*", said.get("USER", ["root"])[-1]):
        faults.append("root, or a name that Kubernetes cannot tell from root")
    if not re.fullmatch(r"\S+:\d+\.\d+\.\d+-\S+", said["FROM"][0]):
        faults.append("base image without its full version")
    return faults


def _sources(copies: list[str]) -> list[str]:
    return [source for copy in copies for source in copy.split()[:-1]]


def _is_tracked(source: str) -> bool:
    return bool(subprocess.run(["git", "ls-files", source], cwd=ROOT, capture_output=True, check=True).stdout)


def test_hadolint_finds_nothing() -> None:
    checked = _hadolint(text_of("Dockerfile"))
    assert checked.returncode == 0, checked.stdout


@pytest.mark.parametrize(
    ("old", "new", "rule"),
    [
        ("python:3.12.12-slim-bookworm", "python", "DL3006"),
        ("python:3.12.12-slim-bookworm", "python:latest", "DL3007"),
        ("# hadolint ignore=DL3008\n", "", "DL3008"),
        (" \\\n    && rm -rf /var/lib/apt/lists/*", "", "DL3009"),
        (" --no-install-recommends", "", "DL3015"),
        ("COPY suite suite", "ADD suite suite", "DL3020"),
        ("pip install --no-cache-dir", "pip install", "DL3042"),
        ("USER 1000", "USER root", "DL3002"),
    ],
)
def test_hadolint_finds_a_fault(old: str, new: str, rule: str) -> None:
    checked = _hadolint(changed(text_of("Dockerfile"), old, new))

    assert checked.returncode != 0
    assert rule in checked.stdout


def test_nothing_else_is_wrong() -> None:
    assert _faults(text_of("Dockerfile")) == []


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("COPY suite suite", "COPY .venv suite"),
        ("ENV RAY_AUTH_MODE=token", "ENV RAY_AUTH_TOKEN=abc"),
        ("USER 1000", "USER suite"),
        ("USER 1000\n", ""),
        ("3.12.12-slim", "3-slim"),
    ],
)
def test_other_fault_is_found(old: str, new: str) -> None:
    assert _faults(changed(text_of("Dockerfile"), old, new))
