"""Verdicts as sentences, in plain text: the terminal and the page say the same.

Intervals in a sentence are the repeated intervals of verdict.md: they stay valid at every look, so a sentence never
claims more than the verdict beside it. Imports no plotting library: the command line starts with this module.
"""

import math
from dataclasses import dataclass

from suite.report import numbers, phrases
from suite.report.scale import is_failed, raw_difference, raw_effect, sign
from suite.spec.metrics import METRICS
from suite.verdict.models import AblationVerdict, ClaimVerdict, Interval

_TIP = {
    "supported": "The tip is supported",
    "contradicted": "The tip is contradicted",
    "undecided": "The tip is undecided",
}
_STANDS = {"supported": "as expected", "contradicted": "not as expected", "undecided": "undecided"}
_EXPECTED = {
    "better": "to do better than",
    "worse": "to do worse than",
    "same": "to make no practical difference to",
    "not_better": "to do no better than",
    "not_worse": "to do no worse than",
    "different": "to differ from",
}

_MANY, _EXACT = 0.25, 1e-9


@dataclass(frozen=True, kw_only=True)
class Sentence:
    """A claim's sentence in three parts, for a page that sets them differently."""

    lead: str
    """`“bn” helps`"""
    finding: str
    """The number with its interval; empty where nothing could be measured."""
    tail: str
    """How much it rests on, and what else has to be said."""

    def __str__(self) -> str:
        body = "; ".join(part for part in (self.finding, self.tail) if part)
        return f"{self.lead}: {body}." if body else f"{self.lead}."


def sentence(claim: ClaimVerdict) -> str:
    """The claim's verdict in one sentence, with its number and interval where there is one."""
    return str(parts(claim))


def doubt(claim: ClaimVerdict) -> str:
    """What to add to the sentence where no warnings stand beside it; nothing where the tuning is not in doubt."""
    return " In doubt: it rests on a choice that tuning could not make." if claim.in_doubt else ""


def parts(claim: ClaimVerdict) -> Sentence:
    """The same sentence, taken apart."""
    if not is_measured(claim):
        return Sentence(lead=_lead(claim), finding="", tail=_without_stop(claim.reason))
    failed, number = phrases.failures(claim), finding(claim)
    if failed and _failures_matter_more(claim):
        first, then = failed, f"where both runs have a value, {_measured(claim)}" if number else ""
    else:
        note = "" if in_margins(claim) else "the number leaves out pairs in which a run failed, the verdict counts them"
        first, then = number, "; ".join(filter(None, (failed, note))) if failed else ""
    tails = [then, phrases.by_workload(claim, in_margins=in_margins(claim)), _threshold(claim), phrases.basis(claim)]
    return Sentence(lead=_lead(claim), finding=first, tail="; ".join(filter(None, tails)))


def is_measured(claim: ClaimVerdict) -> bool:
    """There has been a look, and it gave a number."""
    return bool(claim.looks) and math.isfinite(claim.effect)


def short_sentence(claim: ClaimVerdict) -> str:
    """Verdict and number only, for a narrow table."""
    if not is_measured(claim):
        return f"{badge(claim)}: {_without_stop(claim.reason)}"
    return f"{badge(claim)}: {_number(claim)}{' (in doubt)' if claim.in_doubt else ''}"


def standing(claim: ClaimVerdict) -> str:
    """Where a claim stands while trials run, on one line."""
    if not is_measured(claim):
        return (
            _without_stop(claim.reason)
            if claim.decided
            else f"{claim.pairs} of {_first_look(claim)} pairs for the first look"
        )
    decided = f"{claim.verdict} (decided)" if claim.decided else "not decided yet"
    return f"{_number(claim)}, {claim.pairs} of at most {claim.planned_looks[-1]} pairs: {decided}"


def answer(verdict: AblationVerdict) -> str:
    """What the ablation says about its tip: the primary claim's sentence."""
    return sentence(primary(verdict))


def primary(verdict: AblationVerdict) -> ClaimVerdict:
    """The claim that enters the catalogue-wide error control (the first, should none be marked)."""
    return next((claim for claim in verdict.claims if claim.primary), verdict.claims[0])


def outcome(claim: ClaimVerdict) -> str:
    """`The tip is supported`, with what it had led us to expect."""
    return f"{_TIP[claim.outcome]}: it expects {expected(claim)}"


def stands(claim: ClaimVerdict) -> str:
    """The tip stands or falls with the primary claim; others ask what the spec's authors expect, tip or not."""
    found = f"tip {claim.outcome}" if claim.primary else _STANDS[claim.outcome]
    return f"{found}, in doubt" if claim.in_doubt else found


def expected(claim: ClaimVerdict) -> str:
    """`“bn” to do better than “none”`."""
    return f"{phrases.name(claim.variant)} {_EXPECTED[claim.expect]} {phrases.name(claim.reference)}"


def finding(claim: ClaimVerdict) -> str:
    """`38 % fewer epochs to target than “neither” (30 % to 45 % fewer)`; for an open claim where the effect lies.

    Empty where no pair has two values.
    """
    raw = raw_effect(claim)
    if not math.isfinite(raw.centre):
        return ""
    if claim.verdict != "inconclusive" or raw.repeated is None or is_exact(claim):
        return _ahead(claim) if in_margins(claim) else _measured(claim)
    if in_margins(claim):
        low, high = (numbers.signed(end, 1) for end in (claim.repeated_interval.low, claim.repeated_interval.high))
        return f"the effect lies between {low} and {high} margins of {_positive(claim)}"
    low, _, high = numbers.change_interval(raw.repeated, claim.metric).partition(" to ")
    return f"the effect lies {f'between {low} and {high}' if high else f'at {low}'}{_of_what(claim)}"


def in_margins(claim: ClaimVerdict) -> bool:
    """Told in margins: the interval in the metric's unit points another way than the judged one.

    Workloads have margins of their own, and no pair counts for more than 10: the mean may rest on a few pairs.
    """
    raw = raw_effect(claim).repeated
    if raw is None or not claim.looks or is_exact(claim):
        return False
    return sign(claim.metric) * _direction(raw) != _direction(claim.repeated_interval)


def plain_interval(claim: ClaimVerdict) -> str:
    """The 95 % interval that would hold had there been one look alone, in the unit of the sentence; empty without."""
    if in_margins(claim):
        return f"{numbers.interval(claim.interval_95)} margins"
    plain_95 = raw_effect(claim).plain_95
    return numbers.change_interval(plain_95, claim.metric) if plain_95 else ""


def _direction(found: Interval) -> int:
    return (found.low > 0) - (found.high < 0)


def _positive(claim: ClaimVerdict) -> str:
    """Margins count upwards for what is better, also of a loss."""
    note = "" if METRICS[claim.metric].higher_is_better else " (positive is better)"
    return f"{METRICS[claim.metric].label}{note}"


def _measured(claim: ClaimVerdict) -> str:
    raw = raw_effect(claim)
    if is_exact(claim):
        return f"{_effect(claim, raw.centre)}, exactly so in every pair"
    if raw.repeated is None:
        return f"{_effect(claim, raw.centre)}, too few pairs for an interval"
    return f"{_effect(claim, raw.centre)} ({numbers.change_interval(raw.repeated, claim.metric)})"


def _ahead(claim: ClaimVerdict) -> str:
    """`+8.1 margins of test perplexity against “none” (+5.2 to +11.0), better in 20 of 20 pairs`."""
    centre = f"{numbers.signed(claim.effect, 1)} margins of {METRICS[claim.metric].label}"
    effects = [pair.effect for effect in claim.workloads for pair in effect.pairs]
    word, ahead = ("better", 1) if claim.effect >= 0 else ("worse", -1)
    count = f"{word} in {sum(effect * ahead > 0 for effect in effects)} of {len(effects)} pairs"
    judged = numbers.interval(claim.repeated_interval)
    return f"{centre} against {phrases.name(claim.reference)} ({judged}), {count}"


def _lead(claim: ClaimVerdict) -> str:
    variant, reference = phrases.name(claim.variant), phrases.name(claim.reference)
    if claim.verdict == "inconclusive":
        if not claim.looks:
            return f"Nothing can be said {'' if claim.decided else 'yet '}about {variant} against {reference}"
        word = "could not be decided" if claim.decided else "is not decided yet"
        if claim.repeated_interval.low > 0 or claim.repeated_interval.high < 0:
            return f"{variant} differs from {reference}, but whether by as much as counts {word}"
        return f"Whether {variant} differs from {reference} {word}"
    clearly = "clearly " if claim.strong else ""
    return {
        "helps": f"{variant} {clearly}helps",
        "hurts": f"{variant} {clearly}hurts",
        "no practical difference": f"{variant} makes no practical difference to {reference}",
        "mixed": f"{variant} helps on some data and hurts on other",
    }[claim.verdict]


def badge(claim: ClaimVerdict) -> str:
    """The verdict in a word or three; `not decided yet` for a claim that goes on."""
    return claim.verdict if claim.decided or claim.verdict != "inconclusive" else "not decided yet"


def _number(claim: ClaimVerdict) -> str:
    raw = raw_effect(claim)
    if not math.isfinite(raw.centre) or (phrases.failures(claim) and _failures_matter_more(claim)):
        return phrases.failures(claim) or f"{numbers.signed(claim.effect, 1)} margins"
    if in_margins(claim):
        judged = numbers.interval(claim.repeated_interval)
        return f"{numbers.signed(claim.effect, 1)} margins of {_positive(claim)} ({judged})"
    glue = " " if claim.unit == "log_ratio" else " of "
    interval = "exactly" if is_exact(claim) else numbers.change_interval(raw.repeated, claim.metric)
    return f"{numbers.change(raw.centre, claim.metric)}{glue}{METRICS[claim.metric].label} ({interval})"


def is_exact(claim: ClaimVerdict) -> bool:
    """Every pair shows the same raw difference, as parameters and FLOPs do."""
    found = [raw_difference(pair, claim.unit) for effect in claim.workloads for pair in effect.pairs]
    known = [value for value in found if value is not None]
    return len(known) == len(found) > 1 and max(known) - min(known) < _EXACT


def _effect(claim: ClaimVerdict, centre: float) -> str:
    label, amount = METRICS[claim.metric].label, numbers.change(centre, claim.metric)
    if claim.unit != "log_ratio":
        amount = f"{amount} of"
    than = "against" if claim.unit != "log_ratio" else "as" if " times as " in amount else "than"
    against = "" if claim.verdict == "no practical difference" else f" {than} {phrases.name(claim.reference)}"
    return f"{amount} {label}{against}"


def _of_what(claim: ClaimVerdict) -> str:
    label = METRICS[claim.metric].label
    return f" {label}" if claim.unit == "log_ratio" else f" {claim.unit} of {label}"


def _failures_matter_more(claim: ClaimVerdict) -> bool:
    """The number alone would mislead: many runs failed, or it points the other way, or it has no interval."""
    raw = raw_effect(claim)
    pairs = [pair for effect in claim.workloads for pair in effect.pairs]
    lost = sum(map(is_failed, pairs))
    disagrees = sign(claim.metric) * raw.centre * claim.effect < 0
    return raw.repeated is None or disagrees or lost >= _MANY * len(pairs)


def _threshold(claim: ClaimVerdict) -> str:
    if claim.verdict == "no practical difference":
        return f"anything within {phrases.margin_range(claim)} counts as none"
    if claim.verdict == "mixed":
        return phrases.each_in_margins(claim)
    if claim.verdict == "inconclusive":
        from_where = f"a difference counts from {phrases.margin_range(claim)}"
        return "; ".join(filter(None, (from_where, phrases.seen(claim) if claim.decided else "")))
    return ""


def _first_look(claim: ClaimVerdict) -> int:
    return claim.planned_looks[0] if claim.planned_looks else 0


def _without_stop(text: str) -> str:
    return text.strip().rstrip(".")
