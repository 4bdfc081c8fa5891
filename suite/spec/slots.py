"""Which mechanisms there are and which arguments each takes, found without importing anything.

The rule: `optimizer: sgd` is `suite/training/optimizer/sgd.py`, and `optimizer.lr` a keyword-only argument of its
`build`. `engine.*` are the keyword-only arguments of `loop` in `suite/training/engine.py`.
"""

import hashlib
import importlib.util
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from suite.spec.defaults import ENGINE, TRAINING
from suite.spec.problems import accepted, shown, suggestion, unknown
from suite.spec.signatures import REQUIRED, Argument, signature
from suite.trial_result import Settings, Value

SLOTS = (
    "data",
    "split",
    "classes",
    "labels",
    "balance",
    "order",
    "preprocess",
    "augment",
    "model",
    "init",
    "pretraining",
    "task",
    "loss",
    "optimizer",
    "schedule",
    "gradients",
    "evaluation",
    "selection",
    "probe",
)
DEVICE = "engine.device"
"""Belongs to the run, not to a spec."""


def mechanisms(slot: str, *, root: Path = TRAINING) -> list[str]:
    """File names of a slot."""
    return sorted(path.stem for path in (root / slot).glob("*.py") if not path.stem.startswith("_"))


def arguments(slot: str, mechanism: str = "", *, root: Path = TRAINING) -> Mapping[str, Argument]:
    """By name. Raises OSError if there is no such mechanism, ValueError if its source cannot be understood."""
    return signature(_source(slot, mechanism, root), "loop" if slot == ENGINE else "build")


def is_foreign(mechanism: Any) -> bool:
    """A dotted path to a user's own module."""
    return isinstance(mechanism, str) and "." in mechanism


def slot_of(key: str) -> str:
    """`optimizer` of `optimizer.lr`."""
    return key.split(".", 1)[0]


def key_problem(key: str, value: Any, *, allow_code: bool, root: Path = TRAINING) -> str | None:
    """What is wrong with one setting seen on its own, without knowing the mechanism of its slot."""
    slot, _, argument = key.partition(".")
    if slot != ENGINE and slot not in SLOTS:
        return (
            f"unknown slot {shown(slot)}; accepted: {', '.join((*SLOTS, ENGINE))}{suggestion(slot, (*SLOTS, ENGINE))}"
        )
    if isinstance(value, dict):
        inner = next(iter(value), "lr")
        return f"is a mapping; write its entries as dotted keys, such as {shown(f'{key}.{inner}')}"
    if key == DEVICE:
        return "is chosen for a run (--device), not in a spec"
    if "." not in key:
        return _mechanism_problem(slot, value, allow_code, root)
    return argument_problem(slot, "", argument, value, root=root) if slot == ENGINE else None


def argument_problem(slot: str, mechanism: str, argument: str, value: Any, *, root: Path = TRAINING) -> str | None:
    """What is wrong with one argument of a mechanism."""
    try:
        known = arguments(slot, mechanism, root=root)
    except (OSError, ValueError) as error:
        return f"{shown(mechanism or slot)} cannot be read ({error})"
    if argument in known:
        return known[argument].problem(value)
    who = repr(mechanism) if mechanism else "the engine"
    names = [name for name in known if slot != ENGINE or name != "device"]
    return f"{who} takes no such argument; it takes {accepted(argument, names)}"


def missing(settings: Mapping[str, Any], *, root: Path = TRAINING) -> dict[str, str]:
    """Key -> what is missing: slots without a mechanism, required arguments without a value."""
    found = {}
    for slot in SLOTS:
        if slot not in settings:
            found[slot] = f"is missing; accepted: {accepted('', mechanisms(slot, root=root))}"
    for slot in (*SLOTS, ENGINE):
        for argument in _arguments_if_known(slot, settings.get(slot), root).values():
            key = f"{slot}.{argument.name}"
            if argument.default is REQUIRED and key not in settings and key != DEVICE:
                who = repr(settings[slot]) if slot != ENGINE else "the engine"
                found[key] = f"is missing: {who} needs it ({argument.accepted.words})"
    return found


def override(settings: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """`changes` over `settings`; naming another mechanism in a slot drops the arguments inherited for that slot."""
    renamed = {key for key, value in changes.items() if key in SLOTS and settings.get(key) != value}
    kept = {key: value for key, value in settings.items() if not ("." in key and slot_of(key) in renamed)}
    return {**kept, **changes}


def complete(settings: Mapping[str, Any], *, root: Path = TRAINING) -> Settings:
    """Every default filled in, keys sorted. The settings must have passed the checks above.

    `code.SLOT` is the digest of a mechanism from outside the package: it belongs to what can change a trial's result.
    """
    full: dict[str, Value] = {}
    for slot in (*SLOTS, ENGINE):
        full.update(complete_slot(settings, slot, root=root))
        if is_foreign(settings.get(slot)):
            full[f"code.{slot}"] = hashlib.sha256(_source(slot, settings[slot], root).read_bytes()).hexdigest()[:16]
    return dict(sorted(full.items()))


def complete_slot(settings: Mapping[str, Any], slot: str, *, root: Path = TRAINING) -> Settings:
    """One slot's mechanism and all its arguments."""
    mechanism = str(settings.get(slot, ""))
    full: dict[str, Value] = {slot: mechanism} if slot != ENGINE else {}
    for name, argument in arguments(slot, mechanism, root=root).items():
        key = f"{slot}.{name}"
        full[key] = argument.plain(settings.get(key, argument.default))
    return full


def _mechanism_problem(slot: str, value: Any, allow_code: bool, root: Path) -> str | None:
    known = mechanisms(slot, root=root)
    if slot == ENGINE:
        return f"is not a choice; write its arguments as dotted keys, such as {ENGINE}.epochs"
    if not isinstance(value, str):
        return f"{shown(value)} is not a name; accepted: {accepted(str(value), known)}"
    if not is_foreign(value):
        return None if value in known else unknown(slot, value, known)
    if not allow_code:
        return f"{shown(value)} is code from outside the package; pass --allow-code to let this spec run it"
    try:
        arguments(slot, value, root=root)
    except (OSError, ValueError) as error:
        return f"{shown(value)} cannot be used: {error}"
    return None


def _arguments_if_known(slot: str, mechanism: Any, root: Path) -> Mapping[str, Argument]:
    if slot != ENGINE and not isinstance(mechanism, str):
        return {}
    try:
        return arguments(slot, mechanism or "", root=root)
    except (OSError, ValueError):
        return {}  # said by key_problem


def _source(slot: str, mechanism: str, root: Path) -> Path:
    if slot == ENGINE:
        return root / "engine.py"
    if is_foreign(mechanism):
        return _foreign_source(mechanism)
    path = root / slot / f"{mechanism}.py"
    known = mechanism.isidentifier() and not mechanism.startswith("_")  # nothing outside the slot's folder
    if not known or not path.is_file():
        raise FileNotFoundError(f"no mechanism {mechanism!r} in the slot {slot}")
    return path


def _foreign_source(name: str) -> Path:
    top, *rest = name.split(".")
    if not all(part.isidentifier() for part in (top, *rest)):
        raise ValueError("it is not a dotted module name such as my_package.my_model")
    found = importlib.util.find_spec(top)  # a top-level name: found without importing anything
    for folder in (found.submodule_search_locations or ()) if found else ():
        module = Path(folder).joinpath(*rest)
        for path in (module.with_suffix(".py"), module / "__init__.py"):
            if path.is_file():
                return path
    raise FileNotFoundError("there is no such module on the Python path (PYTHONPATH)")
