"""An ablation: the spec that tests a tip. Arms over workloads, a sweep with equal budgets, and claims."""

import itertools
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field

from suite.errors import Problem, SpecError
from suite.spec import slots, sweep
from suite.spec.checks import argument_problems, mapping, merged, missing_problems, single_problems, validated
from suite.spec.measurable import unmeasurable
from suite.spec.metrics import METRICS
from suite.spec.problems import problem, shown, unknown
from suite.spec.workload import FROZEN, SCALES, Changes, ScaleName, Text, find_workloads, load_workload
from suite.spec.yaml_loader import existing, load

NAME_PATTERN = r"^[A-Za-z][A-Za-z0-9_]{0,59}$"
Name = Annotated[str, Field(pattern=NAME_PATTERN)]
"""Of an arm or a claim."""
FOLDER = Path("ablations")
"""Where ids are looked up, in the current folder."""

Expectation = Literal["better", "worse", "same", "not_better", "not_worse", "different"]


class Claim(BaseModel):
    """A variant arm against a reference arm on one metric, and what the tip leads us to expect of it."""

    model_config = FROZEN

    variant: Text
    reference: Text
    metric: Text
    expect: Expectation
    """Of the variant. `not_better`: the tip says that it is not needed; `not_worse`: that it is enough; `different`:
    that it matters, better or worse."""
    margin: Annotated[float, Field(gt=0, allow_inf_nan=False)] | None = None
    """The smallest difference anyone should care about: points, nats, or a relative change (0.05 is 5 %)."""
    primary: bool = False
    """Enters the catalogue-wide error control; exactly one claim of an ablation does."""


class Ablation(BaseModel):
    """One file of ablations/; its name is the id."""

    model_config = FROZEN

    id: Text
    path: Text
    tip: Text
    """The advice, in English, as a sentence."""
    quote: Text
    """The original sentence, in its own language."""
    translation: Text | None = None
    """Of the quote, into English."""
    source: Text
    """Where the tip comes from."""
    references: list[Text] = []
    """Papers on the question."""
    remarks: Text | None = None
    """How the tip is put to the test, and why so: what a reader of the verdict has to know."""
    workloads: Annotated[dict[ScaleName, Annotated[list[Text], Field(min_length=1)]], Field(min_length=1)]
    """By scale: ids of workloads, or paths of workload files of your own."""
    settings: Changes = {}
    """For all arms, over the workload's."""
    arms: Annotated[dict[Name, Changes], Field(min_length=2)]
    """What each arm changes, over the workload's settings."""
    sweep: dict[str, Any] = {}
    """Nuisance settings to tune: `{key: [values]}` for all arms, or `{arm: {key: [values]}}` naming every arm."""
    tuning: Literal["shared", "per_pair"] = "shared"
    """One sweep per arm and workload, or one for every pair."""
    tuned_with: dict[Name, Changes] = {}
    """By arm: what its tuning trials change over its settings, such as fewer examples."""
    unequal_budgets: Text | None = None
    """Why arms may have sweeps of different sizes: for tips about the budget itself. The report repeats it."""
    claims: Annotated[dict[Name, Claim], Field(min_length=1)]
    """What is compared, and what the tip leads us to expect; exactly one is primary."""

    def swept(self, arm: str) -> dict[str, list[Any]]:
        """The arm's swept keys and their values."""
        return sweep.swept(self.sweep, arm)

    def workloads_at(self, scale: str) -> tuple[str, ...]:
        """Raises SpecError if the ablation is not defined at that scale."""
        defined = {str(name): tuple(ids) for name, ids in self.workloads.items()}
        if scale not in defined:
            message = f"has no scale {shown(scale)}; it has {', '.join(defined)}"
            raise SpecError([problem(self.path, "workloads", message)])
        return defined[scale]


def find_ablations(folder: Path) -> list[Path]:
    """Every ablation file."""
    return sorted(folder.glob("*.yaml"))


def load_ablation(name: str, *, allow_code: bool = False) -> Ablation:
    """By path, or by id from `ablations/` in the current folder. Raises SpecError with all problems of the file."""
    path = existing(name, FOLDER)
    if path is None:
        folder = Path(name).parent if "/" in name else FOLDER
        known = [item.stem for item in find_ablations(folder)]
        why = unknown("ablation", Path(name).stem, known) if known else f"there are no ablations in {folder.resolve()}"
        raise SpecError([problem(name, "", f"does not exist: {why}")])
    document, file = load(path), str(path)
    named = {"id": path.stem, "path": file}
    ablation, found = validated(Ablation, document, file, named=named, models={1: Ablation, 3: Claim})
    draft = _Draft(file, document.content, allow_code=allow_code)
    found = merged(document, [*_name_problems(path), *found, *draft.problems()])
    if ablation is None or found:
        raise SpecError(found)
    return ablation


def _name_problems(path: Path) -> Iterator[Problem]:
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_-]{0,79}", path.stem):
        yield problem(str(path), "", "the file's name is the ablation's id: letters, digits, _ and - only, at most 80")


def _is_path(workload: str) -> bool:
    """Of a workload file outside the package, rather than an id."""
    return workload.endswith((".yaml", ".yml"))


class _Draft:
    """A file's content, as far as its structure allows: so that all its problems are found at once."""

    def __init__(self, file: str, content: Mapping[str, Any], *, allow_code: bool) -> None:
        self.file, self.allow_code = file, allow_code
        self.settings = mapping(content.get("settings"))
        self.arms = {arm: mapping(changes) for arm, changes in mapping(content.get("arms")).items()}
        self.sweep = mapping(content.get("sweep"))
        self.tuned_with = {arm: mapping(changes) for arm, changes in mapping(content.get("tuned_with")).items()}
        self.tuning = content.get("tuning")
        self.may_be_unequal = content.get("unequal_budgets") is not None
        self.claims = {name: mapping(claim) for name, claim in mapping(content.get("claims")).items()}
        self.workloads = mapping(content.get("workloads"))

    def problems(self) -> Iterator[Problem]:
        """Everything but the structure."""
        places = {"settings": self.settings} | {f"arms.{arm}": changes for arm, changes in self.arms.items()}
        places |= {f"tuned_with.{arm}": changes for arm, changes in self.tuned_with.items()}
        for where, changes in places.items():
            yield from single_problems(self.file, where, changes, allow_code=self.allow_code)
        swept = sweep.sweep_problems(
            self.sweep, self.arms, allow_code=self.allow_code, may_be_unequal=self.may_be_unequal
        )
        for key, message in (*swept, *self._tuned_with_problems(), *self._claim_problems()):
            yield problem(self.file, key, message)
        for scale, names in self.workloads.items():
            if isinstance(names, list) and scale in SCALES:
                yield from self._workload_problems(scale, [name for name in names if isinstance(name, str)])

    def _tuned_with_problems(self) -> Iterator[tuple[str, str]]:
        for arm, changes in self.tuned_with.items():
            if arm not in self.arms:
                yield f"tuned_with.{arm}", unknown("arm", arm, self.arms)
            for key in changes:
                if key in sweep.swept(self.sweep, arm):
                    yield (
                        f"tuned_with.{arm}.{key}",
                        "is swept: a tuning trial would not have the value that it is to test",
                    )

    def _claim_problems(self) -> Iterator[tuple[str, str]]:
        for name, claim in self.claims.items():
            for side in ("variant", "reference"):
                arm = claim.get(side)
                if isinstance(arm, str) and arm and arm not in self.arms:
                    yield f"claims.{name}.{side}", unknown("arm", arm, self.arms)
            metric = claim.get("metric")
            if isinstance(metric, str) and metric and metric not in METRICS:
                yield f"claims.{name}.metric", unknown("metric", metric, METRICS)
            yield from self._tuning_problems(name, claim)
            if claim.get("variant") is not None and claim.get("variant") == claim.get("reference"):
                yield f"claims.{name}", f"compares the arm {shown(claim['variant'])} with itself; name two arms"
        named = [str(claim.get(side)) for claim in self.claims.values() for side in ("variant", "reference")]
        if named and all(arm in self.arms for arm in named):
            for arm in self.arms:
                if arm not in named:
                    yield f"arms.{arm}", "no claim names this arm, so it would never be trained"
        primary = [name for name, claim in self.claims.items() if claim.get("primary") is True]
        if self.claims and len(primary) != 1:
            which = f"{len(primary)} claims are primary ({', '.join(primary)})" if primary else "no claim is primary"
            yield "claims", f"{which}; exactly one must be (primary: true)"

    def _tuning_problems(self, name: str, claim: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
        if claim.get("metric") == "tuning_seconds" and self.tuning != "per_pair":
            yield (
                f"claims.{name}.metric",
                "needs tuning: per_pair; a shared sweep is one measurement, not one per pair",
            )
        if claim.get("reference") in self.tuned_with:
            yield (
                f"claims.{name}.reference",
                f"{shown(claim['reference'])} stands in tuned_with: margins and targets come from the reference's "
                "tuning trials, so those must be ordinary ones",
            )

    def _workload_problems(self, scale: str, names: list[str]) -> Iterator[Problem]:
        where = f"workloads.{scale}"
        known = [path.stem for path in find_workloads()]
        ids = [Path(name).stem if _is_path(name) else name for name in names]
        for name, workload_id in dict(zip(names, ids, strict=True)).items():
            if ids.count(workload_id) > 1:
                yield problem(self.file, where, f"names {shown(workload_id)} twice")
            if name not in known and not _is_path(name):
                yield problem(self.file, where, unknown("workload", name, known))
                continue
            try:
                workload = load_workload(name, allow_code=self.allow_code)
            except SpecError as error:
                yield from error.problems
                continue
            if scale in set(workload.scales):
                yield from self._resolved_problems(workload.at(scale))
            else:
                has = ", ".join(workload.scales)
                yield problem(self.file, where, f"{shown(name)} has no scale {shown(scale)}; it has {has}")

    def _resolved_problems(self, base: Mapping[str, Any]) -> Iterator[Problem]:
        """Arguments against mechanisms, on one workload."""
        common = slots.override(base, self.settings)
        yield from argument_problems(self.file, "settings", common, self.settings, allow_code=self.allow_code)
        arms = {arm: slots.override(common, changes) for arm, changes in self.arms.items()}
        for arm, changes in self.arms.items():
            yield from argument_problems(self.file, f"arms.{arm}", arms[arm], changes, allow_code=self.allow_code)
            yield from self._swept_problems(arm, arms[arm])
        for arm, changes in self.tuned_with.items():
            if arm in arms:
                tuned, where = slots.override(arms[arm], changes), f"tuned_with.{arm}"
                yield from argument_problems(self.file, where, tuned, changes, allow_code=self.allow_code)
        yield from missing_problems(self.file, "settings", {f"arms.{arm}": settings for arm, settings in arms.items()})
        for name, claim in self.claims.items():
            yield from (problem(self.file, f"claims.{name}.metric", message) for message in unmeasurable(claim, arms))

    def _swept_problems(self, arm: str, settings: Mapping[str, Any]) -> Iterator[Problem]:
        where, swept = sweep.place(self.sweep, arm), sweep.swept(self.sweep, arm)
        named = {key: values for key, values in swept.items() if "." not in key}  # mechanisms swept over
        for mechanisms in itertools.islice(itertools.product(*named.values()), sweep.MOST_POINTS):
            changes = dict(zip(named, mechanisms, strict=True))
            point = slots.override(settings, changes)
            for key, values in swept.items():
                for value in values[: sweep.MOST_POINTS] if key not in named else ():
                    mine = {key: value}
                    yield from argument_problems(self.file, where, {**point, **mine}, mine, allow_code=self.allow_code)
            if named:
                full = {**point, **{key: values[0] for key, values in swept.items() if values and key not in named}}
                yield from missing_problems(self.file, where, {where: full})
