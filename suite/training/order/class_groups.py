"""Several examples of a class side by side, in random order otherwise: batches in which triplets can be found.

Schroff et al., FaceNet (2015), section 3.2; the sampler "m per class" of PyTorch Metric Learning.
"""

import torch
from torch import Tensor

from suite.training.arguments import PositiveInt
from suite.training.batches import Order
from suite.training.examples import Examples


def build(examples: Examples, rows: Tensor, batch_size: int, *, per_class: PositiveInt = 4) -> Order:
    """Every example once: in groups of `per_class` of one class, drawn anew for every epoch; its last may be smaller.

    That stands anywhere: at an epoch's end, what is left over of all classes would make batches with hardly a pair.
    """
    members = [(examples.targets == label).nonzero()[:, 0] for label in torch.unique(examples.targets)]

    def epoch(generator: torch.Generator) -> Tensor:
        groups: list[Tensor] = []
        for places in members:
            groups += places[torch.randperm(len(places), generator=generator)].split(per_class)
        order = torch.randperm(len(groups), generator=generator)
        return torch.cat([groups[place] for place in order.tolist()])

    return Order(epoch)
