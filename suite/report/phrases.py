"""What sentences about verdicts are made of: names, failures, thresholds, what a verdict rests on."""

import math
from collections.abc import Sequence

from suite.report import numbers
from suite.report.scale import detectable, is_failed, raw_effect, workload_raw_effect
from suite.spec.metrics import METRICS
from suite.verdict.models import ClaimVerdict, FailureCount
from suite.verdict.units import CLAMP


def name(arm: str) -> str:
    """An arm's name as it stands in a sentence: many are ordinary words (`neither`, `default`)."""
    return f"“{arm}”"


def listed(items: Sequence[str]) -> str:
    """`a`, `a and b`, `a, b and c`."""
    return " and ".join(filter(None, (", ".join(items[:-1]), *items[-1:])))


def failures(claim: ClaimVerdict) -> str:
    """`“bn” diverged in 3 of 20 runs (“neither”: 0 of 20)`; empty when nothing failed."""
    both = [
        (claim.variant, *total([effect.variant_failures for effect in claim.workloads])),
        (claim.reference, *total([effect.reference_failures for effect in claim.workloads])),
    ]
    (arm, failed, runs), (other, other_failed, other_runs) = sorted(both, key=lambda item: -item[1])
    if not failed:
        return ""
    what = "did not reach the target" if METRICS[claim.metric].from_curve else "diverged"
    return f"{name(arm)} {what} in {failed} of {runs} runs ({name(other)}: {other_failed} of {other_runs})"


def total(counts: list[FailureCount]) -> tuple[int, int]:
    """Failures and runs over the workloads."""
    return sum(count.failures for count in counts), sum(count.runs for count in counts)


def basis(claim: ClaimVerdict) -> str:
    """`5 pairs on each of 2 workloads`."""
    many = len(claim.workloads)
    pairs = f"{claim.pairs} pair{'s' if claim.pairs != 1 else ''}"
    return f"{pairs} on each of {many} workloads" if many > 1 else f"{pairs} on {claim.workloads[0].workload}"


def seen(claim: ClaimVerdict) -> str:
    """`an effect of 1.1 points would have been seen with 80 % power`; empty before the first look."""
    smallest = smallest_seen(claim)
    return f"an effect of {smallest} would have been seen with {numbers.percent(0.8)} power" if smallest else ""


def smallest_seen(claim: ClaimVerdict) -> str:
    """`1.1 points`; empty where it is not known, or beyond the 10 margins at which effects are cut off.

    In margins where it would be less than the interval beside it can tell: pairs were cut off, and what is judged then
    spreads less than what is shown.
    """
    smallest, shown = detectable(claim), raw_effect(claim).repeated
    if not math.isfinite(smallest) or claim.minimum_detectable_effect >= CLAMP:
        return ""
    if shown is None or smallest < (shown.high - shown.low) / 2:
        return f"{numbers.plain(claim.minimum_detectable_effect, 1)} margins"
    return numbers.size(smallest, claim.metric)


def margin_range(claim: ClaimVerdict) -> str:
    """`0.5 points`, or `0.21 points to 0.50 points` where the workloads have different margins."""
    margins = sorted({numbers.size(effect.margin, claim.metric) for effect in claim.workloads})
    if not margins:
        return numbers.NOTHING
    by_size = sorted(claim.workloads, key=lambda effect: effect.margin)
    low, high = (numbers.size(effect.margin, claim.metric) for effect in (by_size[0], by_size[-1]))
    return low if low == high else f"{low} to {high}"


def by_workload(claim: ClaimVerdict, *, in_margins: bool) -> str:
    """The workloads one by one, where the pooled number alone would hide what they say.

    It does where nothing could be decided, and where two of their 95 % intervals have nothing in common and not all
    effects go the same way by a margin. In margins where the pooled number is, and where a run failed.
    """
    effects = claim.workloads
    if claim.verdict == "mixed" or len(effects) < 2 or (claim.verdict == "inconclusive" and not claim.decided):
        return ""
    disjoint = max(effect.interval_95.low for effect in effects) > min(effect.interval_95.high for effect in effects)
    agree = all(effect.effect >= 1 for effect in effects) or all(effect.effect <= -1 for effect in effects)
    if claim.verdict != "inconclusive" and (agree or not disjoint):
        return ""
    if in_margins or any(is_failed(pair) for effect in effects for pair in effect.pairs):
        return each_in_margins(claim)
    raw = [numbers.change(workload_raw_effect(effect, claim.unit).centre, claim.metric) for effect in effects]
    return listed([f"{amount} on {effect.workload}" for amount, effect in zip(raw, effects, strict=True)])


def each_in_margins(claim: ClaimVerdict) -> str:
    """`+4.2 margins on digits_cnn and −1.3 margins on glyphs_cnn`; positive is better."""
    return listed([f"{numbers.signed(item.effect, 1)} margins on {item.workload}" for item in claim.workloads])
