"""The commands in `cluster/`, those of its page above all: subcommands, options and files that exist."""

import re
import shlex
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
import ray_side
import typer
from cluster_files import (
    CLUSTER,
    FILES,
    LAUNCHER_FILES,
    ROOT,
    blocks_of,
    changed,
    documents_of,
    options_by_command,
    ray_process,
    text_of,
)

from suite.cli.app import app

Known = Mapping[str, set[str]]
OPERATORS = {"&&", "||", "|", ";"}


@pytest.fixture(scope="module")
def known() -> Known:
    """The options of every command of `suite` and `ray`."""
    with ray_process() as in_ray:
        return {**options_by_command("suite", typer.main.get_command(app)), **in_ray(ray_side.commands)}


def _lines_of_code(markdown: str) -> Iterator[str]:
    for block in blocks_of(markdown):
        yield from block.splitlines()
    prose = re.sub(r"```.*?```", "", markdown, flags=re.DOTALL)
    yield from re.findall(r"`([^`]+)`", prose)


def _faults_of_command(words: list[str], known: Known) -> list[str]:
    """What is wrong with `suite …` or `ray …`: subcommands and options that do not exist."""
    name, rest = words[0], words[1:]
    while rest and f"{name} {rest[0]}" in known:
        name = f"{name} {rest.pop(0)}"
    if any(longer.startswith(f"{name} ") for longer in known) and rest and not rest[0].startswith("-"):
        return [f"{name} has no command {rest[0]}"]
    used = [word.split("=")[0] for word in rest if word.startswith("--") and word != "--"]
    return [f"{name} has no option {option}" for option in used if option not in known[name]]


def _commands(line: str) -> Iterator[list[str]]:
    try:
        words = shlex.split(line, comments=True)
    except ValueError:  # an apostrophe in a few words of prose, or a line of a longer quotation
        words = line.split()
    words = [part for word in words for part in ([word[:-1], ";"] if word.endswith(";") and word != ";" else [word])]
    ends = [i for i, word in enumerate(words) if word in OPERATORS]
    for start, end in zip([0, *(i + 1 for i in ends)], [*ends, len(words)], strict=True):
        if words[start:end] and Path(words[start]).name in ("suite", "ray"):
            yield [Path(words[start]).name, *words[start + 1 : end]]


def _faults(markdown: str, known: Known) -> list[str]:
    """Commands, options and files that a page names and that do not exist."""
    anywhere = known["suite submit"] | known["suite run"]
    faults = []
    for line in _lines_of_code(markdown):
        for command in _commands(line):
            faults += _faults_of_command(command, known)
        if line.startswith("--") and line.split()[0] not in anywhere:
            faults.append(f"neither suite submit nor suite run has {line.split()[0]}")
        faults += [f"no file {path}" for path in re.findall(r"\bcluster/[\w./-]+", line) if not (ROOT / path).exists()]
    links = [link for link in re.findall(r"\]\(([^)#]+)\)", markdown) if "://" not in link]
    return faults + [f"no file {link}" for link in links if not (CLUSTER / link).exists()]


def _anchors(markdown: str) -> set[str]:
    titles = re.findall(r"^#+ (.+)$", markdown, re.MULTILINE)
    return {re.sub(r"[^\w -]", "", title).lower().replace(" ", "-") for title in titles}


def test_page_names_commands_options_and_files_that_exist(known: Known) -> None:
    assert _faults(text_of("README.md"), known) == []


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("suite submit bn_vs_dropout", "suite submitt bn_vs_dropout"),
        ("--scale full --gpus-per-trial 1\n", "--scale full --gpu-per-trial 1\n"),
        ("`--accelerator H100`", "`--accelerators H100`"),
        ("--node-ip-address", "--ip-address"),
        ("ray down --yes", "ray down --force-yes"),
        ("ray dashboard cluster", "ray dashbord cluster"),
        ("cluster/slurm.sh", "cluster/slurm.sbatch"),
        ("(aws.yaml)", "(aws.yml)"),
    ],
)
def test_fault_on_the_page_is_found(known: Known, old: str, new: str) -> None:
    page = text_of("README.md")
    assert set(_faults(changed(page, old, new), known)) - set(_faults(page, known))


def test_links_within_the_page_lead_somewhere() -> None:
    page = text_of("README.md")
    assert set(re.findall(r"\]\(#([^)]+)\)", page)) <= _anchors(page)


def test_every_file_is_explained_on_the_page() -> None:
    assert [name for name in FILES if name != "README.md" and name not in text_of("README.md")] == []


@pytest.mark.parametrize("name", LAUNCHER_FILES)
def test_launcher_calls_ray_with_options_it_has(known: Known, name: str) -> None:
    (config,) = documents_of(name)
    lines = config["head_start_ray_commands"] + config["worker_start_ray_commands"]
    commands = [command for line in lines for command in _commands(line)]

    assert [command[1] for command in commands] == ["stop", "start", "stop", "start"]
    assert [fault for command in commands for fault in _faults_of_command(command, known)] == []


def test_job_calls_suite_with_options_it_has(known: Known) -> None:
    entrypoint = documents_of("rayjob.yaml")[-1]["spec"]["entrypoint"]
    (command,) = _commands(entrypoint)

    assert _faults_of_command(command, known) == []
    assert command[2].startswith("/opt/suite/")
    assert "\nWORKDIR /opt/suite\n" in text_of("Dockerfile")
    assert (ROOT / command[2].removeprefix("/opt/suite/")).exists()


def test_slurm_calls_ray_and_suite_with_options_they_have(known: Known) -> None:
    script = text_of("slurm.sh").replace("\\\n", " ")
    (line,) = [line for line in script.splitlines() if line.startswith("srun") and "symmetric-run" in line]
    words = shlex.split(line)
    separator = words.index("--")
    of_ray, of_suite = words[words.index("ray") + 2 : separator], words[separator + 1 :]

    both = known["ray symmetric-run"] | known["ray start"]
    assert [word for word in of_ray if word.startswith("--") and word not in both] == []
    assert _faults_of_command(["suite", "run", *of_suite], known) == []
