"""A trial's id leaves out what stands at its default, so a default that changes must change the engine's version."""

import json
from pathlib import Path
from typing import Any

from suite.spec import defaults, slots
from suite.spec.signatures import REQUIRED
from suite.spec.trials import ENGINE_VERSION, Trial

PINNED = Path(__file__).with_name("defaults.json")
ADVICE = f"; if that is meant, raise ENGINE_VERSION and run: python tests/spec/{Path(__file__).name}"


def present() -> dict[str, Any]:
    """Of every slot, and of every argument that has one, as JSON has them."""
    found: dict[str, Any] = dict(defaults.DEFAULTS)
    for slot in (*slots.SLOTS, defaults.ENGINE):
        for mechanism in slots.mechanisms(slot) if slot != defaults.ENGINE else [""]:
            for argument in slots.arguments(slot, mechanism).values():
                if argument.default is not REQUIRED:
                    found[f"{slot}/{mechanism}.{argument.name}"] = argument.plain(argument.default)
    as_json: dict[str, Any] = json.loads(json.dumps(found))
    return as_json


def test_no_default_has_changed_since_this_version_of_the_engine() -> None:
    pinned, ours = json.loads(PINNED.read_text()), present()
    assert pinned["engine_version"] == ENGINE_VERSION, f"run: python tests/spec/{Path(__file__).name}"
    assert {key: ours.get(key, "gone") for key in pinned["defaults"]} == pinned["defaults"], ADVICE
    assert ours.keys() == pinned["defaults"].keys(), f"new ones: run python tests/spec/{Path(__file__).name}"


def trial_of(**changes: Any) -> Trial:
    settings = {key.replace("__", "."): value for key, value in changes.items()}
    return Trial(settings=settings, seed=1, purpose="tuning", data_fingerprint="")


def test_what_stands_at_its_default_need_not_be_named_and_what_does_not_must() -> None:
    bare = trial_of(model="cnn", optimizer="sgd", optimizer__lr=0.1)
    named = trial_of(model="cnn", optimizer="sgd", optimizer__lr=0.1, optimizer__momentum=0.9, balance="as_given")
    assert named.id == bare.id
    for other in (
        {"optimizer__momentum": 0.8},
        {"balance": "long_tail"},
        {"model__hidden": 65},
        {"engine__threads": 2},
    ):
        assert trial_of(model="cnn", optimizer="sgd", optimizer__lr=0.1, **other).id != bare.id


def test_an_argument_of_another_mechanism_is_not_taken_for_a_default() -> None:
    assert trial_of(optimizer="adam", optimizer__momentum=0.9).id != trial_of(optimizer="adam").id


def test_a_users_own_mechanism_counts_with_all_that_is_said_of_it() -> None:
    assert trial_of(model="mine.net", model__hidden=64).id != trial_of(model="mine.net").id


def pin() -> None:
    """Writes the file, unless an entry would change that this version of the engine has already."""
    before, ours = json.loads(PINNED.read_text()), present()
    changed = [key for key, value in before["defaults"].items() if ours.get(key, "gone") != value]
    if changed and before["engine_version"] == ENGINE_VERSION:
        raise SystemExit(f"changed: {', '.join(changed)}; raise ENGINE_VERSION first")
    PINNED.write_text(json.dumps({"engine_version": ENGINE_VERSION, "defaults": ours}, indent=1) + "\n")


if __name__ == "__main__":
    pin()
