"""From measurements of the data to findings: what the inputs are like, and whether the labels go with them."""

import math
from collections.abc import Iterator

from suite.training.finding import Finding
from suite.training.inspect_data import DataFacts, Lengths, Tokens
from suite.training.overfit import Overfit

_ALIKE = {
    "images": "images that look alike share a label",
    "likes": "images that look alike share a label",
    "boxes": "what is in the boxes differs from what is around them more than in another image",
    "pixels": "what belongs together is alike more than in another image",
    "series": "curves that look alike share a label",
    "tokens": "texts with like words share a label",
    "text": "the target is the symbol that follows",
}
_LOOK = {
    **dict.fromkeys(("images", "boxes", "pixels", "likes"), "look at the picture grid"),
    "series": "look at the picture of the curves",
    "tokens": "read the examples with their labels",
    "text": "read the windows with their targets",
}
_LABELLED = ("images", "series", "tokens")
"""With a label for each, in no order: batches of `likes` are made of a few classes."""
_MANY_UNKNOWN = 0.3
"""Share of a text from which on its missing words are told."""
_NOISE = 0.01
"""Share of a text's targets that may be something else than what follows before it is told."""


def data_findings(data: DataFacts) -> Iterator[Finding]:
    """Values, sizes and order."""
    if data.not_finite:
        yield Finding(
            kind="not_finite",
            sentence=f"{data.not_finite} input values are NaN or infinite",
            remedy="look for divisions by zero in the preprocessing, and for missing values in the data",
        )
    if data.labels_out_of_range:
        yield Finding(
            kind="label_range",
            sentence=f"{data.labels_out_of_range} labels are not between 0 and {len(data.counts) - 1}",
            remedy="number the classes from 0 to their number less one",
        )
    if data.tokens is None and (abs(data.mean) > 3 or data.deviation > 5 or data.deviation < 0.02):
        preprocess = "standardize_series" if data.kind == "series" else "standardize"
        yield Finding(
            kind="input_scale",
            sentence=(
                f"the inputs are not normalised: {data.low:.4g} to {data.high:.4g}, mean {data.mean:.3g}, standard "
                f"deviation {data.deviation:.3g}"
            ),
            remedy=f"subtract the mean and divide by the standard deviation (preprocess: {preprocess})",
        )
    if data.tokens is not None:
        yield from _tokens(data.tokens)
    if data.lengths is not None:
        yield from _lengths(data.lengths, data.examples)
    if data.kind in _LABELLED and data.batch_shape[0] >= 8 and data.batch_classes < 0.5 * data.batch_expected:
        yield Finding(
            kind="order",
            sentence=(
                f"the first batch of {data.batch_shape[0]} holds {data.batch_classes} classes, at random it would hold "
                f"about {data.batch_expected:.0f}: the examples are not shuffled"
            ),
            remedy="shuffle in every epoch (order: shuffled)",
        )


def _tokens(tokens: Tokens) -> Iterator[Finding]:
    if tokens.outside:
        yield Finding(
            kind="token_range",
            sentence=f"{tokens.outside} tokens are not between 1 and {tokens.vocabulary - 1}: they stand for nothing",
            remedy="encode the texts with the vocabulary that the network is built for",
        )
    if tokens.unknown is not None and tokens.unknown > _MANY_UNKNOWN:
        yield Finding(
            kind="unknown_words",
            sentence=f"{tokens.unknown:.0%} of the words are not in the vocabulary of {tokens.vocabulary}",
            remedy="a larger vocabulary, or subwords, if that is more than you meant to lose",
            wrong=False,
        )


def _lengths(lengths: Lengths, examples: int) -> Iterator[Finding]:
    if lengths.empty:
        yield Finding(
            kind="empty",
            sentence=f"{lengths.empty} of {examples} sequences have nothing in them",
            remedy="leave them out, or find where their content was lost",
            wrong=False,
        )


def label_findings(data: DataFacts, overfit: Overfit | None) -> Iterator[Finding]:
    """Shifted if other labels fit far better; unrelated if neither likeness nor training finds a link."""
    own, best = data.agreement, data.shift_agreement
    if data.shift and best.share > own.share + 6 * own.deviation:
        yield _shifted(data)
    elif data.kind == "text":
        yield from _not_following(data)
    elif own.z < 4 and not (data.kind in _LABELLED and _generalises(overfit, own.chance)):
        nor = ", and what is learnt does not carry over to other examples" * (data.kind in _LABELLED)
        yield Finding(
            kind="labels",
            sentence=(
                f"labels do not go with their inputs: {_ALIKE[data.kind]} in {own.share:.0%} of cases "
                f"(chance: {own.chance:.0%}){nor}"
            ),
            remedy=f"{_LOOK[data.kind]}: are inputs and labels in the same order, shuffled together?",
        )


def _shifted(data: DataFacts) -> Finding:
    own, best, shift = data.agreement, data.shift_agreement, data.shift
    remedy = f"find where inputs and labels are read or sorted apart; {_LOOK[data.kind]}"
    if data.shift_unit == "places":
        there = {-1: "that place's own symbol", 1: "the one after the next"}
        where = there.get(shift, f"the one {abs(1 + shift)} places {'on' if shift > 0 else 'back'}")
        sentence = (
            f"targets are not the inputs moved by one place: the target is the symbol that follows at {own.share:.0%} "
            f"of places, but {where} at {best.share:.0%}"
        )
        return Finding(kind="labels", sentence=sentence, remedy="cut targets as text[1:] where inputs are text[:-1]")
    where = f"{abs(shift)} row{'s' * (abs(shift) > 1)} {'further down' if shift > 0 else 'further up'}"
    each = "window takes the targets" if data.kind == "text" else "takes the label"
    sentence = (
        f"labels do not go with their inputs: they are shifted ({_ALIKE[data.kind]} in "
        f"{own.share:.0%} of cases, but in {best.share:.0%} if each {each} {where})"
    )
    return Finding(kind="labels", sentence=sentence, remedy=remedy)


def _not_following(data: DataFacts) -> Iterator[Finding]:
    """Of a text the targets are known: there is nothing to learn about them."""
    share = data.agreement.share
    if share < 1 - _NOISE:
        wrong = share < 0.5
        yield Finding(
            kind="labels",
            sentence=f"targets are not the inputs moved by one place: the target follows at {share:.0%} of places only",
            remedy=f"{_LOOK['text']}: are both cut from the same text, in the same order?",
            wrong=wrong,
        )


def _generalises(overfit: Overfit | None, chance: float) -> bool:
    """Examples not trained on are recognised above chance."""
    if overfit is None or not overfit.held_examples:
        return False
    deviation = math.sqrt(chance * (1 - chance) / overfit.held_examples)
    return overfit.best.held_accuracy > chance + 4 * deviation
