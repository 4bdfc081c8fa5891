"""Letters in the fonts that matplotlib ships, bent, cluttered and noisy: as many as one likes, from a seed.

A stand-in for character recognition in the wild (compare notMNIST and de Campos et al., Chars74K, 2009) that needs no
download: made of DejaVu, STIX and Computer Modern faces when the data set is prepared.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from suite.errors import DataError
from suite.training.arguments import NonNegativeFloat, NonNegativeInt, PositiveFloat, PositiveInt
from suite.training.data_cache import Dataset
from suite.training.fetch import Fetch
from suite.training.image_sizes import at_random_sizes

FONTS = (
    "DejaVuSans", "DejaVuSans-Bold", "DejaVuSans-Oblique", "DejaVuSerif", "DejaVuSerif-Bold", "DejaVuSerif-Italic",
    "DejaVuSansMono", "DejaVuSansMono-Bold", "STIXGeneral", "STIXGeneralBol", "STIXGeneralItalic", "cmr10", "cmss10",
    "cmtt10", "cmb10",
)  # fmt: skip
_Ranges = tuple[tuple[float, float], tuple[float, float]]

_TEMPLATE = 48
_SIZES: _Ranges = ((0.7, 1.15), (0.8, 1.25))
"""Ranges of a letter's height, above 1 smaller, and of its width beside it."""
_ONE_SIZE: _Ranges = ((0.925, 0.925), (1.0, 1.0))
_CHUNK = 4000


def build(
    fetch: Fetch,
    *,
    letters: str = "ABDEHKNPRS",
    pool_examples: PositiveInt = 4000,
    test_examples: PositiveInt = 10_000,
    pixels: PositiveInt = 16,
    noise: NonNegativeFloat = 0.08,
    smallest: PositiveFloat = 1.0,
    one_size: bool = False,
    seed: NonNegativeInt = 0,
) -> Dataset:
    """Images of `pixels` x `pixels`, grey, one class per letter. `noise`: standard deviation in units of full contrast.

    The default are ten letters that resemble one another. `smallest` < 1: each letter, with what stands around it, is
    shrunk to a random size from `smallest` to 1 times the ordinary one (`at_random_sizes`), as if seen from farther
    away. `one_size`: all letters, those around them too, in the middle of the ordinary sizes, and none stretched.

    Raises DataError if a letter comes twice, or if `smallest` is above 1.
    """
    if len(set(letters)) < max(2, len(letters)):
        raise DataError(f"data.letters {letters!r}: at least two letters, none of them twice")
    shapes = templates(letters, height=_TEMPLATE, width=_TEMPLATE, size=40)
    generator = torch.Generator().manual_seed(seed)
    count = pool_examples + test_examples
    targets = torch.arange(count) % len(letters)
    targets = targets[torch.randperm(count, generator=generator)]
    sizes = _ONE_SIZE if one_size else _SIZES
    chunks = [_drawn(shapes, part, pixels, noise, smallest, sizes, generator) for part in torch.split(targets, _CHUNK)]
    inputs = torch.cat(chunks)
    return Dataset(
        inputs[:pool_examples], targets[:pool_examples], inputs[pool_examples:], targets[pool_examples:], tuple(letters)
    )


def templates(texts: Sequence[str], *, height: int, width: int, size: int) -> Tensor:
    """(fonts, texts, height, width), ink 1 on 0: each text centred, in letters of `size` pixels."""
    import matplotlib
    from PIL import Image, ImageDraw, ImageFont

    folder = Path(matplotlib.get_data_path()) / "fonts" / "ttf"
    result = np.zeros((len(FONTS), len(texts), height, width), dtype=np.float32)
    for i, font_name in enumerate(FONTS):
        font = ImageFont.truetype(str(folder / f"{font_name}.ttf"), size)
        for j, text in enumerate(texts):
            image = Image.new("L", (width, height), 0)
            ImageDraw.Draw(image).text((width / 2, height / 2), text, fill=255, font=font, anchor="mm")
            result[i, j] = np.asarray(image, dtype=np.float32) / 255
    return torch.from_numpy(result)


def _drawn(
    templates: Tensor,
    targets: Tensor,
    pixels: int,
    noise: float,
    smallest: float,
    sizes: _Ranges,
    generator: torch.Generator,
) -> Tensor:
    """uint8 (n, pixels, pixels, 1): the letter, pieces of two others at the border, uneven light, noise."""
    n = len(targets)
    letters = _warped(templates, targets, pixels, sizes, generator, spread=0.15)
    for _ in range(2):
        others = torch.randint(0, templates.shape[1], (n,), generator=generator)
        around = _warped(templates, others, pixels, sizes, generator, spread=0.25, away=1.25)
        letters = torch.maximum(letters, 0.8 * around)
    letters = at_random_sizes(letters[..., None], smallest, generator)[..., 0]
    return photographed(letters, noise, generator)


def _warped(
    templates: Tensor,
    targets: Tensor,
    pixels: int,
    sizes: _Ranges,
    generator: torch.Generator,
    *,
    spread: float,
    away: float = 0.0,
) -> Tensor:
    """(n, pixels, pixels): each letter in a random font under a random affine map; `away` moves it off the centre."""
    n = len(targets)
    fonts = torch.randint(0, len(FONTS), (n,), generator=generator)
    angle = between(-0.35, 0.35, (n,), generator)
    zoom, stretch = (between(*ends, (n,), generator) for ends in sizes)
    shear = between(-0.3, 0.3, (n,), generator)
    cosine, sine = torch.cos(angle), torch.sin(angle)
    rows = torch.stack(
        [
            zoom * stretch * cosine,
            zoom * (shear * cosine - sine),
            zoom * stretch * sine,
            zoom * (shear * sine + cosine),
        ],
        1,
    )
    direction = between(0.0, 2 * torch.pi, (n,), generator)
    shift = between(-spread, spread, (n, 2), generator) + away * torch.stack(
        [torch.cos(direction), torch.sin(direction)], 1
    )
    matrix = torch.cat([rows.view(n, 2, 2), shift[:, :, None]], 2)
    grid = functional.affine_grid(matrix, [n, 1, pixels, pixels], align_corners=False)
    return functional.grid_sample(templates[fonts, targets][:, None], grid, align_corners=False)[:, 0]


def photographed(letters: Tensor, noise: float, generator: torch.Generator) -> Tensor:
    """uint8 (n, H, W, 1) of ink (n, H, W): ink and paper of random shades, uneven light, noise."""
    n, height, width = letters.shape
    ink = between(0.45, 1.0, (n, 1, 1), generator)
    paper = between(0.0, 0.3, (n, 1, 1), generator)
    lean = 0.08 * torch.randn(2, n, 1, 1, generator=generator)
    shade = lean[0] * torch.linspace(-1, 1, height)[:, None] + lean[1] * torch.linspace(-1, 1, width)
    image = paper + ink * letters * (1 - paper) + shade + noise * torch.randn(n, height, width, generator=generator)
    return (255 * image.clamp(0, 1)).round().to(torch.uint8)[..., None]


def between(low: float, high: float, shape: tuple[int, ...], generator: torch.Generator) -> Tensor:
    """Uniform draws."""
    return low + (high - low) * torch.rand(*shape, generator=generator)
