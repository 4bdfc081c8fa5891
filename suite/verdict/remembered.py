"""What follows from an ablation's results, computed anew only when one of its own trials has come in."""

from collections.abc import Callable, Mapping
from typing import Generic, TypeVar

from suite.spec.design import Design
from suite.trial_result import TrialResult

T = TypeVar("T")


class Remembered(Generic[T]):
    """`function(design, results)` for many designs and results that only grow.

    A run of the whole catalogue asks it at every trial's end: over 38 designs that costs 1.5 s, over the one or two
    that the trial belongs to some 0.1 s.
    """

    def __init__(self, function: Callable[[Design, Mapping[str, TrialResult]], T]) -> None:
        self._function = function
        self._trials: dict[tuple[str, str], frozenset[str]] = {}
        self._found: dict[tuple[str, str], tuple[int, T]] = {}

    def __call__(self, design: Design, results: Mapping[str, TrialResult]) -> T:
        """As the function itself says."""
        key = (design.ablation.id, design.scale)
        if key not in self._trials:
            self._trials[key] = frozenset(entry.trial.id for entry in design.roster())
        known = sum(trial_id in results for trial_id in self._trials[key])
        if key not in self._found or self._found[key][0] != known:
            self._found[key] = known, self._function(design, results)
        return self._found[key][1]
