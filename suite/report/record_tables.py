"""Tables of what was run: sweeps, settings, trials, environment."""

import math
from collections.abc import Mapping
from typing import Any

from suite.report import numbers
from suite.report.evidence import Evidence, Row
from suite.report.tables import Cell, Table, number, text, trial
from suite.trial_result import Settings, freeze

_NOT_SHOWN = frozenset({"command"})
_OUT = "out after the first seed"


def sweep(evidence: Evidence) -> Table:
    """Every point that was tried, with its score and trials."""
    columns = ("workload", "arm", "point", "mean", "by seed", "", "trials")
    rows = []
    for tuning in evidence.verdict.tunings:
        for point in tuning.points if tuning.selected else ():
            chosen = dict(point.point) == dict(tuning.selected)
            on_edge = chosen and any(key in tuning.edge_keys for key, _ in point.point)
            scores = ", ".join("diverged" if score is None else numbers.plain(score, 4) for score in point.scores)
            note = "chosen, on the edge" if on_edge else "chosen" if chosen else _OUT if point.out else ""
            rows.append(
                (
                    text(tuning.workload),
                    text(tuning.arm),
                    text(numbers.point(point.point), "bold" if chosen else None),
                    number(numbers.plain(point.score, 4)),
                    text(scores),
                    text(note, "warn" if on_edge else None),
                    trial(*point.trial_ids),
                )
            )
    return Table(caption="Sweeps", columns=columns, rows=tuple(rows))


def resolved(evidence: Evidence, workload: str) -> dict[str, Settings]:
    """Each arm's settings at the point that its sweep chose (its default where nothing was chosen)."""
    chosen = {t.arm: t.selected for t in evidence.verdict.tunings if t.workload == workload}
    return {arm: evidence.design.settings(workload, arm, chosen.get(arm, ())) for arm in evidence.arms}


def differences(evidence: Evidence, workload: str) -> Table:
    """The settings in which the arms differ, after selection."""
    settings = resolved(evidence, workload)
    keys = sorted({key for one in settings.values() for key in one})
    differing = [key for key in keys if len({repr(one.get(key, _Missing)) for one in settings.values()}) > 1]
    return _settings_table(f"Where the arms differ on {workload}", settings, differing)


def common(evidence: Evidence, workload: str) -> Table:
    """The settings that all arms share."""
    settings = resolved(evidence, workload)
    first = next(iter(settings.values()), {})
    same = [key for key in first if len({repr(one.get(key, _Missing)) for one in settings.values()}) == 1]
    rows = tuple((text(key), text(numbers.setting(first[key]))) for key in sorted(same))
    return Table(caption=f"What all arms share on {workload}", columns=("setting", "value"), rows=rows)


def _settings_table(caption: str, settings: Mapping[str, Settings], keys: list[str]) -> Table:
    def shown(one: Settings, key: str) -> Cell:
        return text(numbers.setting(one[key])) if key in one else text(numbers.NOTHING)

    rows = tuple((text(key), *(shown(one, key) for one in settings.values())) for key in keys)
    return Table(caption=caption, columns=("setting", *settings), rows=rows)


class _Missing:
    """Stands for a setting that an arm does not have."""


def trials(evidence: Evidence) -> Table:
    """One row per stored trial."""
    columns = (
        "trial",
        "workload",
        "arm",
        "purpose",
        "seed",
        "point",
        "status",
        "kept epoch",
        "validation",
        "test",
        "seconds",
    )
    return Table(caption="Every stored trial", columns=columns, rows=tuple(map(_trial, evidence.rows)))


def _trial(row: Row) -> tuple[Cell, ...]:
    run = row.result
    status = run.status if run.reason is None else f"{run.status}: {run.reason}"
    metric = run.metric_name

    def measured(name: str) -> Cell:
        return number(numbers.plain(run.measurements.get(name), 4))

    return (
        trial(run.trial_id),
        text(row.workload),
        text(", ".join(row.arms)),
        text(run.purpose),
        number(str(run.seed)),
        text(numbers.point(row.point)),
        text(status, None if run.status == "completed" else "warn"),
        number(str(run.selected_epoch) if run.selected_epoch is not None else numbers.NOTHING),
        measured(f"val_{metric}"),
        measured(f"test_{metric}"),
        number(numbers.plain(run.measurements.get("train_seconds"), 2)),
    )


def environment(evidence: Evidence) -> Table:
    """What the trials ran on, from their own records: every value that occurs, with how often if there are several."""
    counts: dict[str, dict[str, int]] = {}
    for row in evidence.rows:
        for key, value in _flat(row.result.provenance).items():
            of_key = counts.setdefault(key, {})
            of_key[value] = of_key.get(value, 0) + 1
    rows = tuple(
        (text(key), text(_period(values) if key.endswith("_at") else _values(values))) for key, values in counts.items()
    )
    return Table(caption="Where the trials ran", columns=("what", "value"), rows=rows)


def _period(times: Mapping[str, int]) -> str:
    """From the first to the last, of ISO 8601 times in one zone."""
    first, last = min(times), max(times)
    return first if first == last else f"{first} to {last}"


def _values(values: Mapping[str, int]) -> str:
    if len(values) == 1:
        return next(iter(values))
    ordered = sorted(values.items(), key=lambda item: (-item[1], item[0]))
    shown = "; ".join(f"{value} ({count} trials)" for value, count in ordered[:4])
    return f"{shown}; and {len(ordered) - 4} more" if len(ordered) > 4 else shown


def _flat(provenance: Mapping[str, Any], prefix: str = "") -> dict[str, str]:
    """Nested mappings as dotted keys; without what differs between trials by its nature."""
    flat: dict[str, str] = {}
    for key, value in provenance.items():
        if key in _NOT_SHOWN:
            continue
        if isinstance(value, Mapping):
            flat |= _flat(value, f"{prefix}{key}.")
        elif value is not None and not (isinstance(value, float) and math.isnan(value)):
            is_size = key.endswith("_bytes") and isinstance(value, int | float)
            shown = numbers.measured(key, float(value)) if is_size else numbers.setting(freeze(value))
            flat[f"{prefix}{key}"] = shown
    return flat
