"""Whether a claim's metric can be measured on its arms at all: said before anything is trained."""

from collections.abc import Iterator, Mapping
from typing import Any

from suite.spec import defaults
from suite.spec.metrics import METRICS
from suite.spec.problems import shown


def unmeasurable(claim: Mapping[str, Any], arms: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    """What is wrong with the claim's metric; `arms` are resolved settings on one workload."""
    metric = METRICS.get(str(claim.get("metric")))
    sides = [str(claim[side]) for side in ("variant", "reference") if str(claim.get(side)) in arms]
    if metric is None or len(sides) < 2:
        return  # said elsewhere
    for slot, needed in metric.needs.items():
        for arm in sides:
            chosen = arms[arm].get(slot, defaults.DEFAULTS.get(slot))
            if chosen != needed:
                yield f"{shown(claim['metric'])} needs {slot}: {needed}; the arm {shown(arm)} has {slot}: {chosen}"
                break
    watched = [(arms[arm].get("task"), arms[arm].get("task.metric")) for arm in sides]
    if metric.from_curve and watched[0] != watched[1]:
        yield (
            f"{shown(claim['metric'])} compares validation curves, and those of {' and '.join(map(shown, sides))} are "
            "of different metrics (task.metric)"
        )
