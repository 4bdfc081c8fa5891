"""Text and tables as Markdown, so that nothing in a spec can turn into markup."""

import re

from suite.report.tables import Table
from suite.trial_result import Value

_SPECIAL = re.compile(r"([\\`*\[\]|])")


def escape(value: object) -> str:
    """One line of plain text."""
    text = " ".join(str(value).split("\n")).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    text = _SPECIAL.sub(r"\\\1", text)
    return re.sub(r"^(\s*)([#+-]|\d+[.)])(\s)", r"\1\\\2\3", text)


def yaml_value(value: Value) -> str:
    """A setting's value as a spec has it."""
    if isinstance(value, tuple):
        return f"[{', '.join(map(yaml_value, value))}]"
    return str(value).lower() if isinstance(value, bool) else str(value)


def table(table: Table) -> str:
    """A pipe table under its caption; numbers flush right."""
    right = [cell.is_number for cell in table.rows[0]]
    lines = [
        f"**{escape(table.caption)}**",
        "",
        _row(map(escape, table.columns)),
        _row("--:" if is_number else "---" for is_number in right),
        *(_row(escape(cell.text) for cell in row) for row in table.rows),
    ]
    return "\n".join(lines)


def tidy(text: str) -> str:
    """No more than one empty line in a row, one line feed at the end."""
    return re.sub(r"\n{3,}", "\n\n", text).strip() + "\n"


def _row(cells: object) -> str:
    return f"| {' | '.join(cells)} |"  # type: ignore[arg-type]
