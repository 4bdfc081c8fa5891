"""An ablation at one scale, resolved: every trial that it may ask for."""

import hashlib
import itertools
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal, get_args

from suite.spec import slots
from suite.spec.ablation import Ablation
from suite.spec.defaults import essential
from suite.spec.trials import TUNING_SEED, Trial, revisions
from suite.spec.workload import Workload
from suite.trial_result import Purpose, Settings, Value, freeze

Point = tuple[tuple[str, Value], ...]
"""The swept keys and their values; () is the workload's own (untuned) setting."""

TUNING_SEEDS = 3
LOOKS, LOOKS_SINGLE_WORKLOAD = (5, 10, 20), (10, 20)
"""Pairs per workload at which claims are judged (docs/verdict.md)."""

SEED_BLOCKS = 4
"""Ablations are spread over blocks of evaluation seeds, so that tips with one baseline do not all lean on the same runs
of it; within a block they share them."""
_BLOCK_SIZE = 100


@dataclass(frozen=True, kw_only=True)
class RosterEntry:
    """A trial that the ablation may ask for, and what it is in the ablation's words."""

    workload: str
    arm: str
    point: Point
    trial: Trial


@dataclass(frozen=True, kw_only=True)
class Design:
    """`fingerprints`: workload id -> SHA-256 of its prepared data. `max_pairs` cuts the looks (`--seeds`)."""

    ablation: Ablation
    scale: str
    workloads: tuple[Workload, ...]
    device: Literal["cpu", "cuda"]
    fingerprints: Mapping[str, str]
    max_pairs: int | None = None
    default_point: Point = ()
    _settings: dict[tuple[str, str, Point, bool], Settings] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )
    _trials: dict[tuple[str, str, Point, int, Purpose], Trial] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )
    """A trial's id is made from all its settings: once, however often it is asked for."""

    def with_fingerprints(self, fingerprints: Mapping[str, str]) -> "Design":
        """The same design on data of other content."""
        return replace(self, fingerprints=fingerprints)

    @property
    def looks(self) -> tuple[int, ...]:
        """Pairs per workload at each planned look."""
        planned = LOOKS_SINGLE_WORKLOAD if len(self.workloads) == 1 else LOOKS
        if self.max_pairs is None:
            return planned
        return tuple(n for n in planned if n <= self.max_pairs) or (self.max_pairs,)

    def swept(self, arm: str) -> dict[str, list[Any]]:
        """The arm's swept keys and their values."""
        return self.ablation.swept(arm)

    def points(self, arm: str) -> tuple[Point, ...]:
        """The arm's sweep, as a grid; one empty point if nothing is swept."""
        swept = self.swept(arm)
        return tuple(
            tuple(zip(swept, map(freeze, values), strict=True)) for values in itertools.product(*swept.values())
        )

    def untuned(self, workload: str, arm: str) -> Point | None:
        """The point of the arm's sweep that is what it has without one; None if there is none."""
        settings = self.settings(workload, arm, self.default_point)
        return next((p for p in self.points(arm) if all(settings.get(key) == value for key, value in p)), None)

    def settings(self, workload: str, arm: str, point: Point, purpose: Purpose = "evaluation") -> Settings:
        """Fully resolved: every slot and every argument, defaults filled in, keys sorted."""
        only_tuning = self.ablation.tuned_with.get(arm, {}) if purpose == "tuning" else {}
        key = (workload, arm, point, bool(only_tuning))
        if key not in self._settings:
            changed = slots.override(self._workload(workload).at(self.scale), {"engine.device": self.device})
            for changes in (self.ablation.settings, self.ablation.arms[arm], only_tuning, dict(point)):
                changed = slots.override(changed, changes)
            self._settings[key] = slots.complete(changed)
        return self._settings[key]

    def data_settings(self, workload: str) -> Settings:
        """The `data` slot's mechanism and arguments: what is prepared and cached."""
        return self._workload(workload).data_settings

    def tuning_seeds(self, pair: int) -> tuple[int, ...]:
        """Seeds of the sweep whose choice this pair is trained at."""
        if self.ablation.tuning == "per_pair":
            return (TUNING_SEED + self.evaluation_seed(pair),)
        return tuple(range(TUNING_SEED, TUNING_SEED + TUNING_SEEDS))

    def evaluation_seed(self, pair: int) -> int:
        """The seed that both arms of the pair are trained with."""
        block = int(hashlib.sha256(self.ablation.id.encode()).hexdigest(), 16) % SEED_BLOCKS
        return block * _BLOCK_SIZE + pair

    def tuning_trial(self, workload: str, arm: str, point: Point, seed: int) -> Trial:
        """Never reads the test set."""
        return self._trial(workload, arm, point, seed, "tuning")

    def evaluation_trial(self, workload: str, arm: str, point: Point, pair: int) -> Trial:
        """Reads the test set once."""
        return self._trial(workload, arm, point, self.evaluation_seed(pair), "evaluation")

    def roster(self) -> Iterator[RosterEntry]:
        """Every trial that the ablation may ask for."""
        pairs = range(self.looks[-1])
        seeds = dict.fromkeys(seed for pair in pairs for seed in self.tuning_seeds(pair))
        for workload in self.workloads:
            for arm in self.ablation.arms:
                for point in dict.fromkeys((*self.points(arm), self.default_point)):
                    cell = (workload.id, arm, point)
                    trials = [self.evaluation_trial(*cell, pair) for pair in pairs]
                    if point in self.points(arm):
                        trials += [self.tuning_trial(*cell, seed) for seed in seeds]
                    for trial in trials:
                        yield RosterEntry(workload=workload.id, arm=arm, point=point, trial=trial)

    @property
    def trainings(self) -> str:
        """16 hexadecimal digits that change with what is trained: arms, sweeps, workloads' settings, revisions.

        Not with the device, the data's content, the number of pairs or the engine's version.
        """
        plain = replace(self, device="cpu")
        wanted = {
            json.dumps([workload.id, arm, purpose, dict(essential(settings)), revisions(settings)], sort_keys=True)
            for workload in self.workloads
            for arm in self.ablation.arms
            for point in (*self.points(arm), self.default_point)
            for purpose in get_args(Purpose)
            for settings in [plain.settings(workload.id, arm, point, purpose)]
        }
        content = "\n".join([self.ablation.tuning, *sorted(wanted)])
        return hashlib.sha256(content.encode()).hexdigest()[:16]

    def differences(self, workload: str) -> dict[str, dict[str, Value]]:
        """Settings whose values differ between the arms: key -> arm -> value (None: the arm has no such setting)."""
        resolved = {arm: self.settings(workload, arm, ()) for arm in self.ablation.arms}
        keys = sorted({key for settings in resolved.values() for key in settings})
        rows: dict[str, dict[str, Any]] = {key: {arm: resolved[arm].get(key) for arm in resolved} for key in keys}
        return {key: row for key, row in rows.items() if len({repr(value) for value in row.values()}) > 1}

    def _trial(self, workload: str, arm: str, point: Point, seed: int, purpose: Purpose) -> Trial:
        key = (workload, arm, point, seed, purpose)
        if key not in self._trials:
            settings = self.settings(workload, arm, point, purpose)
            fingerprint = self.fingerprints[workload]
            self._trials[key] = Trial(settings=settings, seed=seed, purpose=purpose, data_fingerprint=fingerprint)
        return self._trials[key]

    def _workload(self, workload: str) -> Workload:
        return next(item for item in self.workloads if item.id == workload)
