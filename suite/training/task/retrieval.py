"""Examples of the same class are to be found among all others by the nearness of their embeddings.

Recall at 1 and mean average precision at R: Musgrave et al., A Metric Learning Reality Check (2020), section 3.2.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal, NamedTuple

import torch
from torch import Tensor

from suite.training.embeddings import embedded
from suite.training.jackknife import clustered
from suite.training.task import Answer

_TEMPERATURE = 0.1
"""Of the loss of held-out examples: Wu et al., Improving Generalization via Scalable Neighborhood Component Analysis
(2018), which has 0.05 to 0.1."""
_BLOCK = 1024
_ALIKE = 0.95
"""Mean cosine between examples of different classes from which on the embeddings have collapsed to a point."""


@dataclass(frozen=True)
class Retrieval:
    """An embedder's output (n, 64 + ...) against labels (n,)."""

    metric_name: Literal["map_at_r", "recall_at_1"]
    tally_every = 8

    def tally(self, outputs: Tensor, targets: Tensor) -> Tensor:
        """Embedding and label: float32 (n, 65)."""
        return torch.cat([embedded(outputs), targets[:, None].float()], dim=1)

    def metrics(self, tallies: Tensor, loss: float) -> dict[str, float]:
        """Of every example among all others. With a loss of its own: classes never seen have none in training's terms.

        It is that of neighbourhood component analysis (Goldberger et al., 2004), in nats: how improbable it is that an
        example's neighbour, drawn the more likely the nearer it is, is of its class. `collapsed` is 1 if all
        embeddings are about the same, zero or of one direction (Schroff et al., FaceNet, 2015, section 3.2), else 0.
        """
        zero = torch.linalg.vector_norm(tallies[:, :-1], dim=1) < 0.5  # others are of length 1
        near = _neighbours(tallies)
        _neighbours.cache_clear()
        return {
            "recall_at_1": float(near.nearest_right.mean()),
            "map_at_r": float(near.precision_at_r.mean()),
            "loss": float(near.loss.nanmean()),
            "collapsed": float(near.cosine_of_others.nanmean() > _ALIKE or zero.float().mean() > _ALIKE),
        }

    def per_example(self, tallies: Tensor) -> dict[str, Tensor]:
        """What each example's class finds, float64 (n,): classes are what another test set would have others of."""
        near, labels = _neighbours(tallies), tallies[:, -1]
        return {
            "recall_at_1": clustered(near.nearest_right, labels),
            "map_at_r": clustered(near.precision_at_r, labels),
        }

    def answers(self, outputs: Tensor, targets: Tensor, classes: Sequence[str]) -> list[Answer]:
        """None."""
        return []


def build(*, metric: Literal["map_at_r", "recall_at_1"] = "map_at_r") -> Retrieval:
    """`metric` is what curves show, and what settings and epochs are selected by."""
    return Retrieval(metric)


class _Neighbours(NamedTuple):
    """What each of n examples finds among the others, (n,) each."""

    nearest_right: Tensor
    """Whether the nearest one is of its class: 0 or 1, float64."""
    precision_at_r: Tensor
    """Of the R nearest, R being how many there are of its class: the precision up to each one that is right, summed and
    divided by R. float64."""
    loss: Tensor
    """In nats; NaN where there is none of its class."""
    cosine_of_others: Tensor
    """The mean over those of other classes; NaN where there are none."""


@lru_cache(maxsize=1)  # a tensor is its own key: `per_example` finds them, `metrics` asks again and lets go
def _neighbours(tallies: Tensor) -> _Neighbours:
    """Block by block: of all pairs at once there may be too many for the memory."""
    vectors, labels = tallies[:, :-1], tallies[:, -1]
    places = torch.arange(len(tallies), device=tallies.device)
    parts = [_block(vectors, labels, rows) for rows in torch.split(places, _BLOCK)]
    return _Neighbours(*(torch.cat(columns) for columns in zip(*parts, strict=True)))


def _block(vectors: Tensor, labels: Tensor, rows: Tensor) -> _Neighbours:
    cosines = vectors[rows] @ vectors.T
    same = labels[rows, None] == labels
    itself = torch.zeros_like(same).scatter_(1, rows[:, None], value=True)
    others = same & ~itself
    relevant = others.sum(dim=1)
    most = max(1, min(int(relevant.max()), len(vectors) - 1))
    right = others.gather(1, cosines.masked_fill(itself, -2.0).topk(most, dim=1).indices)
    rank = torch.arange(1, most + 1, device=right.device)
    counted = right & (rank <= relevant[:, None])
    precision = (counted.cumsum(dim=1) / rank * counted).sum(dim=1).double() / relevant.clamp_min(1)
    logits = (cosines / _TEMPERATURE).masked_fill(itself, -torch.inf)
    own = logits.masked_fill(~same, -torch.inf).logsumexp(dim=1)
    return _Neighbours(
        nearest_right=right[:, 0].double(),
        precision_at_r=precision,
        loss=torch.where(relevant > 0, logits.logsumexp(dim=1) - own, torch.nan),
        cosine_of_others=cosines.masked_fill(same, 0.0).sum(dim=1) / (~same).sum(dim=1),
    )
