"""docs/settings.md, made from the sources: `python -m suite.report.settings_document` from the project's root."""

import ast
import math
from collections.abc import Iterator
from pathlib import Path

from suite.report.markdown import escape, tidy, yaml_value
from suite.spec import slots
from suite.spec.defaults import ENGINE, TRAINING
from suite.spec.metrics import METRICS, Metric
from suite.spec.signatures import REQUIRED, Argument

_PATH = Path("docs/settings.md")
_INTRODUCTION = (
    "All keys that `settings`, `arms` and `sweep` of an ablation and the `settings` of a workload may have, and all "
    "metrics that a claim may be on; made from the sources by `python -m suite.report.settings_document`. What a "
    "mechanism does with its arguments, and which paper it is from, stands in its file, "
    "`suite/training/SLOT/NAME.py`. An argument without a default must be given."
)


def document() -> str:
    """Slots with their mechanisms and arguments, the engine, the metrics, as Markdown."""
    parts = ["# Every setting", _INTRODUCTION]
    parts += ["\n".join(_slot(slot)) for slot in slots.SLOTS]
    parts += ["\n".join(_engine()), "\n".join(_metrics())]
    return tidy("\n\n".join(parts))


def _slot(slot: str) -> Iterator[str]:
    yield f"## {slot}"
    yield f"{_summary(TRAINING / slot / '__init__.py')}\n"
    yield "| name | what it is | arguments |"
    yield "| --- | --- | --- |"
    for name in slots.mechanisms(slot):
        taken = ", ".join(f"`{slot}.{item.name}`{_default(item)}" for item in slots.arguments(slot, name).values())
        yield f"| `{name}` | {_summary(TRAINING / slot / f'{name}.py')} | {taken} |"


def _engine() -> Iterator[str]:
    yield "## engine"
    yield "The training loop, `suite/training/engine.py`.\n"
    yield "| key | accepted | default |"
    yield "| --- | --- | --- |"
    for item in slots.arguments(ENGINE).values():
        if f"{ENGINE}.{item.name}" != slots.DEVICE:
            default = "" if item.default is REQUIRED else f"`{yaml_value(item.default)}`"
            yield f"| `engine.{item.name}` | {escape(item.accepted.words)} | {default} |"


def _metrics() -> Iterator[str]:
    yield "## Metrics"
    yield "A margin of points is at most a tenth of the reference arm's error, unless it is fixed.\n"
    yield "| metric | what it is | better | default margin | needs |"
    yield "| --- | --- | --- | --- | --- |"
    for name, metric in METRICS.items():
        needs = ", ".join(f"`{slot}: {mechanism}`" for slot, mechanism in metric.needs.items())
        better = "more" if metric.higher_is_better else "less"
        yield f"| `{name}` | {escape(metric.label)} | {better} | {_margin(metric)} | {needs} |"


def _margin(metric: Metric) -> str:
    if metric.unit == "log_ratio":
        return f"{100 * math.expm1(metric.default_margin):.3g} %"
    fixed = ", fixed" if metric.fixed_margin else ""
    return f"{metric.default_margin:g} {metric.unit}{fixed}"


def _summary(path: Path) -> str:
    """The first paragraph of a file's docstring."""
    words = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
    return " ".join(words.split("\n\n")[0].split()).replace("|", "\\|")


def _default(argument: Argument) -> str:
    return "" if argument.default is REQUIRED else f" = {yaml_value(argument.default)}"


if __name__ == "__main__":
    _PATH.write_text(document(), encoding="utf-8")
