"""JSON Schemas of ablation and workload files, so that an editor completes keys and marks what is wrong.

They are made from the models and from what there is to name: workloads, slots, mechanisms, their arguments, metrics.
`python -m suite.spec.schema` writes them to docs/schema/; a test keeps them in step.
"""

import json
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from suite.spec import defaults, slots
from suite.spec.ablation import NAME_PATTERN, Ablation
from suite.spec.metrics import METRICS
from suite.spec.problems import fields
from suite.spec.workload import SCALES, Workload, find_workloads, load_workload

FOLDER = Path("docs/schema")
_DRAFT = "https://json-schema.org/draft/2020-12/schema"
_OWN_CODE = {
    "type": "string",
    "pattern": r"^[A-Za-z_]\w*(\.[A-Za-z_]\w*)+$",
    "description": "your own module (--allow-code)",
}


def ablation_schema() -> dict[str, Any]:
    """Of the files in ablations/."""
    schema = _of_model(Ablation, "An ablation: a tip, and the claims that test it")
    settings = {key: value for key, value in _settings().items() if slots.slot_of(key) != "data"}
    grid = {
        key: {"type": "array", "items": value, "minItems": 1, "uniqueItems": True} for key, value in settings.items()
    }
    schema["$defs"] |= {"settings": _object(settings), "grid": _object(grid)}
    schema["$defs"]["Claim"]["properties"]["metric"] = {"enum": list(METRICS)}
    settings_of_arm, own_grid = {"$ref": "#/$defs/settings"}, {"$ref": "#/$defs/grid"}
    _replace(
        schema,
        workloads=_object({scale: _workloads_at(scale) for scale in SCALES}) | {"minProperties": 1},
        settings=settings_of_arm,
        arms=_named(settings_of_arm) | {"minProperties": 2},
        sweep={"anyOf": [own_grid, _named(own_grid)]},
        claims=_named({"$ref": "#/$defs/Claim"}) | {"minProperties": 1},
    )
    return schema


def workload_schema() -> dict[str, Any]:
    """Of the files in suite/workloads/."""
    schema = _of_model(Workload, "A workload: a data set with a base model and training defaults")
    settings = _settings()
    schema["$defs"] = {
        "settings": _object(settings),
        "changes": _object({key: value for key, value in settings.items() if slots.slot_of(key) != "data"}),
    }
    _replace(
        schema,
        settings={
            "$ref": "#/$defs/settings",
            "required": [slot for slot in slots.SLOTS if slot not in defaults.DEFAULTS],
        },
        scales=_object({scale: {"$ref": "#/$defs/changes"} for scale in SCALES}) | {"minProperties": 1},
        seconds=_object({scale: {"type": "number", "exclusiveMinimum": 0} for scale in SCALES}),
    )
    return schema


def written() -> dict[str, str]:
    """File name -> what stands in it."""
    schemas = {"ablation": ablation_schema(), "workload": workload_schema()}
    return {f"{kind}.schema.json": json.dumps(schema, indent=2) + "\n" for kind, schema in schemas.items()}


def write(folder: Path = FOLDER) -> None:
    """Both files, made anew."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in written().items():
        (folder / name).write_text(text, encoding="utf-8")


def _of_model(model: type[BaseModel], title: str) -> dict[str, Any]:
    schema = model.model_json_schema()
    known = fields(model)
    schema["properties"] = {name: schema["properties"][name] for name in known}
    schema["required"] = [name for name in schema["required"] if name in known]
    return {"$schema": _DRAFT, **schema, "title": title, "$defs": schema.get("$defs", {})}


def _object(properties: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "additionalProperties": False}


def _replace(schema: dict[str, Any], **better: dict[str, Any]) -> None:
    """More than the model knows of these properties, under the model's description."""
    for name, known in better.items():
        schema["properties"][name] = {"description": schema["properties"][name]["description"], **known}


def _named(entry: dict[str, Any]) -> dict[str, Any]:
    """A mapping from names that the file chooses."""
    return {"type": "object", "patternProperties": {NAME_PATTERN: entry}, "additionalProperties": False}


def _settings() -> dict[str, Any]:
    """Every slot and every argument of every mechanism: flat key -> schema."""
    found: dict[str, Any] = {}
    for slot in slots.SLOTS:
        names = slots.mechanisms(slot)
        found[slot] = {"anyOf": [{"enum": names}, _OWN_CODE]}
        takers: dict[str, dict[str, dict[str, Any]]] = {}
        for mechanism in names:
            for argument in slots.arguments(slot, mechanism).values():
                takers.setdefault(argument.name, {})[mechanism] = argument.json_schema()
        for name, schemas in sorted(takers.items()):
            found[f"{slot}.{name}"] = _either(schemas)
    for argument in slots.arguments(defaults.ENGINE).values():
        if f"{defaults.ENGINE}.{argument.name}" != slots.DEVICE:
            found[f"{defaults.ENGINE}.{argument.name}"] = argument.json_schema()
    return found


def _either(schemas: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """What the mechanisms that take an argument accept; their defaults differ, so only a shared one is stated."""
    described = {"description": f"of {', '.join(schemas)}"}
    different = list({json.dumps(schema, sort_keys=True): schema for schema in schemas.values()}.values())
    if len(different) == 1:
        return {**different[0], **described}
    bare = [{key: value for key, value in schema.items() if key != "default"} for schema in different]
    unique = list({json.dumps(schema, sort_keys=True): schema for schema in bare}.values())
    return {**(unique[0] if len(unique) == 1 else {"anyOf": unique}), **described}


def _workloads_at(scale: str) -> dict[str, Any]:
    loaded = [load_workload(str(path)) for path in find_workloads()]
    names = [workload.id for workload in loaded if scale in set(workload.scales)]
    own = {"type": "string", "pattern": r"\.ya?ml$", "description": "a workload file of your own"}
    return {"type": "array", "items": {"anyOf": [{"enum": names}, own]}, "minItems": 1, "uniqueItems": True}


if __name__ == "__main__":
    write()
