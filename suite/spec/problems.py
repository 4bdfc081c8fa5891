"""Words for what is wrong with a spec: one line each, short, with what is accepted and the nearest known name."""

import difflib
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from suite.errors import Problem

LISTED = 12
"""Longer lists of accepted names are cut to the nearest few."""


def problem(file: str, key: str, message: str) -> Problem:
    """A problem that stays on one line whatever the file holds."""
    return Problem(file=_line(file, 300), key=_line(key, 160), message=_line(message, 800))


def shown(value: Any, limit: int = 60) -> str:
    """A value as one short line, as YAML would say it, control characters escaped."""
    text = (
        {None: "null", True: "true", False: "false"}.get(value)
        if value is None or value is True or value is False
        else None
    )
    return _line(text or repr(value), limit)


def unknown(what: str, name: Any, known: Iterable[str]) -> str:
    """`unknown arm 'bm'; accepted: bn, neither (did you mean 'bn'?)`."""
    return f"unknown {what} {shown(name)}; accepted: {accepted(str(name), known)}"


def accepted(name: str, known: Iterable[str]) -> str:
    """`bn, neither (did you mean 'bn'?)`; of a long list the nearest few."""
    names = sorted(known)
    if len(names) <= LISTED:
        return (", ".join(names) or "none") + suggestion(name, names)
    near = difflib.get_close_matches(name, names, n=5, cutoff=0.3) or names[:5]
    return f"{', '.join(near)}, … ({len(names)} in all){suggestion(name, names)}"


def suggestion(name: str, known: Iterable[str]) -> str:
    """` (did you mean 'bn'?)`, or nothing."""
    names = {item.lower(): item for item in known}
    near = difflib.get_close_matches(name.lower(), names, n=1)
    near += [item for item in names if sorted(item) == sorted(name.lower())]  # `nb` is too short to be near `bn`
    return f" (did you mean {names[near[0]]!r}?)" if near else ""


def is_not(value: Any, words: str) -> str:
    """`'3e-4' is not a number > 0 (write it without quotes)`."""
    return f"{shown(value)} is not {words}{_hint(value, words)}"


def of_model(error: ValidationError, file: str, models: Mapping[int, type[BaseModel]]) -> list[Problem]:
    """Pydantic's complaints about a file's structure. `models`: whose fields the keys at each depth are."""
    found = []
    for item in error.errors(include_url=False):
        path = [str(part) for part in item["loc"] if part != "[key]"]
        found.append(problem(file, dotted(path), _of_detail(item, models.get(len(path)))))
    return found


def dotted(path: Sequence[str]) -> str:
    """`workloads.quick[0]` of ("workloads", "quick", "0")."""
    return "".join(f"[{part}]" if part.isdecimal() else f".{part}" for part in path).removeprefix(".")


def fields(model: type[BaseModel]) -> list[str]:
    """The keys that a file may have; `id` and `path` come from the file's name."""
    return [name for name in model.model_fields if name not in ("id", "path")]


_WANTED = {
    "string_type": "text",
    "string_too_short": "text",
    "string_pattern_mismatch": "a name (letters, digits and _, a letter first, at most 60)",
    "dict_type": "a mapping of keys to values",
    "model_type": "a mapping of keys to values",
    "list_type": "a list",
    "bool_type": "true or false",
    "float_type": "a number",
    "finite_number": "a finite number",
}


def _of_detail(item: ErrorDetails, model: type[BaseModel] | None) -> str:
    name, value, context = str(item["loc"][-1]), item["input"], item.get("ctx", {})
    match item["type"]:
        case "extra_forbidden" if model:
            return f"unknown key; accepted: {accepted(name, fields(model))}"
        case "missing":
            return "is missing"
        case "literal_error":
            choices = re.findall(r"'([^']*)'", str(context["expected"]))
            return f"{shown(value)} is not accepted; accepted: {accepted(str(value), choices)}"
        case "too_short":
            return f"has {context['actual_length'] or 'no'} entries; accepted: at least {context['min_length']}"
        case "greater_than":
            return f"{shown(value)} is not a number > {context['gt']:g}"
        case "string_too_short":
            return "is empty; accepted: text"
        case kind if kind in _WANTED:
            return is_not(value, _WANTED[kind])
    return f"{shown(value)}: {item['msg']}"


def _hint(value: Any, words: str) -> str:
    if isinstance(value, str) and "number" in words and re.fullmatch(r"[-+.0-9eE]*[0-9][-+.0-9eE]*", value):
        return " (write it without quotes)"
    if isinstance(value, str) and "true" in words and value.lower() in ("yes", "no", "on", "off", "true", "false"):
        return " (write true or false, without quotes)"
    if value is None and "mapping" in words:
        return " (write {} for one without entries)"
    return ""


def _line(text: str, limit: int) -> str:
    short = text if len(text) <= limit else f"{text[: limit - 1]}…"
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in short)
