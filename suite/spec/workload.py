"""A workload: a data set with a base model and training defaults, and what each scale changes of them."""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field

from suite.errors import Problem, SpecError
from suite.spec import defaults, slots
from suite.spec.checks import argument_problems, mapping, merged, missing_problems, single_problems, validated
from suite.spec.problems import problem, unknown
from suite.spec.yaml_loader import existing, load
from suite.trial_result import Settings

FOLDER = Path(__file__).parent.parent / "workloads"
ScaleName = Literal["quick", "standard", "full"]
SCALES: tuple[str, ...] = get_args(ScaleName)
Text = Annotated[str, Field(min_length=1)]
Changes = dict[str, Any]
"""Flat dotted keys and their values, checked against the slots once the structure is known (`checks`)."""
FROZEN = ConfigDict(frozen=True, extra="forbid", strict=True, str_strip_whitespace=True, use_attribute_docstrings=True)


class Workload(BaseModel):
    """One file of suite/workloads/; its name is the id."""

    model_config = FROZEN

    id: Text
    description: Text
    """What is learnt from what, in a line."""
    source: Text
    """Where the data come from."""
    licence: Text
    """Of the data."""
    settings: Annotated[Changes, Field(min_length=1)]
    """The slots' mechanisms, but for those in `defaults.DEFAULTS`, and what differs from their arguments' defaults."""
    scales: Annotated[dict[ScaleName, Changes], Field(min_length=1)]
    """The scales that the workload has, and what each changes."""
    seconds: dict[ScaleName, Annotated[float, Field(gt=0, allow_inf_nan=False)]] = {}
    """Roughly how long a trial with these settings takes on one core; a guess for the plan, until some are timed."""

    @property
    def data_settings(self) -> Settings:
        """The `data` slot's mechanism with all its arguments: what is prepared and cached, the same at every scale."""
        return slots.complete_slot(self.settings, "data")

    def at(self, scale: str) -> dict[str, Any]:
        """The settings at a scale that the workload has."""
        return slots.override(
            {**defaults.DEFAULTS, **self.settings}, {str(name): changes for name, changes in self.scales.items()}[scale]
        )

    def seconds_per_trial(self, scale: str) -> float | None:
        """The file's guess, if it makes one."""
        return {str(name): value for name, value in self.seconds.items()}.get(scale)


def find_workloads(folder: Path = FOLDER) -> list[Path]:
    """Every workload file."""
    return sorted(folder.glob("*.yaml"))


def load_workload(name: str, *, allow_code: bool = False) -> Workload:
    """By id, or by path. Raises SpecError with all problems of the file."""
    path = existing(name, FOLDER)
    if path is None:
        known = [item.stem for item in find_workloads()]
        raise SpecError([problem(name, "", unknown("workload", Path(name).stem, known))])
    document, file = load(path), str(path)
    workload, found = validated(Workload, document, file, named={"id": path.stem}, models={1: Workload})
    found += _setting_problems(file, document.content, allow_code=allow_code)
    found = merged(document, found)
    if workload is None or found:
        raise SpecError(found)
    return workload


def _setting_problems(file: str, content: dict[str, Any], *, allow_code: bool) -> Iterator[Problem]:
    base = {**defaults.DEFAULTS, **mapping(content.get("settings"))}
    yield from single_problems(file, "settings", base, allow_code=allow_code, may_set_data=True)
    yield from argument_problems(file, "settings", base, base, allow_code=allow_code)
    scales = {f"scales.{scale}": mapping(changes) for scale, changes in mapping(content.get("scales")).items()}
    resolved = {where: slots.override(base, changes) for where, changes in scales.items()}
    for where, changes in scales.items():
        yield from single_problems(file, where, changes, allow_code=allow_code)
        yield from argument_problems(file, where, resolved[where], changes, allow_code=allow_code)
    if content.get("settings"):
        yield from missing_problems(file, "settings", resolved)
