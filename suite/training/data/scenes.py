"""Scenes: several letters of widely different size on clutter, with the box or the pixels of each.

A stand-in for detection and segmentation of text in the wild (compare Mishra et al., IIIT 5K-Word, 2012) that needs no
download: made of the fonts that matplotlib ships when the data set is prepared, as `glyphs` is.
"""

import math
from typing import Literal

import torch
from torch import Tensor
from torch.nn import functional

from suite.errors import DataError
from suite.training.arguments import NonNegativeFloat, NonNegativeInt, PositiveFloat, PositiveInt
from suite.training.data.glyphs import FONTS, between, photographed, templates
from suite.training.data_cache import Dataset
from suite.training.fetch import Fetch
from suite.training.targets import VOID, overlap

_TEMPLATE = 48
_INK = 0.4
"""How dark a pixel must be to belong to a letter."""
_CLEARED = 2
"""Pixels around a letter that are made free of clutter."""
_CLUTTER = 3
_MORE_TRIES = 3
"""Beyond one for each letter: some come to lie on others."""
_CHUNK = 500


def build(
    fetch: Fetch,
    *,
    letters: str = "ABEHS",
    annotate: Literal["boxes", "pixels"] = "boxes",
    pool_examples: PositiveInt = 2000,
    test_examples: PositiveInt = 1000,
    pixels: PositiveInt = 64,
    objects: PositiveInt = 6,
    smallest: PositiveFloat = 7.0,
    largest: PositiveFloat = 36.0,
    noise: NonNegativeFloat = 0.06,
    groups: PositiveInt = 1,
    seed: NonNegativeInt = 0,
) -> Dataset:
    """Scenes of `pixels` x `pixels`, grey, with up to `objects` letters that do not overlap.

    A letter's height is drawn log-uniformly from `smallest` to `largest` pixels. Behind them are pieces of letters, of
    no class. Targets are "boxes", tight around each letter's ink, or "pixels": 0 is background, then one class per
    letter. With more than one of `groups` each scene's letters are of one equal part of `letters`: so that a network
    can be trained on the scenes of some letters and fine-tuned on those of others.

    Raises DataError if a letter comes twice, the letters cannot be dealt out to the groups, or a size is impossible.
    """
    if len(set(letters)) < max(2, len(letters)) or len(letters) % groups:
        raise DataError(
            f"data.letters {letters!r}: at least two letters, none of them twice, and equally many per group"
        )
    if not smallest <= largest <= pixels:
        raise DataError(f"data.smallest {smallest}, data.largest {largest}: in that order, and at most {pixels} pixels")
    shapes = templates(letters, height=_TEMPLATE, width=_TEMPLATE, size=40)
    generator = torch.Generator().manual_seed(seed)
    count = pool_examples + test_examples
    chunks = [
        _scenes(shapes, min(_CHUNK, count - start), pixels, objects, (smallest, largest), groups, generator)
        for start in range(0, count, _CHUNK)
    ]
    ink, boxes, maps = (torch.cat(parts) for parts in zip(*chunks, strict=True))
    inputs = photographed(ink, noise, generator)
    targets = boxes if annotate == "boxes" else maps
    classes = tuple(letters) if annotate == "boxes" else ("background", *letters)
    return Dataset(
        inputs[:pool_examples], targets[:pool_examples], inputs[pool_examples:], targets[pool_examples:], classes
    )


def _scenes(
    shapes: Tensor,
    n: int,
    pixels: int,
    objects: int,
    sizes: tuple[float, float],
    groups: int,
    generator: torch.Generator,
) -> tuple[Tensor, Tensor, Tensor]:
    """Ink (n, pixels, pixels), boxes (n, objects, 5) and maps of classes, int16 (n, pixels, pixels)."""
    ink = 0.6 * _clutter(shapes, n, pixels, generator)
    boxes = torch.zeros(n, objects, 5)
    boxes[..., 0] = VOID
    maps = torch.zeros(n, pixels, pixels, dtype=torch.int16)
    size = shapes.shape[1] // groups
    group = torch.randint(0, groups, (n,), generator=generator)
    wanted = torch.randint(1, objects + 1, (n,), generator=generator)
    count = torch.zeros(n, dtype=torch.int64)
    for _ in range(objects + _MORE_TRIES):
        kind = group * size + torch.randint(0, size, (n,), generator=generator)
        letter = _placed(shapes, kind, pixels, sizes, generator)
        inside = letter > _INK
        corners = _tight(inside)
        free = overlap(_grown(corners)[:, None], boxes[..., 1:])[:, 0].amax(dim=1) == 0
        kept = free & inside.flatten(1).any(dim=1) & (count < wanted)
        boxes[kept, count[kept]] = torch.cat([kind[:, None].float(), corners], dim=1)[kept]
        count += kept
        # around a letter the clutter makes way for it, or no one could read the small ones
        ground = ink * (1 - _grown_ink(letter))
        ink = torch.where(kept[:, None, None], torch.maximum(ground, letter), ink)
        maps = torch.where(kept[:, None, None] & inside, kind[:, None, None].to(torch.int16) + 1, maps)
    return ink, boxes, maps


def _placed(
    shapes: Tensor, kind: Tensor, pixels: int, sizes: tuple[float, float], generator: torch.Generator
) -> Tensor:
    """(n, pixels, pixels): each letter in a random font, size and slight turn, wholly inside."""
    n = len(kind)
    fonts = torch.randint(0, len(FONTS), (n,), generator=generator)
    low, high = (math.log(size) for size in sizes)
    height = between(low, high, (n,), generator).exp()
    angle, stretch = between(-0.25, 0.25, (n,), generator), between(0.85, 1.2, (n,), generator)
    side = height * 1.6  # a letter's template is higher than the letter
    middle = between(-1.0, 1.0, (n, 2), generator) * (1 - height / pixels)[:, None]
    zoom = pixels / side
    cosine, sine = torch.cos(angle) * zoom, torch.sin(angle) * zoom
    turn = torch.stack([stretch * cosine, -sine, stretch * sine, cosine], dim=1).view(n, 2, 2)
    matrix = torch.cat([turn, -turn @ middle[:, :, None]], dim=2)
    grid = functional.affine_grid(matrix, [n, 1, pixels, pixels], align_corners=False)
    return functional.grid_sample(shapes[fonts, kind][:, None], grid, align_corners=False)[:, 0]


def _clutter(shapes: Tensor, n: int, pixels: int, generator: torch.Generator) -> Tensor:
    """(n, pixels, pixels): pieces of letters, each cut off by a line through its middle."""
    result = torch.zeros(n, pixels, pixels)
    places = torch.linspace(-1, 1, pixels)
    for _ in range(_CLUTTER):
        kind = torch.randint(0, shapes.shape[1], (n,), generator=generator)
        letter = _placed(shapes, kind, pixels, (pixels / 6, pixels / 2), generator)
        weight = letter.flatten(1).sum(dim=1).clamp_min(1e-6)
        across = (letter.sum(dim=1) * places).sum(dim=1) / weight
        down = (letter.sum(dim=2) * places).sum(dim=1) / weight
        angle = between(0.0, 2 * math.pi, (n, 1, 1), generator)
        side = (places - across[:, None])[:, None] * angle.cos() + (places - down[:, None])[:, :, None] * angle.sin()
        result = torch.maximum(result, letter * (side > 0))
    return result


def _tight(inside: Tensor) -> Tensor:
    """Left, top, right and bottom of what is inside, float (n, 4), from edge to edge; zeros where nothing is."""
    sides = []
    for dim in (1, 2):
        along = inside.any(dim=dim)
        first = along.int().argmax(dim=1)
        last = along.shape[1] - along.flip(1).int().argmax(dim=1)
        sides.append((first, torch.where(along.any(dim=1), last, first)))
    (left, right), (top, bottom) = sides
    return torch.stack([left, top, right, bottom], dim=1).float()


def _grown(corners: Tensor) -> Tensor:
    """By so much on each side that making way for a letter takes no ink from another."""
    rim = _CLEARED + 1  # the letter's paler edge
    return corners + corners.new_tensor([-rim, -rim, rim, rim])


def _grown_ink(letter: Tensor) -> Tensor:
    return functional.max_pool2d(letter[:, None], 2 * _CLEARED + 1, stride=1, padding=_CLEARED)[:, 0].clamp(0, 1)
