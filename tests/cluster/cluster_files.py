"""What the tests of `cluster/` share: its files, and the programs that check them."""

import re
import shutil
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import pytest
import yaml

InRay = Callable[..., Any]
"""Calls a function of `ray_side` where Ray may be imported."""
ROOT = Path(__file__).parents[2]
CLUSTER = ROOT / "cluster"
FILES = sorted(path.name for path in CLUSTER.iterdir() if path.is_file())
LAUNCHER_FILES = ("own-machines.yaml", "aws.yaml")
MANIFESTS = ("raycluster.yaml", "rayjob.yaml")


def text_of(name: str) -> str:
    return (CLUSTER / name).read_text(encoding="utf-8")


def documents_of(name: str) -> list[dict[str, Any]]:
    return list(yaml.safe_load_all(text_of(name)))


def changed(text: str, old: str, new: str) -> str:
    """The text with a fault put in. A fault that no longer fits the file must not pass for one that is found."""
    assert old in text
    return text.replace(old, new)


def program(name: str) -> str:
    """A linter, from this Python's environment or else from the machine."""
    found = shutil.which(name, path=str(Path(sys.executable).parent)) or shutil.which(name)
    if found is None:
        pytest.fail(f"{name} is not installed; it comes with: pip install -e '.[dev]'")
    return found


def blocks_of(markdown: str) -> list[str]:
    """The blocks of shell on a page, a command that goes on in the next line as one line."""
    return [block.replace("\\\n", " ") for block in re.findall(r"```sh\n(.*?)```", markdown, re.DOTALL)]


def options_by_command(name: str, command: Any) -> dict[str, set[str]]:
    """The options of a command and of all below it. `command` is click's, or the copy of click that typer brings."""
    options = {option for parameter in command.params for option in [*parameter.opts, *parameter.secondary_opts]}
    found = {name: options | {"--help"}}
    for below, subcommand in getattr(command, "commands", {}).items():
        found |= options_by_command(f"{name} {below}", subcommand)
    return found


@contextmanager
def ray_process() -> Iterator[InRay]:
    """A process that imports Ray for as long as the block lasts."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        yield lambda function, *arguments: pool.submit(function, *arguments).result()
