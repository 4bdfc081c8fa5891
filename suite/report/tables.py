"""The tables of a report, as plain cells: the page and the Markdown file lay them out."""

import dataclasses
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from suite.report import numbers, phrases, words
from suite.report.evidence import COSTS, Evidence
from suite.report.scale import raw_effect, workload_raw_effect
from suite.spec.metrics import METRICS
from suite.verdict.models import AblationVerdict, ClaimVerdict, FailureCount, WorkloadEffect


@dataclass(frozen=True, kw_only=True)
class Cell:
    """One cell: what it says, and whether it is set differently."""

    text: str
    trials: tuple[str, ...] = ()
    """The text is these trials' ids, and each links to its row."""
    is_number: bool = False
    mark: str | None = None
    """`bold`, `warn`, `remark`, `verdict` or None."""


@dataclass(frozen=True, kw_only=True)
class Table:
    """Column heads and rows of equally many cells."""

    caption: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]


def text(value: str, mark: str | None = None) -> Cell:
    """A cell of words."""
    return Cell(text=value, mark=mark)


def number(value: str, mark: str | None = None) -> Cell:
    """A cell that is set flush right."""
    return Cell(text=value, is_number=True, mark=mark)


def trial(*trial_ids: str) -> Cell:
    """A cell that leads to the rows of trials."""
    return Cell(text=" ".join(trial_ids), trials=trial_ids)


def claims(verdict: AblationVerdict) -> Table:
    """A row per claim with its pooled effect; the page shows it `turned`."""
    columns = (
        "claim", "comparison", "metric", "verdict", "outcome", "effect", "repeated interval", "95 % interval",
        "effect in margins", "repeated interval, margins", "95 % interval, margins", "probability of improvement",
        "p of the verdict", "pairs per workload", "smallest effect seen with 80 % power",
    )  # fmt: skip
    return Table(caption="Claims, pooled over the workloads", columns=columns, rows=tuple(map(_claim, verdict.claims)))


def turned(table: Table) -> Table:
    """Rows as columns: a few claims with many quantities each are narrower so."""
    heads = tuple(row[0].text for row in table.rows)
    rows = tuple(
        (text(column), *(dataclasses.replace(row[index], is_number=False) for row in table.rows))
        for index, column in enumerate(table.columns)
        if index > 0
    )
    return Table(caption=table.caption, columns=("", *heads), rows=rows)


def _claim(claim: ClaimVerdict) -> tuple[Cell, ...]:
    raw = raw_effect(claim)
    likely = claim.probability_of_improvement
    bounds = claim.probability_of_improvement_95
    chance = f"{numbers.percent(likely)} ({numbers.percent(bounds.low)} to {numbers.percent(bounds.high)})"
    return (
        text(claim.name + (" (primary)" if claim.primary else "")),
        text(f"{claim.variant} against {claim.reference}"),
        text(METRICS[claim.metric].label),
        text(claim.verdict, "verdict"),
        text(words.stands(claim)),
        number(numbers.change(raw.centre, claim.metric), "bold"),
        number(numbers.change_interval(raw.repeated, claim.metric)),
        number(numbers.change_interval(raw.plain_95, claim.metric)),
        number(numbers.signed(claim.effect)),
        number(numbers.interval(claim.repeated_interval, 2)),
        number(numbers.interval(claim.interval_95, 2)),
        number(chance if math.isfinite(likely) else numbers.NOTHING),
        number(numbers.p_value(claim.p_verdict)),
        number(str(claim.pairs)),
        number(phrases.smallest_seen(claim) or numbers.NOTHING),
    )


def by_workload(claim: ClaimVerdict) -> Table:
    """One claim on each workload."""
    columns = ("workload", "effect", "95 % interval", "margins", "one margin", "target", "pairs", "test set", "notes")
    rows = tuple(_workload(claim, effect) for effect in claim.workloads)
    return Table(caption=f"{claim.name}, by workload", columns=columns, rows=rows)


def _workload(claim: ClaimVerdict, effect: WorkloadEffect) -> tuple[Cell, ...]:
    raw = workload_raw_effect(effect, claim.unit)
    notes = ["significantly opposite to the pooled effect"] if effect.significantly_opposite else []
    if METRICS[claim.metric].of_test_examples and effect.test_set_variance is None:
        notes.append("on this test set: how another one would differ was not measured")
    if raw.partial:
        notes.append("effect and interval of the pairs in which both runs have a value; margins of all")
    factor = "" if effect.target is None else numbers.plain(effect.target, 4)
    return (
        text(effect.workload),
        number(numbers.change(raw.centre, claim.metric)),
        number(numbers.change_interval(raw.plain_95, claim.metric)),
        number(f"{numbers.signed(effect.effect, 1)} ({numbers.interval(effect.interval_95)})"),
        number(numbers.size(effect.margin, claim.metric)),
        number(factor or numbers.NOTHING),
        number(str(len(effect.pairs))),
        number(f"{effect.test_examples:,}".replace(",", numbers.SPACE) if effect.test_examples else numbers.NOTHING),
        text("; ".join(notes), "remark" if notes else None),
    )


def looks(claim: ClaimVerdict) -> Table:
    """How the claim stood at each look."""
    columns = ("pairs", "α spent", "margins", "repeated interval", "p (difference)", "p (equivalence)", "decision")
    rows = tuple(
        (
            number(str(look.pairs)),
            number(f"{look.alpha:.4g}"),
            number(numbers.signed(look.effect, 2)),
            number(numbers.interval(look.repeated_interval, 2)),
            number(numbers.p_value(look.p_difference)),
            number(numbers.p_value(look.p_equivalence)),
            text(look.decision or "go on", "verdict" if look.decision else None),
        )
        for look in claim.looks
    )
    return Table(caption=f"{claim.name}, look by look", columns=columns, rows=rows)


def pairs(claim: ClaimVerdict) -> Table:
    """Every pair behind a claim: both values and both trials."""
    columns = (
        "workload",
        "seed",
        claim.variant,
        claim.reference,
        "margins",
        f"trial, {claim.variant}",
        f"trial, {claim.reference}",
    )
    failed = "not reached" if METRICS[claim.metric].from_curve else "diverged"

    def value(measured: float | None) -> Cell:
        return number(failed, "warn") if measured is None else number(numbers.measured(claim.metric, measured))

    rows = tuple(
        (
            text(effect.workload),
            number(str(pair.seed)),
            value(pair.variant),
            value(pair.reference),
            number(numbers.signed(pair.effect)),
            trial(pair.variant_trial_id),
            trial(pair.reference_trial_id),
        )
        for effect in claim.workloads
        for pair in effect.pairs
    )
    return Table(caption=f"{claim.name}: {METRICS[claim.metric].label}, pair by pair", columns=columns, rows=rows)


def failures(verdict: AblationVerdict) -> Table:
    """How often each arm failed, with what the count still allows."""
    columns = ("claim", "workload", "arm", "failed", "share, 95 % bounds", "McNemar p")
    rows = []
    for claim in verdict.claims:
        for effect in claim.workloads:
            for arm, count in ((claim.variant, effect.variant_failures), (claim.reference, effect.reference_failures)):
                rows.append(_failure(claim, effect, arm, count))
    return Table(caption="Runs that diverged or never reached the target", columns=columns, rows=tuple(rows))


def _failure(claim: ClaimVerdict, effect: WorkloadEffect, arm: str, count: FailureCount) -> tuple[Cell, ...]:
    bounds = f"{numbers.percent(count.share_95.low)} to {numbers.percent(count.share_95.high)}"
    return (
        text(claim.name),
        text(effect.workload),
        text(arm),
        number(f"{count.failures} of {count.runs}", "warn" if count.failures else None),
        number(bounds if count.runs else numbers.NOTHING),
        number(numbers.p_value(effect.mcnemar_p)),
    )


def detectable(verdict: AblationVerdict) -> Table:
    """The smallest effect each claim would have shown with 80 % power."""
    columns = ("claim", "smallest effect seen with 80 % power", "in margins", "one margin", "pairs")
    rows = tuple(
        (
            text(claim.name),
            number(phrases.smallest_seen(claim) or numbers.NOTHING),
            number(_smallest_in_margins(claim)),
            number(phrases.margin_range(claim)),
            number(str(claim.pairs)),
        )
        for claim in verdict.claims
    )
    return Table(caption="What could have been seen", columns=columns, rows=rows)


def _smallest_in_margins(claim: ClaimVerdict) -> str:
    known = phrases.smallest_seen(claim)
    return numbers.plain(claim.minimum_detectable_effect, 1) if known else numbers.NOTHING


def at_default(evidence: Evidence) -> Table:
    """Each claim at the untuned default and tuned."""
    columns = ("claim", "untuned default", "margins, 95 %", "pairs", "tuned", "margins, 95 %", "pairs")
    rows = []
    for claim in evidence.tuned_claims:
        default = claim.at_default
        assert default is not None
        rows.append(
            (
                text(claim.name),
                number(numbers.change(default.raw_effect, claim.metric)),
                number(f"{numbers.signed(default.effect, 1)} ({numbers.interval(default.interval_95)})"),
                number(str(default.pairs)),
                number(numbers.change(raw_effect(claim).centre, claim.metric)),
                number(f"{numbers.signed(claim.effect, 1)} ({numbers.interval(claim.interval_95)})"),
                number(str(claim.pairs)),
            )
        )
    return Table(caption="Untuned and tuned", columns=columns, rows=tuple(rows))


def costs(evidence: Evidence) -> Table:
    """What a completed run of each arm costs, on average."""
    known = {
        (workload, arm): found
        for workload in evidence.workloads
        for arm in evidence.shown_arms
        if (found := evidence.costs(workload, arm))
    }
    shown = [name for name in COSTS if any(name in found for found in known.values())]
    columns = ("workload", "arm", *(METRICS[name].label for name in shown))
    rows = []
    for (workload, arm), found in known.items():
        rows.append((text(workload), text(arm), *(number(numbers.measured(name, found.get(name))) for name in shown)))
    return Table(caption="Mean cost of one training", columns=columns, rows=tuple(rows))


def any_warning(claims_: Iterable[ClaimVerdict]) -> Sequence[str]:
    """All warnings once, in order."""
    return tuple(dict.fromkeys(warning for claim in claims_ for warning in claim.warnings))
