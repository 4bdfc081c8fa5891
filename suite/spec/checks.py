"""What workload and ablation files have in common: a structure, and settings that must fit the slots."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from suite.errors import Problem
from suite.spec import slots
from suite.spec.problems import accepted, fields, of_model, problem
from suite.spec.yaml_loader import Document

Model = TypeVar("Model", bound=BaseModel)


def validated(
    model: type[Model],
    document: Document,
    file: str,
    *,
    named: Mapping[str, str],
    models: Mapping[int, type[BaseModel]],
) -> tuple[Model | None, list[Problem]]:
    """The model, or None and what is wrong with the structure.

    `named`: fields that the file's name gives and its content may not.
    `models`: whose fields the keys at each depth are.
    """
    known = fields(models[1])
    found = [
        problem(file, key, f"unknown key; accepted: {accepted(key, known)}") for key in named if key in document.content
    ]
    try:
        return model.model_validate({**document.content, **named}), found
    except ValidationError as error:
        return None, found + of_model(error, file, models)


def merged(document: Document, found: Sequence[Problem]) -> list[Problem]:
    """All problems, each once; of a place that the YAML reader has complained of, only that."""
    said = {item.key.split("[")[0] for item in document.problems}
    others = [item for item in found if item.key not in said]
    return list(dict.fromkeys((*document.problems, *others)))


def mapping(value: Any) -> dict[str, Any]:
    """The value if it is a mapping, else an empty one: the structure's problems say that it is not."""
    return value if isinstance(value, dict) else {}


def single_problems(
    file: str, where: str, changes: Mapping[str, Any], *, allow_code: bool, may_set_data: bool = False
) -> Iterator[Problem]:
    """What can be said of each setting without knowing the mechanisms that the others name."""
    for key, value in changes.items():
        message = slots.key_problem(key, value, allow_code=allow_code)
        if message is None and slots.slot_of(key) == "data" and not may_set_data:
            message = "belongs to the workload's settings: every arm and scale of a workload has the same data"
        if message:
            yield problem(file, f"{where}.{key}", message)


def argument_problems(
    file: str, where: str, resolved: Mapping[str, Any], mine: Mapping[str, Any], *, allow_code: bool
) -> Iterator[Problem]:
    """Arguments against the mechanisms they go to. `mine` is what this place of the file sets of `resolved`."""
    for key, value in mine.items():
        slot, dot, argument = key.partition(".")
        mechanism = resolved.get(slot)
        if not dot or slot not in slots.SLOTS or isinstance(value, dict) or mechanism is None:
            continue  # said, or to be said, of the key on its own or of the slot
        if slots.key_problem(slot, mechanism, allow_code=allow_code):
            continue
        message = slots.argument_problem(slot, mechanism, argument, value)
        if message:
            yield problem(file, f"{where}.{key}", message)


def missing_problems(file: str, common: str, resolved: Mapping[str, Mapping[str, Any]]) -> Iterator[Problem]:
    """Slots and required arguments that nobody sets.

    `resolved`: settings by place in the file. What all of them lack is said once, of `common`.
    """
    absent = {where: slots.missing(settings) for where, settings in resolved.items()}
    for where, keys in absent.items():
        for key, message in keys.items():
            place = common if all(key in others for others in absent.values()) else where
            yield problem(file, f"{place}.{key}", message)
