"""A text is continued: at every place the next symbol is predicted from those before it.

Perplexity and bits per symbol: Jelinek et al., Perplexity — a measure of the difficulty of speech recognition tasks
(1977). The loss must be the cross-entropy.
"""

import math
from collections.abc import Sequence

from torch import Tensor

from suite.training.task import Answer


class Continuation:
    """Scores of shape (n, T, symbols) against symbols of shape (n, T)."""

    metric_name = "inverse_perplexity"
    """The geometric mean of the probabilities that the true symbols were given: what perplexity is the inverse of."""

    tally_every = 1000
    """The metric that training shows follows from the loss: no number needs the most probable symbol of every batch."""

    def tally(self, outputs: Tensor, targets: Tensor) -> Tensor:
        """Where the most probable symbol is the true one: bool (n, T)."""
        return outputs.argmax(dim=2) == targets

    def metrics(self, tallies: Tensor, loss: float) -> dict[str, float]:
        """`loss` is the mean over the places, in nats."""
        return {
            "inverse_perplexity": math.exp(-loss),
            "perplexity": math.exp(min(loss, 700.0)),  # of a loss beyond that no floating-point number is the power
            "bits_per_symbol": loss / math.log(2),
            "accuracy": int(tallies.sum()) / tallies.numel(),
        }

    def per_example(self, tallies: Tensor) -> dict[str, Tensor]:
        """Which places are right: bool (n, T)."""
        return {"accuracy": tallies}

    def answers(self, outputs: Tensor, targets: Tensor, classes: Sequence[str]) -> list[Answer]:
        """None."""
        return []


def build() -> Continuation:
    """Has no settings."""
    return Continuation()
