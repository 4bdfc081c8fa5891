"""Triplet loss: of three examples the two of one class are to be closer than the one of another, by a margin.

Schroff et al., FaceNet (2015), section 3.1, with embeddings of length 1 and squared distances as there. Loss and mining
are those of the library PyTorch Metric Learning (Musgrave et al., 2020).
"""

from collections.abc import Callable
from typing import Literal

from pytorch_metric_learning.distances import LpDistance
from pytorch_metric_learning.losses import TripletMarginLoss
from pytorch_metric_learning.miners import TripletMarginMiner
from torch import Tensor

from suite.training.arguments import PositiveFloat
from suite.training.embeddings import embedded


def build(
    *, margin: PositiveFloat = 0.2, mining: Literal["all", "semihard", "hard"] = "semihard"
) -> Callable[[Tensor, Tensor], Tensor]:
    """Maps an embedder's output (n, 64 + ...) and labels (n,) to a scalar: the mean over the triplets with a loss.

    `mining` says which triplets of a batch count: "all" that fall short of the margin, those of them in which the
    example of another class is at least the farther one ("semihard"), or in which it is not ("hard"). A batch without
    such triplets has a loss of 0.
    """
    distance = LpDistance(p=2, power=2, normalize_embeddings=False)
    triplets = TripletMarginLoss(margin=margin, distance=distance)
    mine = TripletMarginMiner(margin=margin, type_of_triplets=mining, distance=distance)

    def loss(outputs: Tensor, targets: Tensor) -> Tensor:
        vectors = embedded(outputs)
        found: Tensor = triplets(vectors, targets, mine(vectors.detach(), targets))
        return found

    return loss
