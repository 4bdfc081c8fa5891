"""What every command starts from: ablations, resolved at a scale, beside what is stored of them."""

import os
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from suite.cli.console import note
from suite.errors import Problem, SpecError
from suite.recording.store import Store
from suite.spec.ablation import FOLDER, Ablation, find_ablations, load_ablation
from suite.spec.design import Design
from suite.spec.workload import Workload, load_workload
from suite.trial_result import Settings, TrialResult

Device = Literal["cpu", "cuda"]

UNPREPARED = "not prepared"
"""Stands for the fingerprint of a data set that this results folder has never seen: nothing can be stored for it."""


@dataclass(frozen=True, kw_only=True)
class Study:
    """Ablations at one scale, and the stored results (without failed trials: those are tried again)."""

    designs: tuple[Design, ...]
    store: Store
    results: dict[str, TrialResult]


def load(names: Sequence[str] | None, *, allow_code: bool = False) -> tuple[Ablation, ...]:
    """The ablations named, or all there are; the problems of all files together in one SpecError.

    With `allow_code`, mechanisms are also looked for in the current folder.
    """
    if allow_code and str(Path.cwd()) not in sys.path:
        sys.path.append(str(Path.cwd()))  # an installed command, unlike `python -m`, does not look there
    problems: list[Problem] = []
    ablations = []
    for name in names or [str(path) for path in find_ablations(FOLDER)]:
        try:
            ablations.append(load_ablation(name, allow_code=allow_code))
        except SpecError as error:
            problems += error.problems
    if problems:
        raise SpecError(problems)
    return tuple(ablations)


def load_at(scale: str, names: Sequence[str] | None, *, allow_code: bool = False) -> tuple[Ablation, ...]:
    """Those that have the scale; named ones that lack it are left out with a word, all of them with a SpecError."""
    ablations = load(names, allow_code=allow_code)
    having = tuple(ablation for ablation in ablations if scale in ablation.workloads)
    lacking = [ablation.id for ablation in ablations if scale not in ablation.workloads]
    if names and not having:
        ablations[0].workloads_at(scale)
    if names and lacking:
        note(f"left out, having no scale {scale}: {', '.join(lacking)}")
    return having


def open_study(
    ablations: Iterable[Ablation],
    store: Store,
    *,
    scale: str,
    device: Device | None = None,
    seeds: int | None = None,
    allow_code: bool = False,
    fingerprints: Mapping[str, str] | None = None,
) -> Study:
    """Defaults: the fingerprints that the results folder remembers, the device that more is stored for."""
    results = load_results(store)
    wanted = [device] if device else _devices(results)
    candidates = [
        tuple(
            _design(ablation, store, scale=scale, device=name, seeds=seeds, allow_code=allow_code, known=fingerprints)
            for ablation in ablations
        )
        for name in wanted
    ]
    if len(candidates) > 1:
        candidates.sort(key=lambda designs: -sum(stored_count(design, results) for design in designs))
    return Study(designs=candidates[0], store=store, results=results)


def _devices(results: Mapping[str, TrialResult]) -> list[Device]:
    """Those that stored trials ran on; both only where there are trials of both."""
    used = {result.settings.get("engine.device") for result in results.values()}
    return ["cpu", "cuda"] if {"cpu", "cuda"} <= used else ["cuda"] if "cuda" in used else ["cpu"]


def load_results(store: Store) -> dict[str, TrialResult]:
    """Everything stored but failed trials; what was set aside is said."""
    results = store.load()
    for line in store.notices:
        note(line)
    return {trial_id: result for trial_id, result in results.items() if result.status != "failed"}


def stored_count(design: Design, results: Mapping[str, TrialResult]) -> int:
    """How many of the trials that the ablation may ask for are stored."""
    return len({entry.trial.id for entry in design.roster()} & results.keys())


def workloads_of(ablation: Ablation, scale: str, *, allow_code: bool = False) -> tuple[Workload, ...]:
    """Raises SpecError if the ablation is not defined at that scale."""
    return tuple(load_workload(name, allow_code=allow_code) for name in ablation.workloads_at(scale))


def draft(
    ablation: Ablation, *, scale: str, device: Device = "cpu", seeds: int | None = None, allow_code: bool = False
) -> Design:
    """As the spec has it, whatever its data's content is. Raises SpecError as `workloads_of`."""
    workloads = workloads_of(ablation, scale, allow_code=allow_code)
    return Design(
        ablation=ablation,
        scale=scale,
        workloads=workloads,
        device=device,
        fingerprints={workload.id: UNPREPARED for workload in workloads},
        max_pairs=seeds,
    )


def data_places(data_dirs: Sequence[Path] | None) -> tuple[tuple[Path, ...], Path]:
    """Where data sets are looked for, and the folder of prepared ones (SUITE_CACHE, or the user's cache folder)."""
    home = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    cache = Path(os.environ.get("SUITE_CACHE") or home / "suite")
    return tuple(data_dirs or ()), cache


def _design(
    ablation: Ablation,
    store: Store,
    *,
    scale: str,
    device: Device,
    seeds: int | None,
    allow_code: bool,
    known: Mapping[str, str] | None,
) -> Design:
    unprepared = draft(ablation, scale=scale, device=device, seeds=seeds, allow_code=allow_code)
    remembered = store.fingerprints()
    found = {
        workload.id: (known or {}).get(workload.id)
        or remembered.get(data_key(unprepared.data_settings(workload.id)), UNPREPARED)
        for workload in unprepared.workloads
    }
    return unprepared.with_fingerprints(found)


def data_key(settings: Settings) -> str:
    """How the results folder names a data set's settings: `glyphs(pool_size=3000, test_size=10000)`."""
    arguments = ", ".join(
        f"{key.removeprefix('data.')}={value}" for key, value in sorted(settings.items()) if key != "data"
    )
    return f"{settings['data']}({arguments})"
