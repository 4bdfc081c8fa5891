"""How long trials take: their passes of examples, at the pace of stored trials like them. Knows no Ray."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from suite.spec.design import Design
from suite.spec.slots import DEVICE, slot_of
from suite.spec.trials import Trial
from suite.trial_result import Settings, TrialResult

_SCORED = 1 / 3
"""Of a pass that trains on an example, one that scores it: the way back through a network is twice the way there."""

_Kind = tuple[object, ...]


def seconds_per_trial(designs: Iterable[Design], results: Mapping[str, TrialResult]) -> Callable[[Trial], float | None]:
    """Expected seconds of the trials that the designs may ask for; None where nothing is known.

    The pace is that of stored trials of the same data, network and batch size, else of the same data and a network of
    the same name, else that of the workload's guess: what another network took on that data says less.
    """
    measured = _measured_paces(results.values())
    seconds: dict[str, float] = {}
    for design in designs:
        guessed = _guessed_paces(design)
        for entry in design.roster():
            paces = (measured.get(kind) for kind in _kinds(entry.trial.data_fingerprint, entry.trial.settings))
            pace = next((pace for pace in paces if pace is not None), guessed.get(entry.workload))
            if pace is not None:
                seconds[entry.trial.id] = pace * passes(entry.trial.settings)
    return lambda trial: seconds.get(trial.id)


def passes(settings: Mapping[str, Any]) -> float:
    """Of examples through the network, counted in passes that train. The test part, scored once, is left out."""
    train, validation = (
        max(1, round(settings.get(f"engine.{part}_share", 1.0) * settings[f"engine.{part}_examples"]))
        for part in ("train", "validation")
    )
    # how many there are of other classes only the data tell: taken for no more than the task's own
    before = min(settings.get("pretraining.examples", train), settings["engine.train_examples"])
    total = settings.get("pretraining.epochs", 0) * before + settings["engine.epochs"] * (train + _SCORED * validation)
    return float(total)


def _measured_paces(results: Iterable[TrialResult]) -> dict[_Kind, float]:
    """Seconds per pass, evaluation and all, by kind of trial."""
    seconds, passed = defaultdict[_Kind, float](float), defaultdict[_Kind, float](float)
    for result in results:
        if result.status == "completed":
            for kind in _kinds(result.data_fingerprint, result.settings):
                seconds[kind] += result.measurements["total_seconds"]
                passed[kind] += passes(result.settings)
    return {kind: seconds[kind] / passed[kind] for kind in seconds}


def _guessed_paces(design: Design) -> dict[str, float]:
    """Seconds per pass by workload, of those that make a guess."""
    return {
        workload.id: guess / passes(workload.at(design.scale))
        for workload in design.workloads
        if (guess := workload.seconds_per_trial(design.scale)) is not None
    }


def _kinds(fingerprint: str, settings: Settings) -> tuple[_Kind, _Kind]:
    """What has one pace: the more alike first."""
    network = frozenset(
        item for item in settings.items() if slot_of(item[0]) == "model" or item[0] in ("engine.batch_size", DEVICE)
    )
    return (fingerprint, network), (fingerprint, settings["model"], settings.get(DEVICE))
