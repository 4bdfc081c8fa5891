"""Ten anagrams in the fonts that matplotlib ships, bent, cluttered and noisy: as many as one likes, from a seed.

A stand-in for the reading of words in the wild (compare Jaderberg et al., Synthetic Data and Artificial Neural Networks
for Natural Scene Text Recognition, 2014) that needs no download. The images are oblong, and all words have the same
letters: only the order of these along the long side tells the words apart.
"""

import torch
from torch import Tensor
from torch.nn import functional

from suite.training.arguments import NonNegativeFloat, NonNegativeInt, PositiveInt
from suite.training.data.glyphs import FONTS, between, photographed, templates
from suite.training.data_cache import Dataset
from suite.training.fetch import Fetch

WORDS = ("LEAST", "LEATS", "SETAL", "SLATE", "STALE", "STEAL", "STELA", "TAELS", "TALES", "TEALS")
_ASPECT = 3
"""Width over height."""
_TEMPLATE = 48
_CHUNK = 4000


def build(
    fetch: Fetch,
    *,
    pool_examples: PositiveInt = 4000,
    test_examples: PositiveInt = 10_000,
    pixels: PositiveInt = 12,
    noise: NonNegativeFloat = 0.08,
    seed: NonNegativeInt = 0,
) -> Dataset:
    """Images of `pixels` x 3 `pixels`, grey. `noise` is the standard deviation in units of full contrast."""
    words = templates(WORDS, height=_TEMPLATE, width=_ASPECT * _TEMPLATE, size=36)
    generator = torch.Generator().manual_seed(seed)
    count = pool_examples + test_examples
    targets = torch.arange(count) % len(WORDS)
    targets = targets[torch.randperm(count, generator=generator)]
    chunks = [_drawn(words, part, pixels, noise, generator) for part in torch.split(targets, _CHUNK)]
    inputs = torch.cat(chunks)
    return Dataset(
        inputs[:pool_examples], targets[:pool_examples], inputs[pool_examples:], targets[pool_examples:], WORDS
    )


def _drawn(words: Tensor, targets: Tensor, pixels: int, noise: float, generator: torch.Generator) -> Tensor:
    """uint8 (n, pixels, 3 pixels, 1): the word, pieces of one beside it and one above or below, uneven light, noise."""
    n = len(targets)
    image = _warped(words, targets, pixels, torch.zeros(n, 2), generator)
    for away in (torch.tensor([1.75, 0.0]), torch.tensor([0.0, 1.5])):
        others = torch.randint(0, len(WORDS), (n,), generator=generator)
        side = 2.0 * torch.randint(0, 2, (n, 1), generator=generator) - 1
        image = torch.maximum(image, 0.8 * _warped(words, others, pixels, side * away, generator))
    return photographed(image, noise, generator)


def _warped(words: Tensor, targets: Tensor, pixels: int, away: Tensor, generator: torch.Generator) -> Tensor:
    """(n, pixels, 3 pixels): each word in a random font under a random affine map.

    `away` (n, 2) moves it off the centre, in half widths and half heights.
    """
    n = len(targets)
    fonts = torch.randint(0, len(FONTS), (n,), generator=generator)
    angle = between(-0.1, 0.1, (n,), generator)
    zoom = between(0.85, 1.2, (n,), generator)
    stretch = between(0.85, 1.2, (n,), generator)
    shear = between(-0.3, 0.3, (n,), generator)
    cosine, sine = torch.cos(angle), torch.sin(angle)
    # columns count in half widths and rows in half heights: turned without the aspect, letters would lose their shape
    rows = [stretch * cosine, (shear * cosine - sine) / _ASPECT, stretch * sine * _ASPECT, shear * sine + cosine]
    shift = between(-0.15, 0.15, (n, 2), generator) + away
    matrix = torch.cat([(zoom[:, None] * torch.stack(rows, 1)).view(n, 2, 2), shift[:, :, None]], 2)
    grid = functional.affine_grid(matrix, [n, 1, pixels, _ASPECT * pixels], align_corners=False)
    return functional.grid_sample(words[fonts, targets][:, None], grid, align_corners=False)[:, 0]
