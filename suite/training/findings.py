"""From measurements to findings: what is wrong, in a sentence, and what to do about it. The only place with thresholds.

A symptom that a found cause explains is told, but not as a fault of its own: repair the cause and check again.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from suite.training.data_findings import data_findings, label_findings
from suite.training.finding import Finding
from suite.training.inspect_data import DataFacts
from suite.training.inspect_model import Layer, LossFacts, ModelFacts
from suite.training.loaded import Kind
from suite.training.overfit import STEPS, Attempt, Overfit

_SYMPTOMS = ("confident_start", "exploding", "rate", "overfit")
_CAUSES = (
    "not_finite", "input_scale", "label_range", "token_range", "loss_axis", "loss_sum", "loss_squashed", "output_size",
    "frozen", "no_gradient", "not_moving", "zero_grad",
)  # fmt: skip

_TARGETS = {
    "text": ("place", "symbols", "n, T, symbols", 2),
    "pixels": ("pixel", "classes", "n, classes, H, W", 1),
}
"""What has a target, what that is one of, the shape of scores, and their axis to be normalised."""
_EXAMPLES = {"text": "windows of text", "boxes": "images", "pixels": "images"}


@dataclass(frozen=True, kw_only=True)
class Measured:
    """All that was looked at. What could not be, for what came before it, is None."""

    data: DataFacts
    classes: int
    model: ModelFacts
    overfit: Overfit | None
    old_gradients: float
    """Relative change of a step's gradient by the step before it."""
    freezing_meant: bool
    """The settings say that a layer is to stay as it is."""
    swept_rates: tuple[float, ...]
    """Rates that the ablation would try in any case."""


def find(measured: Measured) -> tuple[Finding, ...]:
    """In the order in which they are best repaired: data, network and loss, training step, rate."""
    found = [*data_findings(measured.data), *label_findings(measured.data, measured.overfit), *_model(measured)]
    found += [*_gradients(measured.model, meant=measured.freezing_meant), *_old_gradients(measured.old_gradients)]
    if measured.overfit is not None:
        what = _EXAMPLES.get(measured.data.kind, "examples")
        found += _learning(f"{measured.overfit.examples} {what}", measured.overfit, measured.swept_rates)
    causes = [finding.kind for finding in found if finding.wrong and finding.kind in _CAUSES]
    return tuple(_explained(finding) if causes and finding.kind in _SYMPTOMS else finding for finding in found)


def _explained(finding: Finding) -> Finding:
    return replace(finding, wrong=False, remedy="probably a consequence of the above: repair that, then check again")


def _model(measured: Measured) -> Iterator[Finding]:
    model = measured.model
    if model.problem:
        yield Finding(
            kind="does_not_run",
            sentence=f"the network cannot be trained for a single step: {model.problem}",
            remedy="compare the layers' sizes with the shape of the batch",
        )
        return
    if model.output != model.wanted_output:
        one, many, *_ = _TARGETS.get(measured.data.kind, ("", "classes"))
        each = f"at each {one} one for each of the {many}" if one else "one per class"
        yield Finding(
            kind="output_size",
            sentence=f"the network gives scores of shape {model.output} per example, not {model.wanted_output}: {each}",
            remedy="give the last layer as many outputs as there are classes",
        )
    if model.loss is not None:
        yield from _loss(model.loss, measured.data.kind)
    if model.loss is not None and not model.first_loss <= 2 * model.loss.even + 1:
        yield Finding(
            kind="confident_start",
            sentence=(
                f"the loss before training is {model.first_loss:.3g}; a network that knows nothing has "
                f"{model.loss.even:.3g}"
            ),
            remedy="the first scores are too large: look at the scale of the inputs and of the initial weights",
            wrong=measured.overfit is None or not measured.overfit.attempts[0].learnt,
        )
    if model.evaluation_differs > 1e-3:
        yield Finding(
            kind="evaluation",
            sentence="an example's scores in evaluation depend on chance or on the examples beside it",
            remedy=(
                "call model.eval() before evaluation, so that dropout and batch normalisation stand still, "
                "and augment training images only"
            ),
        )


def _loss(loss: LossFacts, kind: Kind) -> Iterator[Finding]:
    one, many, shape, place = _TARGETS.get(kind, ("example", "classes", "n, classes", 1))
    axis = f"dim={place} of scores of shape ({shape})"
    if abs(loss.together - loss.alone) > 1e-3 * (1 + abs(loss.alone)):
        ratio = loss.together / loss.alone if loss.alone else math.inf
        if ratio > 5 and math.isfinite(ratio):
            yield Finding(
                kind="loss_sum",
                sentence=f"the loss grows with the batch: {loss.alone:.3g} for one, {loss.together:.3g} for all",
                remedy=f"average over the {one}s instead of adding up (reduction='mean')",
            )
        else:
            yield Finding(
                kind="loss_axis",
                sentence=(
                    f"the loss runs over the wrong axis: {loss.together:.3g} for a batch, but {loss.alone:.3g} on "
                    f"average for its {one}s one by one; {one}s of a batch compete instead of {many}"
                ),
                remedy=f"take softmax and loss over the axis of the {many} ({axis})",
            )
    elif loss.sure > 0.1 and abs(loss.certain - loss.sure) < 1e-3:
        yield Finding(
            kind="loss_squashed",
            sentence=f"the loss cannot fall below {loss.sure:.3g}, however right the scores: they are squashed first",
            remedy="hand raw scores to a loss that has a softmax of its own",
        )


def _gradients(model: ModelFacts, *, meant: bool) -> Iterator[Finding]:
    trained = [layer for layer in model.layers if layer.parameters]
    for why in dict.fromkeys(layer.frozen for layer in trained if layer.frozen):
        names = _names([layer for layer in trained if layer.frozen == why])
        yield Finding(
            kind="frozen",
            sentence=f"{names} not trained: {why}",
            remedy="none needed: the settings ask for it" if meant else "unless that is meant, let it train",
            wrong=not meant,
        )
    free = [layer for layer in trained if not layer.frozen]
    silent = [layer for layer in free if not layer.gradient]
    if silent:
        yield Finding(
            kind="no_gradient",
            sentence=f"{_names(silent)} reached by no gradient: the loss does not depend on it",
            remedy="look for detach(), no_grad(), a layer that is never called, or activations that are all zero",
        )
    wild = [layer for layer in free if layer.gradient is not None and not layer.gradient < max(100, 100 * layer.weight)]
    if wild:
        largest = max((layer.gradient or 0.0) for layer in wild)
        yield Finding(
            kind="exploding",
            sentence=f"{_names(wild)} hit by exploding gradients, up to a norm of {largest:.3g}",
            remedy="look at the scale of inputs and initial weights; clip gradients (gradients: clip_norm)",
        )
    stuck = [layer for layer in free if layer.gradient and not layer.moved and layer.gradient > 1e-3 * layer.weight]
    if stuck:
        yield Finding(
            kind="not_moving",
            sentence=f"{_names(stuck)} not changed by training steps, although gradients arrive",
            remedy="is optimizer.step() called, and was the optimiser given these parameters?",
        )


def _names(layers: Sequence[Layer]) -> str:
    names = [layer.name for layer in layers]
    shown = ", ".join(names[:4]) + (f" and {len(names) - 4} more" if len(names) > 4 else "")
    return f"layer {shown} is" if len(names) == 1 else f"layers {shown} are"


def _old_gradients(change: float) -> Iterator[Finding]:
    if change > 0.05:
        yield Finding(
            kind="zero_grad",
            sentence=f"old gradients are still there in the next step (they change its gradient by {change:.0%})",
            remedy="call optimizer.zero_grad() once per step",
        )


def _learning(tiny_set: str, overfit: Overfit, swept: Sequence[float]) -> Iterator[Finding]:
    """The tip itself: a tiny set must be learnt by heart; if not, is it the rate, or is it something else?"""
    asked, last = overfit.attempts[0], overfit.attempts[-1]
    if asked.learnt:
        # a tenth of it does as well without
        if asked.wild and last.learnt and not last.wild and last.steps <= asked.steps:
            yield _detour(tiny_set, asked, last, swept)
        return
    what = f"{tiny_set} are not learnt by heart in {STEPS} steps"
    if last.learnt and not last.rescue:
        yield _rate(what, overfit, swept)
    elif last.learnt:
        yield Finding(
            kind="slow",
            sentence=f"{what} at the rate {asked.rate:.3g}, but with Adam they are: the network can, but learns slowly",
            remedy="expect a long plateau; a higher rate, other activations or batch normalisation shorten it",
            wrong=False,
        )
    else:
        yield Finding(
            kind="overfit",
            sentence=f"{what}, at no rate, nor with Adam (best: {overfit.best.accuracy:.0%} {overfit.measure})",
            remedy="the code or the architecture is at fault: check what the loader gives, then each layer's size",
        )


def _detour(tiny_set: str, asked: Attempt, works: Attempt, swept: Sequence[float]) -> Finding:
    """Learnt in spite of a rate that throws the network far off first."""
    covered, remedy = _lower(works, swept)
    return Finding(
        kind="rate",
        sentence=(
            f"at the rate {asked.rate:.3g} the loss shoots up from {asked.first_loss:.3g} to {asked.highest_loss:.3g}, "
            f"and {tiny_set} are learnt by heart in {asked.steps} steps; at {works.rate:.3g} in {works.steps}: "
            "the rate is too high"
        ),
        remedy=remedy,
        wrong=not covered,
    )


def _rate(what: str, overfit: Overfit, swept: Sequence[float]) -> Finding:
    asked, works = overfit.attempts[0], overfit.attempts[-1]
    covered, remedy = _lower(works, swept)
    nearly = asked.accuracy >= 0.8
    return Finding(
        kind="rate",
        sentence=(
            f"{what} at the rate {asked.rate:.3g} ({asked.accuracy:.0%} {overfit.measure}), but at {works.rate:.3g} "
            f"they are: the rate is {'a little ' if nearly else ''}too high"
        ),
        remedy=remedy,
        wrong=not covered and not nearly,
    )


def _lower(works: Attempt, swept: Sequence[float]) -> tuple[bool, str]:
    """Whether the ablation tries a rate as low as the one that works, and what else to do."""
    covered = [rate for rate in swept if rate <= works.rate * 1.001]
    if covered:
        return True, f"none needed: the ablation's sweep tries {max(covered):.3g} as well"
    return False, f"lower optimizer.lr to {works.rate:.3g} or so"
