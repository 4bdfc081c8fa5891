"""Rows of five garments from Fashion-MNIST, 14x70 grey; the label is the kind of which there are two.

Photographs: Xiao et al. (2017), https://arxiv.org/abs/1708.07747, MIT. Real images that are oblong, and whose label no
part shows that is as wide as high.
"""

import torch
from torch import Tensor
from torch.nn import functional

from suite.training.arguments import NonNegativeInt, PositiveInt
from suite.training.data import fashion_mnist
from suite.training.data_cache import Dataset
from suite.training.fetch import Fetch

_GARMENTS = 5


def build(
    fetch: Fetch,
    *,
    pool_examples: PositiveInt = 60_000,
    test_examples: PositiveInt = 10_000,
    seed: NonNegativeInt = 0,
) -> Dataset:
    """Training rows of training photographs, test rows of test photographs; each is in five rows on average.

    Rows are told apart for validation, not photographs: what is validated on has garments that were trained on, what is
    tested on has not.
    """
    photographs = fashion_mnist.build(fetch)
    generator = torch.Generator().manual_seed(seed)
    inputs, targets = in_rows(photographs.inputs, photographs.targets, pool_examples, generator)
    test_inputs, test_targets = in_rows(photographs.test_inputs, photographs.test_targets, test_examples, generator)
    return Dataset(inputs, targets, test_inputs, test_targets, photographs.classes)


def in_rows(images: Tensor, kinds: Tensor, count: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """uint8 (count, H / 2, 5 W / 2, 1) and labels (count,), from `images` (N, H, W, 1) of `kinds` (N,)."""
    classes = int(kinds.max()) + 1
    chosen = torch.rand(count, classes, generator=generator).argsort(1)[:, : _GARMENTS - 1]  # four kinds
    places = torch.rand(count, _GARMENTS, generator=generator).argsort(1)
    wanted = torch.cat([chosen[:, :1], chosen], 1).gather(1, places)
    photographs = torch.empty_like(wanted)
    for kind in range(classes):
        known = (kinds == kind).nonzero()[:, 0]
        asked = wanted == kind
        photographs[asked] = known[torch.randint(0, len(known), (int(asked.sum()),), generator=generator)]
    half = functional.avg_pool2d(images[..., 0].float()[:, None], 2).round().to(torch.uint8)[:, 0]
    rows = half[photographs].permute(0, 2, 1, 3)  # the garments beside one another
    return rows.reshape(count, half.shape[1], -1, 1).contiguous(), chosen[:, 0].clone()
