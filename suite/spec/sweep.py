"""Nuisance settings that are tuned for every arm, with equal budgets, and what can be wrong with them."""

import math
from collections.abc import Iterator, Mapping
from typing import Any

from suite.spec import slots
from suite.spec.problems import is_not, shown, suggestion

MOST_POINTS = 200
"""Of one arm's grid; each costs a trial per workload, and two more where it stays (docs/verdict.md, Tuning)."""

Sweep = Mapping[str, Any]
"""`{key: [values]}` for all arms, or `{arm: {key: [values]}}` naming every arm."""


def by_arm(sweep: Sweep) -> bool:
    """Whether every arm has a grid of its own."""
    return any(isinstance(value, dict) for value in sweep.values())


def swept(sweep: Sweep, arm: str) -> dict[str, list[Any]]:
    """The arm's swept keys and their values."""
    grid = sweep.get(arm, {}) if by_arm(sweep) else sweep
    return (
        {key: values for key, values in grid.items() if isinstance(values, list)} if isinstance(grid, Mapping) else {}
    )


def place(sweep: Sweep, arm: str) -> str:
    """Where the arm's grid stands in the file."""
    return f"sweep.{arm}" if by_arm(sweep) else "sweep"


def sweep_problems(
    sweep: Sweep, arms: Mapping[str, Mapping[str, Any]], *, allow_code: bool, may_be_unequal: bool
) -> Iterator[tuple[str, str]]:
    """(key, message) of what can be said without resolving the arms. `may_be_unequal`: budgets, for a stated reason."""
    if by_arm(sweep):
        yield from _arm_problems(sweep, arms)
    for arm, changes in arms.items():
        where = place(sweep, arm)
        grid = sweep.get(arm, {}) if by_arm(sweep) else sweep
        for key, values in grid.items() if isinstance(grid, Mapping) else ():
            yield from ((f"{where}.{key}", message) for message in _grid_problems(key, values, allow_code))
            yield from ((f"{where}.{key}", message) for message in _clashes(key, arm, changes))
    yield from _budget_problems(sweep, arms, may_be_unequal)


def _arm_problems(sweep: Sweep, arms: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for name, grid in sweep.items():
        if name not in arms:
            yield (
                f"sweep.{name}",
                f"is no arm; a sweep by arm names every arm: {', '.join(arms)}{suggestion(name, arms)}",
            )
        elif not isinstance(grid, Mapping):
            yield f"sweep.{name}", is_not(grid, "a mapping of keys to lists of values")
    absent = [arm for arm in arms if arm not in sweep]
    if absent:
        yield "sweep", f"has nothing for {', '.join(absent)}; a sweep by arm names every arm (equal budgets)"


def _grid_problems(key: str, values: Any, allow_code: bool) -> Iterator[str]:
    if not isinstance(values, list) or not values:
        yield is_not(values, "a list of values")
        return
    if len(values) > MOST_POINTS:
        return  # said of the budget
    if any(value in values[:i] for i, value in enumerate(values)):
        yield f"names a value twice: {shown(values)}"
    if slots.slot_of(key) == "data":
        yield "belongs to the workload: every arm has the same data"
        return
    yield from filter(None, dict.fromkeys(slots.key_problem(key, value, allow_code=allow_code) for value in values))


def _clashes(key: str, arm: str, changes: Mapping[str, Any]) -> Iterator[str]:
    if key in changes:
        yield f"is ambiguous: the arm {arm!r} sets it to {shown(changes[key])}; sweep it or set it, not both"
    inside = [other for other in changes if other.startswith(f"{key}.")]
    if inside:
        yield f"is ambiguous: the arm {arm!r} sets {', '.join(inside)}, which naming another {key} would reset"


def _budget_problems(sweep: Sweep, arms: Mapping[str, Any], may_be_unequal: bool) -> Iterator[tuple[str, str]]:
    budgets = {arm: math.prod(len(values) for values in swept(sweep, arm).values()) for arm in arms}
    if may_be_unequal and len(set(budgets.values())) == 1:
        yield "unequal_budgets", f"is not needed: every arm has {next(iter(budgets.values()))} points"
    if len(set(budgets.values())) > 1 and not may_be_unequal:
        listed = ", ".join(f"{arm} {count}" for arm, count in budgets.items())
        yield "sweep", f"has unequal budgets (points: {listed}); every arm must have the same number of points"
    if max(budgets.values(), default=0) > MOST_POINTS:
        yield "sweep", f"has {shown(max(budgets.values()))} points per arm; accepted: at most {MOST_POINTS}"
