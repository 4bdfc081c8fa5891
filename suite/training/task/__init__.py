"""What is learnt: `build(...)` gives a Task, which says what is right and measures it."""

from collections.abc import Sequence
from typing import Protocol

from torch import Tensor

from suite.trial_result import Value

Answer = tuple[Value, Value]
"""What is true of an example and what a network says, for a picture (suite/training/answers.py)."""


class Task(Protocol):
    """From a network's outputs to metrics, by way of a tally: what each example contributes, whatever its size."""

    @property
    def metric_name(self) -> str:
        """What curves show, and what settings and epochs are selected by: a fraction, higher is better."""

    @property
    def tally_every(self) -> int:
        """The training metric is of every so manyth batch: 1 where a tally costs next to nothing."""

    def tally(self, outputs: Tensor, targets: Tensor) -> Tensor:
        """Of a batch of n examples, (n, ...)."""

    def metrics(self, tallies: Tensor, loss: float) -> dict[str, float]:
        """Every metric, over all examples tallied; `loss` is the mean over them.

        With a `loss` among them where another one than the training's is to be told of examples held out.
        """

    def per_example(self, tallies: Tensor) -> dict[str, Tensor]:
        """By metric, each example's part in it, with the metric as mean: the accuracy's are bool (n, ...), of examples
        or of places of a text, all others' are float (n,). Of metrics that are not there the parts are not known.
        """

    def answers(self, outputs: Tensor, targets: Tensor, classes: Sequence[str]) -> list[Answer]:
        """Of each example, on the CPU; none where a picture would not show more than the metrics."""
