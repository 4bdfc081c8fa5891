"""Omniglot: 1,623 characters of 50 alphabets, each drawn by 20 people. Test alphabets are never seen in training.

Lake et al., Human-level concept learning through probabilistic program induction (2015), MIT licence. 964 characters of
30 background alphabets to train on, 659 of 20 evaluation alphabets to test on. One background drawing occurs twice.
"""

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from suite.training.arguments import PositiveInt
from suite.training.data_cache import Dataset
from suite.training.fetch import Fetch

_PARTS = {"background": "042c0a3e1688c4f4dc9d7213db63ee80", "evaluation": "a6277b6770b9241c6906fa797456e652"}
_URL = "https://github.com/bitsandscraps/omniglot/raw/b0481240b7eb/"


def build(fetch: Fetch, *, pixels: PositiveInt = 28) -> Dataset:
    """Drawings of `pixels` x `pixels`, ink bright on black, in the order of their characters."""
    parts = []
    for part, md5 in _PARTS.items():
        name = f"images_{part}.npz"
        path = fetch.file((f"omniglot/{name}", name), md5=md5, urls=[_URL + name])
        with np.load(path, allow_pickle=False) as arrays:
            parts.append(_small(torch.from_numpy(~arrays["images"]), pixels))
    (background, evaluation), counts = parts, [len(part) for part in parts]
    each = background.shape[1]
    seen, unseen = (torch.arange(count).repeat_interleave(each) for count in counts)
    classes = tuple(f"{part} {row}" for part, count in zip(_PARTS, counts, strict=True) for row in range(count))
    return Dataset(background.flatten(0, 1), seen, evaluation.flatten(0, 1), unseen + counts[0], classes)


def _small(ink: Tensor, pixels: int) -> Tensor:
    """Bool (characters, 20, 105, 105) to uint8 (characters, 20, pixels, pixels, 1)."""
    rows = [functional.interpolate(row[:, None].float(), (pixels, pixels), mode="area") for row in ink]
    return (255 * torch.stack(rows)).round().to(torch.uint8).permute(0, 1, 3, 4, 2)
