"""What stands where nothing is said: a slot's ordinary mechanism, an argument's default. Standard library only."""

import ast
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from suite.trial_result import Settings, Value, freeze

TRAINING = Path(__file__).parent.parent / "training"
ENGINE = "engine"
DEFAULTS = {
    "split": "random",
    "classes": "all",
    "labels": "as_given",
    "balance": "as_given",
    "order": "shuffled",
    "augment": "none",
    "pretraining": "none",
    "gradients": "none",
    "evaluation": "plain",
    "selection": "last",
    "probe": "none",
}
"""What stands in a slot that a workload does not name: the ordinary thing, or nothing."""


def essential(settings: Settings) -> Settings:
    """Without what stands at its default: what a trial's id is made from.

    A slot or an argument that comes later, with a default that changes nothing, so leaves earlier trials what they are.
    """

    def is_default(key: str, value: Value) -> bool:
        slot, _, argument = key.partition(".")
        if not argument:
            return DEFAULTS.get(slot) == value
        known = _of_mechanism(slot, str(settings.get(slot, DEFAULTS.get(slot, ""))))
        return argument in known and known[argument] == value

    return {key: value for key, value in settings.items() if not is_default(key, value)}


def definition(path: Path, function: str) -> ast.FunctionDef:
    """Of a function in a source file. Raises OSError if it cannot be read, ValueError if it cannot be understood."""
    try:
        tree = ast.parse(path.read_bytes())
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise ValueError(f"{path.name} is not Python source: {error}") from None
    for node in tree.body:
        if isinstance(node, ast.FunctionDef) and node.name == function:
            return node
    raise ValueError(f"{path.name} defines no function {function}(...)")


@cache
def _of_mechanism(slot: str, mechanism: str) -> Mapping[str, Any]:
    """Of the package's own mechanisms: a user's own need not be there when results are read."""
    path = TRAINING / "engine.py" if slot == ENGINE else TRAINING / slot / f"{mechanism}.py"
    if (not mechanism.isidentifier() and slot != ENGINE) or not path.is_file():
        return {}
    arguments = definition(path, "loop" if slot == ENGINE else "build").args
    pairs = zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True)
    return {argument.arg: freeze(ast.literal_eval(node)) for argument, node in pairs if node is not None}
