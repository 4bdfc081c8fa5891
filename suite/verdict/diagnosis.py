"""What a run's loss curves look like: normal, or one of the known faults (docs/diagnosis.md: how often that is right).

Karpathy, A recipe for training neural networks (2019); Goodfellow, Bengio, Courville, Deep Learning (2016), 5.2 and
11.4; Prechelt, Early stopping - but when? (1998); Google, Machine Learning Crash Course, Interpreting loss curves.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np

from suite.trial_result import EpochRecord, Settings, TrialResult
from suite.verdict.units import Floats

Kind = Literal[
    "diverged", "suspected data fault", "rate too high", "leak suspected", "overfitting", "plateau", "underfitting",
    "too short", "healthy",
]  # fmt: skip
"""Worst first."""
ABNORMAL: tuple[Kind, ...] = (
    "diverged", "suspected data fault", "rate too high", "leak suspected", "plateau", "underfitting",
)  # fmt: skip
"""What the tip would take for a fault: all but a rise of the validation loss, which it calls normal. Claims about
`abnormal_curve` count these."""

MIN_EPOCHS = 4
"""Fewer epochs are no curve."""
EXPLODED = 10.0
"""A training loss this many times that of chance is a divergence in finite numbers if the run ends at chance, and comes
of too high a rate if it does not."""
SIGMAS = 2.0
"""An accuracy above chance, a rise of the validation loss count from this many standard errors on."""
STEADY = 0.8
"""Net fall over the sum of all ups and downs: 1 for a curve that only falls, about 0 for one that hovers."""
JUMP = 0.15
"""A rise of the training loss above its lowest so far, as a share of the loss of chance, that is more than jitter."""
JITTER = 0.003
"""Scatter of the validation loss of a run at chance, as a share of the loss of chance, that comes of large steps."""
RISE = 0.1
"""A rise of the validation loss, as a share of its lowest value, that is worth acting on if it is not noise."""
HIGH = 0.5
"""A training loss that ends above this share of the loss of chance is high: the training examples were not learnt."""
MEMORISED = 0.15
"""Below this share of the loss of chance a network knows its training examples better than new ones."""
NO_GAP = 0.1
"""A validation loss at most this share above such a training loss is none for examples that were never trained on."""
EXCUSED = 0.5
"""With dropout or augmentation the training loss is that of a harder task: only a validation loss below this share of
it counts as better."""
MOST_CLASSES = 1000
"""Where the number of classes is not known."""
FLAT = 0.05
"""A fall of the training loss over the last third, as a share of its whole fall, that is no progress any more."""


@dataclass(frozen=True, kw_only=True)
class Diagnosis:
    """What the curves look like, and where."""

    kind: Kind
    epoch: int | None
    """Overfitting: the epoch of the lowest validation loss. Diverged, rate too high: where the loss jumped, if it
    did."""
    sentence: str


def diagnose(result: TrialResult) -> Diagnosis:
    """Reads the epochs' records, the settings and the number of classes; the first rule that holds names the kind."""
    epochs = [record for record in result.epochs if math.isfinite(record.train_loss) and math.isfinite(record.val_loss)]
    if result.status == "diverged" or len(epochs) < len(result.epochs):
        at = epochs[-1].epoch + 1 if epochs else 1
        return Diagnosis(kind="diverged", epoch=at, sentence=f"The loss was no longer a finite number in epoch {at}.")
    if len(epochs) < MIN_EPOCHS:
        return Diagnosis(kind="too short", epoch=None, sentence=f"{len(epochs)} epochs are too few to judge a curve.")
    curves = _Curves(epochs, result)
    if result.metric_name not in _SHARES_OF_RIGHT:
        rules = _ANY_LOSS
    else:
        rules = _AT_CHANCE if curves.is_at_chance else _LEARNING
    return next(found for rule in rules if (found := rule(curves)))


class _Curves:
    """The curves as arrays of shape (epochs,), and what the rules ask of them."""

    def __init__(self, epochs: Sequence[EpochRecord], result: TrialResult) -> None:
        self.epochs = [record.epoch for record in epochs]
        self.train: Floats = np.array([record.train_loss for record in epochs])
        self.val: Floats = np.array([record.val_loss for record in epochs])
        self.val_metric: Floats = np.array([record.val_metric for record in epochs])
        classes = result.measurements.get("classes", 0.0)
        told = classes > 1 and result.settings.get("loss") == "cross_entropy"
        self.chance = math.log(classes) if told else _guessed(self)
        self.examples = _count(result.settings.get("engine.validation_examples"))
        self.is_excused = _is_regularised(result.settings)

    @cached_property
    def is_at_chance(self) -> bool:
        """The validation metric of the last third is no better than guessing."""
        share = math.exp(-self.chance)
        error = math.sqrt(share * (1 - share) / self.examples)
        return end(self.val_metric) <= share + SIGMAS * error

    @cached_property
    def jump(self) -> tuple[float, int]:
        """The largest rise of the training loss above its lowest so far, and where."""
        rises = self.train[1:] - np.minimum.accumulate(self.train)[:-1]
        return float(rises.max()), int(rises.argmax()) + 1


def end(curve: Floats) -> float:
    """The level on which a curve ends: the median of its last third."""
    return float(np.median(curve[-max(2, len(curve) // 3) :]))


def steadiness(curve: Floats) -> float:
    """Net fall over the sum of all ups and downs: 1 for a curve that only falls, -1 for one that only rises."""
    travelled = float(np.abs(np.diff(curve)).sum())
    return float(curve[0] - curve[-1]) / travelled if travelled else 0.0


def falls_steadily(curve: Floats) -> bool:
    """From the first epoch to the last, and over the last two thirds alone."""
    return min(steadiness(curve), steadiness(curve[len(curve) // 3 :])) >= STEADY


def scatter(curve: Floats) -> float:
    """Standard deviation from epoch to epoch about a straight line, over the second half (six values at least).

    Second differences of independent noise have six times its variance; the median keeps single jumps out.
    """
    bends = np.abs(np.diff(curve[-max(6, len(curve) // 2) :], 2))
    return float(np.median(bends)) / (0.6745 * math.sqrt(6))


def _guessed(curves: _Curves) -> float:
    """The loss of guessing, where it is not ln(classes) or nobody said among how many.

    The training loss of the first epoch; where the loss exploded, from the accuracy.

    A run that guesses among k classes is right in one case of k; k is taken to be between two and a thousand.
    """
    from_metric = -math.log(max(end(curves.val_metric), 1 / MOST_CLASSES))
    exploded = end(curves.val) > EXPLODED * max(from_metric, math.log(2))
    return max(
        from_metric if exploded else min(float(curves.train[0]), math.log(MOST_CLASSES)), math.log(2) / 2
    )  # half: some is learnt in an epoch


def _exploded(curves: _Curves) -> Diagnosis | None:
    if curves.train.max() <= EXPLODED * curves.chance:
        return None
    at = curves.epochs[int(curves.train.argmax())]
    sentence = f"The training loss exploded to {curves.train.max():.3g} in epoch {at} and nothing was learnt."
    return Diagnosis(kind="diverged", epoch=at, sentence=sentence)


def _not_begun(curves: _Curves) -> Diagnosis | None:
    """The validation set is the same in every epoch: a smooth fall, however small, is no noise."""
    if not falls_steadily(curves.val):
        return None
    level = f"The loss falls evenly but has only come to {curves.val[-1]:.3g}, that of guessing"
    sentence = f"{level}: the learning rate is too low or the training too short."
    return Diagnosis(kind="underfitting", epoch=None, sentence=sentence)


def _memorised(curves: _Curves) -> Diagnosis | None:
    if not falls_steadily(curves.train) or end(curves.train) >= end(curves.val):
        return None
    seen = f"The training loss falls to {curves.train[-1]:.3g} but validation stays at guessing ({curves.val[-1]:.3g})"
    sentence = f"{seen}: labels that do not go with their inputs look like this."
    return Diagnosis(kind="suspected data fault", epoch=None, sentence=sentence)


def _hovers(curves: _Curves) -> Diagnosis | None:
    jitters = max(scatter(curves.val) / JITTER, curves.jump[0] / JUMP) > curves.chance
    if not jitters and end(curves.train) <= curves.chance:
        return None
    at = curves.epochs[curves.jump[1]]
    sentence = f"The loss hovers at that of guessing ({end(curves.train):.3g}): steps too large to learn anything."
    return Diagnosis(kind="rate too high", epoch=at, sentence=sentence)


def _nothing_to_learn(curves: _Curves) -> Diagnosis | None:
    settled = f"Both losses settled at that of guessing ({end(curves.val):.3g})"
    sentence = f"{settled}: the inputs say nothing about the labels, or the network is dead."
    return Diagnosis(kind="suspected data fault", epoch=None, sentence=sentence)


def _jumps(curves: _Curves) -> Diagnosis | None:
    rise, where = curves.jump
    hovers = end(curves.train) > HIGH * curves.chance and steadiness(curves.train) < STEADY / 2
    if rise <= JUMP * curves.chance and not hovers:
        return None
    at = curves.epochs[where]
    seen = f"jumped up by {rise:.2g} in epoch {at}"
    if rise <= JUMP * curves.chance:
        seen = f"stays around {end(curves.train):.3g} and goes up and down more than it falls"
    sentence = f"The training loss {seen}: the learning rate looks too high."
    return Diagnosis(kind="rate too high", epoch=at, sentence=sentence)


def _above_guessing(curves: _Curves) -> Diagnosis | None:
    """A network that has learnt something and whose loss is above that of guessing is too sure of what is wrong."""
    level = end(curves.train)
    if (
        curves.is_excused
        or level <= curves.chance
        or (level <= EXPLODED * curves.chance and falls_steadily(curves.train))
    ):
        return None
    seen = f"The training loss ends at {level:.3g}, above that of guessing ({curves.chance:.3g})"
    sentence = f"{seen}, though validation does better than guessing: the learning rate looks too high."
    return Diagnosis(kind="rate too high", epoch=None, sentence=sentence)


def _leak(curves: _Curves) -> Diagnosis | None:
    """Over the second half. A training loss, its epoch's mean, is half an epoch older than the validation loss."""
    if end(curves.train) > MEMORISED * curves.chance:
        return None
    same_time = np.append((curves.train[1:] + curves.train[:-1]) / 2, curves.train[-1])
    late = len(curves.train) // 2
    share = float(np.median(curves.val[late:] / np.maximum(same_time[late:], 1e-12)))
    if share > (EXCUSED if curves.is_excused else 1 + NO_GAP):
        return None
    seen = f"The validation loss ({curves.val[-1]:.3g}) is as low as the training loss ({curves.train[-1]:.3g})"
    sentence = f"{seen}: are validation examples among those trained on?"
    return Diagnosis(kind="leak suspected", epoch=None, sentence=sentence)


def _overfits(curves: _Curves) -> Diagnosis | None:
    """A rise beyond RISE and beyond the noise; the lowest value is one of medians of three, not a lucky epoch.

    Noise: the scatter of the curve's end, and that of a mean over few examples. The loss is mostly that of the m
    examples that are wrong, with a relative error of about 1 / sqrt(m); half of it is left between epochs on the same
    examples.
    """
    smooth = np.median(np.lib.stride_tricks.sliding_window_view(curves.val, 3), axis=1)
    low, level = float(smooth.min()), end(curves.val)
    wrong = max(1.0, curves.examples * (1 - end(curves.val_metric)))
    noise = math.hypot(scatter(curves.val), low / math.sqrt(wrong) / 2)
    if level - low <= max(RISE * low, SIGMAS * noise):
        return None
    best = int(curves.val.argmin())
    at = curves.epochs[best]
    seen = f"The validation loss is lowest in epoch {at} ({curves.val[best]:.3g}) and rises to {level:.3g}"
    if end(curves.val_metric) > curves.val_metric[best]:
        advice = "what is right still becomes more: the network grows too sure of itself, not worse"
    else:
        advice = f"keep the weights of epoch {at}"
    return Diagnosis(kind="overfitting", epoch=at, sentence=f"{seen}: {advice}.")


def _stays_high(curves: _Curves) -> Diagnosis | None:
    level = float(curves.train[-1])
    if level <= HIGH * curves.chance:
        return None
    before = -max(2, len(curves.train) // 3) - 1
    if curves.train[before] - level <= FLAT * (curves.train[0] - level):
        sentence = (
            f"The training loss stopped falling at {level:.3g}, a high level: noisy labels, or too small a model."
        )
        return Diagnosis(kind="plateau", epoch=curves.epochs[before], sentence=sentence)
    sentence = f"The training loss is still {level:.3g} and falling: too short, too low a rate, or noisy labels."
    return Diagnosis(kind="underfitting", epoch=None, sentence=sentence)


def _healthy(curves: _Curves) -> Diagnosis | None:
    sentence = f"Both losses fall and settle (training {curves.train[-1]:.3g}, validation {curves.val[-1]:.3g})."
    return Diagnosis(kind="healthy", epoch=None, sentence=sentence)


Rule = Callable[[_Curves], Diagnosis | None]
_AT_CHANCE: tuple[Rule, ...] = (_exploded, _not_begun, _memorised, _hovers, _nothing_to_learn)
_LEARNING: tuple[Rule, ...] = (_jumps, _above_guessing, _leak, _overfits, _stays_high, _healthy)
_ANY_LOSS: tuple[Rule, ...] = (_overfits, _healthy)
_SHARES_OF_RIGHT = ("accuracy", "macro_f1", "inverse_perplexity")
"""Metrics of tasks whose loss is a cross-entropy, with a known value for guessing, in training as in validation."""


def _count(value: object) -> int:
    return value if isinstance(value, int) and value > 0 else 1


def _is_regularised(settings: Settings) -> bool:
    """Dropout or augmentation: the training loss is measured on a harder task than the validation loss."""
    shares = {key: value for key, value in settings.items() if key.rpartition(".")[2].endswith("dropout")}
    dropped = any(
        isinstance(share, int | float) and share > 0 and settings.get(f"{key}_at") != ()
        for key, share in shares.items()
    )
    return dropped or settings.get("augment", "none") != "none"
