"""From measurements to findings: what is wrong, in a sentence, and what to do about it. The only place with thresholds.

A symptom that a found cause explains is told, but not as a fault of its own: repair the cause and check again.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from suite.training.inspect_data import DataFacts
from suite.training.inspect_model import Layer, LossFacts, ModelFacts
from suite.training.overfit import STEPS, Attempt, Overfit

_SYMPTOMS = ("confident_start", "exploding", "rate", "overfit")
_CAUSES = (
    "not_finite", "input_scale", "label_range", "loss_axis", "loss_sum", "loss_squashed", "output_size",
    "frozen", "no_gradient", "not_moving", "zero_grad",
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One thing worth knowing. `wrong` says whether it is a fault or only a remark."""

    kind: str
    sentence: str
    remedy: str
    wrong: bool = True


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
    found = [*_data(measured.data), *_labels(measured), *_model(measured)]
    found += [*_gradients(measured.model, meant=measured.freezing_meant), *_old_gradients(measured.old_gradients)]
    if measured.overfit is not None:
        found += _learning(measured.overfit, measured.swept_rates)
    causes = [finding.kind for finding in found if finding.wrong and finding.kind in _CAUSES]
    return tuple(_explained(finding) if causes and finding.kind in _SYMPTOMS else finding for finding in found)


def _explained(finding: Finding) -> Finding:
    return replace(finding, wrong=False, remedy="probably a consequence of the above: repair that, then check again")


def _data(data: DataFacts) -> Iterator[Finding]:
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
    if abs(data.mean) > 3 or data.deviation > 5 or data.deviation < 0.02:
        yield Finding(
            kind="input_scale",
            sentence=(
                f"the inputs are not normalised: {data.low:.4g} to {data.high:.4g}, mean {data.mean:.3g}, standard "
                f"deviation {data.deviation:.3g}"
            ),
            remedy="subtract the mean and divide by the standard deviation (preprocess: standardize)",
        )
    if data.batch_shape[0] >= 8 and data.batch_classes < 0.5 * data.batch_expected:
        yield Finding(
            kind="order",
            sentence=(
                f"the first batch of {data.batch_shape[0]} holds {data.batch_classes} classes, at random it would hold "
                f"about {data.batch_expected:.0f}: the examples are not shuffled"
            ),
            remedy="shuffle in every epoch (order: shuffled)",
        )


def _labels(measured: Measured) -> Iterator[Finding]:
    """Shifted if another row's labels fit far better; unrelated if neither neighbours nor training finds a link."""
    data, own = measured.data, measured.data.agreement
    if data.shift and data.shift_agreement.share > own.share + 6 * own.deviation:
        where = (
            f"{abs(data.shift)} row{'s' * (abs(data.shift) > 1)} {'further down' if data.shift > 0 else 'further up'}"
        )
        yield Finding(
            kind="labels",
            sentence=(
                f"labels do not go with their inputs: they are shifted (images that look alike share a label in "
                f"{own.share:.0%} of cases, but in {data.shift_agreement.share:.0%} if each takes the label {where})"
            ),
            remedy="find where inputs and labels are read or sorted apart; look at the picture grid",
        )
    elif own.z < 4 and not _generalises(measured.overfit, own.chance):
        yield Finding(
            kind="labels",
            sentence=(
                f"labels do not go with their inputs: images that look alike share a label in {own.share:.0%} of cases "
                f"(chance: {own.chance:.0%}), and what is learnt does not carry over to other examples"
            ),
            remedy="look at the picture grid: are inputs and labels in the same order, shuffled together?",
        )


def _generalises(overfit: Overfit | None, chance: float) -> bool:
    """Examples not trained on are recognised above chance."""
    if overfit is None or not overfit.held_examples:
        return False
    deviation = math.sqrt(chance * (1 - chance) / overfit.held_examples)
    return overfit.best.held_accuracy > chance + 4 * deviation


def _model(measured: Measured) -> Iterator[Finding]:
    model, classes = measured.model, measured.classes
    if model.problem:
        yield Finding(
            kind="does_not_run",
            sentence=f"the network cannot be trained for a single step: {model.problem}",
            remedy="compare the layers' sizes with the shape of the batch",
        )
        return
    if model.output != (classes,):
        yield Finding(
            kind="output_size",
            sentence=f"the network gives scores of shape {model.output} per example, not ({classes},): one per class",
            remedy="give the last layer as many outputs as there are classes",
        )
    assert model.loss is not None
    yield from _loss(model.loss)
    if not model.first_loss <= 2 * model.loss.even + 1:
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
            remedy="call model.eval() before evaluation, so that dropout and batch normalisation stand still",
        )


def _loss(loss: LossFacts) -> Iterator[Finding]:
    if abs(loss.together - loss.alone) > 1e-3 * (1 + abs(loss.alone)):
        ratio = loss.together / loss.alone if loss.alone else math.inf
        if ratio > 5 and math.isfinite(ratio):
            yield Finding(
                kind="loss_sum",
                sentence=f"the loss grows with the batch: {loss.alone:.3g} for one, {loss.together:.3g} for all",
                remedy="average over the examples instead of adding up (reduction='mean')",
            )
        else:
            yield Finding(
                kind="loss_axis",
                sentence=(
                    f"the loss runs over the wrong axis: {loss.together:.3g} for a batch, but {loss.alone:.3g} on "
                    "average for its examples one by one; examples of a batch compete instead of classes"
                ),
                remedy="take softmax and loss over the axis of the classes (dim=1 of scores of shape (n, classes))",
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


def _learning(overfit: Overfit, swept: Sequence[float]) -> Iterator[Finding]:
    """The tip itself: a tiny set must be learnt by heart; if not, is it the rate, or is it something else?"""
    asked, last = overfit.attempts[0], overfit.attempts[-1]
    if asked.learnt:
        return
    what = f"{overfit.examples} examples are not learnt by heart in {STEPS} steps"
    if last.learnt and not last.rescue:
        yield _rate(what, asked, last, swept)
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
            sentence=f"{what}, at no rate, nor with Adam (best: {overfit.best.accuracy:.0%} right)",
            remedy="the code or the architecture is at fault: check what the loader gives, then each layer's size",
        )


def _rate(what: str, asked: Attempt, works: Attempt, swept: Sequence[float]) -> Finding:
    covered = [rate for rate in swept if rate <= works.rate * 1.001]
    nearly = asked.accuracy >= 0.8
    remedy = f"lower optimizer.lr to {works.rate:.3g} or so"
    if covered:
        remedy = f"none needed: the ablation's sweep tries {max(covered):.3g} as well"
    return Finding(
        kind="rate",
        sentence=(
            f"{what} at the rate {asked.rate:.3g} ({asked.accuracy:.0%} right), but at {works.rate:.3g} they are: "
            f"the rate is {'a little ' if nearly else ''}too high"
        ),
        remedy=remedy,
        wrong=not covered and not nearly,
    )
