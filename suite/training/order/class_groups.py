"""Several examples of a class side by side, in random order otherwise: batches in which triplets can be found.

Schroff et al., FaceNet (2015), section 3.2; the sampler "m per class" of PyTorch Metric Learning.
"""

import torch
from torch import Tensor

from suite.training.arguments import PositiveInt
from suite.training.batches import Order
from suite.training.examples import Examples


def build(examples: Examples, rows: Tensor, batch_size: int, *, per_class: PositiveInt = 4) -> Order:
    """Every example once: in groups of `per_class` of one class, drawn anew for every epoch; what is left over last.

    That in random order: by class, an epoch would end with batches of few classes.
    """
    members = [(examples.targets == label).nonzero()[:, 0] for label in torch.unique(examples.targets)]

    def epoch(generator: torch.Generator) -> Tensor:
        groups: list[Tensor] = []
        rest: list[Tensor] = []
        for places in members:
            drawn = places[torch.randperm(len(places), generator=generator)]
            whole = len(drawn) // per_class * per_class
            groups += list(drawn[:whole].split(per_class)) if whole else []
            rest.append(drawn[whole:])
        order = torch.randperm(len(groups), generator=generator)
        left = torch.cat(rest)
        left = left[torch.randperm(len(left), generator=generator)]
        return torch.cat([*(groups[place] for place in order.tolist()), left])

    return Order(epoch)
