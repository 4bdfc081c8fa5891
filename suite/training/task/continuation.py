"""A text is continued: at every place the next symbol is predicted from those before it.

Perplexity and bits per symbol: Jelinek et al., Perplexity — a measure of the difficulty of speech recognition tasks
(1977). The loss must be the cross-entropy.
"""

import math

from torch import Tensor


class Continuation:
    """Scores of shape (n, T, symbols) against symbols of shape (n, T)."""

    metric_name = "inverse_perplexity"
    """The geometric mean of the probabilities that the true symbols were given: what perplexity is the inverse of."""

    def predicted(self, outputs: Tensor) -> Tensor:
        """The most probable symbol at each place: int64 (n, T)."""
        return outputs.argmax(dim=2)

    def correct(self, predicted: Tensor, targets: Tensor) -> Tensor:
        """Which places are right: bool (n, T)."""
        return predicted == targets

    def metrics(self, predicted: Tensor, targets: Tensor, loss: float) -> dict[str, float]:
        """`loss` is the mean over the places, in nats."""
        return {
            "inverse_perplexity": math.exp(-loss),
            "perplexity": math.exp(min(loss, 700.0)),  # of a loss beyond that no floating-point number is the power
            "bits_per_symbol": loss / math.log(2),
            "accuracy": int(self.correct(predicted, targets).sum()) / targets.numel(),
        }


def build() -> Continuation:
    """Has no settings."""
    return Continuation()
