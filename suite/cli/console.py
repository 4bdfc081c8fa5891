"""Where text goes: results to stdout, everything else to stderr."""

import dataclasses
import json
import math
import os
import sys
from typing import Any, NoReturn

from rich.console import Console
from rich.text import Text

_PIPED = 160
"""Columns where no terminal says how wide it is: tables in a file or a log need not be folded into eighty."""
out = Console(highlight=False, width=None if sys.stdout.isatty() or "COLUMNS" in os.environ else _PIPED)
err = Console(stderr=True, highlight=False)


def fail(message: str, *, code: int = 2) -> NoReturn:
    """One line per problem on stderr, then exit."""
    for line in message.splitlines():
        err.print(Text.assemble(("error: ", "bold red"), line), soft_wrap=True)
    sys.exit(code)


def note(message: str) -> None:
    """A line that is not part of the result."""
    err.print(Text(message), style="yellow", soft_wrap=True)


def print_json(document: Any) -> None:
    """Standard JSON on stdout: dataclasses as objects, NaN and Inf as null."""
    print(json.dumps(plain(document), ensure_ascii=False, indent=2, allow_nan=False))


def plain(value: Any) -> Any:
    """JSON's own types only."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


def duration(seconds: float) -> str:
    """`45 s`, `3 min`, `2 h 10 min`."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 90 else f"{minutes // 60} h {minutes % 60:02d} min"
