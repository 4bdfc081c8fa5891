"""A strict YAML reader: what looks like a number is one, and what is ambiguous or dangerous is refused.

YAML 1.1, which PyYAML speaks, takes `3e-4` for text and `no` for false; here scalars are those of YAML 1.2's core
schema. Anchors, aliases, tags and duplicate keys are refused (a spec needs none), so nothing can explode or construct.
"""

import math
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import yaml

from suite.errors import Problem, SpecError
from suite.spec.problems import problem, shown

LARGEST_BYTES = 1_000_000
DEEPEST = 20
"""Levels of nesting; a spec needs three."""

_LOADER: Final = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""Only its scanner and parser are used: values are built below, from the nodes."""

_BOOLEANS = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
_NULLS = {"", "~", "null", "Null", "NULL"}
_INTEGER = re.compile(r"[-+]?[0-9]{1,18}")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_NOT_FINITE = re.compile(r"[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)")


@dataclass(frozen=True, kw_only=True)
class Document:
    """A file's mapping, of plain values, and what is wrong with single places of it."""

    content: dict[str, Any]
    problems: tuple[Problem, ...]
    """Duplicate keys (the first value counts) and numbers that are not finite (kept as text)."""


def load(path: Path) -> Document:
    """Raises SpecError if the file as a whole cannot be read as a mapping."""
    node = _parse(path, _read(path))
    problems: list[Problem] = []
    content = _value(node, "", str(path), problems)
    if not isinstance(content, dict):
        what = "a list" if isinstance(content, list) else f"the single value {shown(content)}"
        raise _error(path, f"must be a mapping of keys to values, not {what}")
    return Document(content=content, problems=tuple(problems))


def existing(name: str, folder: Path) -> Path | None:
    """The file that a path or an id (`folder/ID.yaml`) names. Raises SpecError if it is no file."""
    by_id = not name.endswith((".yaml", ".yml")) and "/" not in name
    path = folder / f"{name}.yaml" if by_id else Path(name)
    try:
        if path.is_dir():
            raise _error(path, "is a folder; name a file in it")
        return path if path.exists() else None
    except (OSError, ValueError):  # a name that no file can have
        return None


def _read(path: Path) -> str:
    try:
        with path.open("rb") as file:
            content = file.read(LARGEST_BYTES + 1)
    except OSError as error:
        raise _error(path, f"cannot be read ({error.strerror})") from None
    if len(content) > LARGEST_BYTES:
        raise _error(path, f"is larger than {LARGEST_BYTES // 1_000_000} MB; a spec is a few kilobytes")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise _error(path, f"is not UTF-8 (byte {content[error.start]:#04x} at position {error.start})") from None


def _parse(path: Path, text: str) -> yaml.Node:
    try:
        _refuse(path, text)
        node = yaml.compose(text, Loader=_LOADER)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        if mark and "nesting depth" in str(error.problem):  # libyaml's own limit, met before ours is looked at
            raise _error(path, f"line {mark.line + 1}: is nested more than {DEEPEST} levels deep") from None
        where = f"line {mark.line + 1}, column {mark.column + 1}: " if mark else ""
        raise _error(path, f"{where}not YAML: {error.problem or error.context}") from None
    except yaml.YAMLError as error:
        raise _error(path, f"not YAML: {str(error).splitlines()[0]}") from None
    if node is None:
        raise _error(path, "is empty; accepted: a mapping of keys to values")
    return node


def _refuse(path: Path, text: str) -> None:
    """Looks at the events only, before anything is built."""
    depth = 0
    for event in yaml.parse(text, Loader=_LOADER):
        where = f"line {event.start_mark.line + 1}" if event.start_mark else "somewhere"
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            raise _error(path, f"{where}: anchors and aliases (&, *) are not accepted; write the value out")
        if tag := getattr(event, "tag", None):
            raise _error(path, f"{where}: the tag {shown(tag)} is not accepted; write a plain value")
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > DEEPEST:
            raise _error(path, f"{where}: is nested more than {DEEPEST} levels deep")


def _value(node: yaml.Node, key: str, file: str, problems: list[Problem]) -> Any:
    if isinstance(node, yaml.MappingNode):
        return _mapping(node, key, file, problems)
    if isinstance(node, yaml.SequenceNode):
        return [_value(item, f"{key}[{i}]", file, problems) for i, item in enumerate(node.value)]
    return _scalar(node, key, file, problems)


def _mapping(node: yaml.MappingNode, key: str, file: str, problems: list[Problem]) -> dict[str, Any]:
    result: dict[str, Any] = {}
    lines: dict[str, int] = {}
    for name_node, value_node in node.value:
        line = name_node.start_mark.line + 1
        if not isinstance(name_node, yaml.ScalarNode):
            problems.append(problem(file, key, f"line {line}: a key must be plain text"))
            continue
        name = str(name_node.value)
        path = f"{key}.{name}" if key else name
        if name in result:
            problems.append(problem(file, path, f"stands twice (lines {lines[name]} and {line})"))
            continue
        lines[name] = line
        result[name] = _value(value_node, path, file, problems)
    return result


def _scalar(node: yaml.Node, key: str, file: str, problems: list[Problem]) -> Any:
    text = str(node.value)
    if getattr(node, "style", None):  # quoted or block: text, whatever it looks like
        return text
    if text in _BOOLEANS:
        return _BOOLEANS[text]
    if text in _NULLS:
        return None
    if _INTEGER.fullmatch(text):
        return int(text)
    if _FLOAT.fullmatch(text) and math.isfinite(float(text)):
        return float(text)
    if _NOT_FINITE.fullmatch(text) or _FLOAT.fullmatch(text):
        problems.append(problem(file, key, f"{shown(text)} is not a finite number"))
    return text


def _error(path: Path, message: str) -> SpecError:
    return SpecError([problem(str(path), "", message)])
