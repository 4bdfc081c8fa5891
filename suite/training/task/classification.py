"""One label per example; the metric is accuracy, or macro-F1 where classes are of unequal size.

Macro-F1, the mean of the classes' F1: Sokolova and Lapalme, A Systematic Analysis of Performance Measures (2009).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

from suite.training.task import Answer


@dataclass(frozen=True)
class Classification:
    """Scores of shape (n, classes) against labels of shape (n,)."""

    metric_name: Literal["accuracy", "macro_f1"]
    tally_every = 1

    def tally(self, outputs: Tensor, targets: Tensor) -> Tensor:
        """The class with the highest score and the true one: int64 (n, 2).

        Of scores (n, classes, members) the class with the highest mean.
        """
        predicted = (outputs if outputs.ndim == 2 else outputs.mean(dim=2)).argmax(dim=1)
        return torch.stack([predicted, targets], dim=1)

    def metrics(self, tallies: Tensor, loss: float) -> dict[str, float]:
        """Every metric that a classification has, as fractions."""
        return {
            "accuracy": int((tallies[:, 0] == tallies[:, 1]).sum()) / len(tallies),
            "macro_f1": _macro_f1(tallies[:, 0], tallies[:, 1]),
        }

    def per_example(self, tallies: Tensor) -> dict[str, Tensor]:
        """Which examples are right: bool (n,)."""
        return {"accuracy": tallies[:, 0] == tallies[:, 1]}

    def answers(self, outputs: Tensor, targets: Tensor, classes: Sequence[str]) -> list[Answer]:
        """None."""
        return []


def build(*, metric: Literal["accuracy", "macro_f1"] = "accuracy") -> Classification:
    """`metric` is what curves show, and what settings and epochs are selected by."""
    return Classification(metric)


def _macro_f1(predicted: Tensor, targets: Tensor) -> float:
    """Over the classes that occur, in the labels or among the predictions."""
    classes = int(torch.maximum(predicted.max(), targets.max())) + 1
    right, ours, theirs = (
        torch.bincount(labels, minlength=classes).double()
        for labels in (targets[predicted == targets], predicted, targets)
    )
    occur = ours + theirs > 0
    return float((2 * right[occur] / (ours + theirs)[occur]).mean())
