"""Ten capital letters in the fonts that matplotlib ships, bent, cluttered and noisy: as many as one likes, from a seed.

A stand-in for character recognition in the wild (compare notMNIST and de Campos et al., Chars74K, 2009) that needs no
download: made of DejaVu, STIX and Computer Modern faces when the data set is prepared.
"""

from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from suite.training.arguments import NonNegativeFloat, NonNegativeInt, PositiveInt
from suite.training.data_cache import Dataset
from suite.training.fetch import Fetch

FONTS = (
    "DejaVuSans", "DejaVuSans-Bold", "DejaVuSans-Oblique", "DejaVuSerif", "DejaVuSerif-Bold", "DejaVuSerif-Italic",
    "DejaVuSansMono", "DejaVuSansMono-Bold", "STIXGeneral", "STIXGeneralBol", "STIXGeneralItalic", "cmr10", "cmss10",
    "cmtt10", "cmb10",
)  # fmt: skip
LETTERS = "ABDEHKNPRS"
"""Ten that resemble one another."""
_TEMPLATE = 48
_CHUNK = 4000


def build(
    fetch: Fetch,
    *,
    pool_examples: PositiveInt = 4000,
    test_examples: PositiveInt = 10_000,
    pixels: PositiveInt = 16,
    noise: NonNegativeFloat = 0.08,
    seed: NonNegativeInt = 0,
) -> Dataset:
    """Images of `pixels` x `pixels`, grey. `noise` is the standard deviation in units of full contrast."""
    templates = _templates()
    generator = torch.Generator().manual_seed(seed)
    count = pool_examples + test_examples
    targets = torch.arange(count) % len(LETTERS)
    targets = targets[torch.randperm(count, generator=generator)]
    chunks = [_drawn(templates, part, pixels, noise, generator) for part in torch.split(targets, _CHUNK)]
    inputs = torch.cat(chunks)
    return Dataset(
        inputs[:pool_examples], targets[:pool_examples], inputs[pool_examples:], targets[pool_examples:], tuple(LETTERS)
    )


def _templates() -> Tensor:
    """(fonts, classes, 48, 48), ink 1 on 0, each letter centred and scaled to the same height."""
    import matplotlib
    from PIL import Image, ImageDraw, ImageFont

    folder = Path(matplotlib.get_data_path()) / "fonts" / "ttf"
    result = np.zeros((len(FONTS), len(LETTERS), _TEMPLATE, _TEMPLATE), dtype=np.float32)
    for i, font_name in enumerate(FONTS):
        font = ImageFont.truetype(str(folder / f"{font_name}.ttf"), 40)
        for j, letter in enumerate(LETTERS):
            image = Image.new("L", (_TEMPLATE, _TEMPLATE), 0)
            ImageDraw.Draw(image).text((_TEMPLATE / 2, _TEMPLATE / 2), letter, fill=255, font=font, anchor="mm")
            result[i, j] = np.asarray(image, dtype=np.float32) / 255
    return torch.from_numpy(result)


def _drawn(templates: Tensor, targets: Tensor, pixels: int, noise: float, generator: torch.Generator) -> Tensor:
    """uint8 (n, pixels, pixels, 1): the letter, pieces of two others at the border, uneven light, noise."""
    n = len(targets)
    letters = _warped(templates, targets, pixels, generator, spread=0.15)
    for _ in range(2):
        others = torch.randint(0, len(LETTERS), (n,), generator=generator)
        letters = torch.maximum(letters, 0.8 * _warped(templates, others, pixels, generator, spread=0.25, away=1.25))
    ink = _between(0.45, 1.0, (n, 1, 1), generator)
    paper = _between(0.0, 0.3, (n, 1, 1), generator)
    slope = torch.linspace(-1, 1, pixels)
    lean = 0.08 * torch.randn(2, n, 1, 1, generator=generator)
    shade = lean[0] * slope[:, None] + lean[1] * slope
    image = paper + ink * letters * (1 - paper) + shade + noise * torch.randn(n, pixels, pixels, generator=generator)
    return (255 * image.clamp(0, 1)).round().to(torch.uint8)[..., None]


def _warped(
    templates: Tensor, targets: Tensor, pixels: int, generator: torch.Generator, *, spread: float, away: float = 0.0
) -> Tensor:
    """(n, pixels, pixels): each letter in a random font under a random affine map; `away` moves it off the centre."""
    n = len(targets)
    fonts = torch.randint(0, len(FONTS), (n,), generator=generator)
    angle = _between(-0.35, 0.35, (n,), generator)
    zoom = _between(0.7, 1.15, (n,), generator)
    stretch = _between(0.8, 1.25, (n,), generator)
    shear = _between(-0.3, 0.3, (n,), generator)
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
    direction = _between(0.0, 2 * torch.pi, (n,), generator)
    shift = _between(-spread, spread, (n, 2), generator) + away * torch.stack(
        [torch.cos(direction), torch.sin(direction)], 1
    )
    matrix = torch.cat([rows.view(n, 2, 2), shift[:, :, None]], 2)
    grid = functional.affine_grid(matrix, [n, 1, pixels, pixels], align_corners=False)
    return functional.grid_sample(templates[fonts, targets][:, None], grid, align_corners=False)[:, 0]


def _between(low: float, high: float, shape: tuple[int, ...], generator: torch.Generator) -> Tensor:
    return low + (high - low) * torch.rand(*shape, generator=generator)
