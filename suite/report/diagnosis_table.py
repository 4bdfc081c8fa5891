"""What the loss curves of the evaluation runs look like, arm by arm (suite/verdict/diagnosis.py)."""

from collections import Counter
from dataclasses import dataclass
from typing import get_args

from suite.report.evidence import Evidence
from suite.report.tables import Cell, Table, number, text, trial
from suite.verdict.diagnosis import Diagnosis, Kind, diagnose

_KINDS: tuple[Kind, ...] = get_args(Kind)
_FAULTS = tuple(kind for kind in _KINDS if kind not in ("healthy", "too short"))


@dataclass(frozen=True)
class _Group:
    """One arm on one workload: a diagnosis per evaluation run, by seed."""

    workload: str
    arm: str
    runs: tuple[tuple[str, Diagnosis], ...]

    def counts(self) -> Counter[str]:
        return Counter(found.kind for _, found in self.runs)

    def faults(self) -> int:
        return sum(self.counts()[kind] for kind in _FAULTS)

    def rank(self) -> tuple[float, int]:
        """Worst first: the share of faulty runs, then the worst kind."""
        return -self.faults() / len(self.runs), min(_KINDS.index(found.kind) for _, found in self.runs)


def curve_diagnosis(evidence: Evidence) -> tuple[Table, str]:
    """The table, without rows where no run looks faulty, and the line that goes with it; no line without any run."""
    groups = sorted(_groups(evidence), key=_Group.rank)
    runs, faults = sum(len(group.runs) for group in groups), sum(group.faults() for group in groups)
    short = sum(group.counts()["too short"] for group in groups)
    kinds = tuple(kind for kind in _KINDS if any(group.counts()[kind] for group in groups))
    columns = ("workload", "arm", *kinds, "what the most frequent fault looks like", "such a run")
    rows = tuple(_row(group, kinds) for group in groups) if faults else ()
    return Table(caption="Curve diagnosis", columns=columns, rows=rows), _line(runs, faults, short)


def _groups(evidence: Evidence) -> list[_Group]:
    found = []
    for workload, by_arm in evidence.selected_runs.items():
        for arm, results in by_arm.items():
            runs = tuple((run.trial_id, diagnose(run)) for run in results if run.status != "failed")
            if runs:
                found.append(_Group(workload, arm, runs))
    return found


def _row(group: _Group, kinds: tuple[Kind, ...]) -> tuple[Cell, ...]:
    counts = group.counts()
    cells = (number(str(counts[kind]), "warn" if kind in _FAULTS and counts[kind] else None) for kind in kinds)
    most = max(_FAULTS, key=lambda kind: counts[kind])  # the worse of equally many: max keeps the first
    example = next(((trial_id, found) for trial_id, found in group.runs if found.kind == most), None)
    shown = (text(example[1].sentence, "remark"), trial(example[0])) if example else (text(""), text(""))
    return text(group.workload), text(group.arm), *cells, *shown


def _line(runs: int, faults: int, short: int) -> str:
    judged = runs - short
    if not runs:
        return ""
    if not judged:
        return f"Curve diagnosis: the {_runs(runs)} have too few epochs to judge their loss curves."
    if not faults:
        return f"Curve diagnosis: the loss curves of all {_runs(judged)} look healthy."
    return (
        f"Curve diagnosis: {faults} of {_runs(judged)} have loss curves that look other than healthy. "
        "A suspicion from the curves alone: an arm may be meant to look like that."
    )


def _runs(count: int) -> str:
    return f"{count} evaluation run{'s' if count != 1 else ''}"
