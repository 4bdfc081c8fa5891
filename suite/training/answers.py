"""A few test examples with what a trained network says of them: for people to look at, never to count with."""

import base64
import io
from collections.abc import Sequence

import numpy as np
from PIL import Image
from torch import Tensor

from suite.training.targets import VOID
from suite.trial_result import Value

KEPT = 4
"""Examples of each trial: the first ones of the test part, the same for every arm and seed."""
_QUALITY = 90
_VOID_PIXEL = 255


def photograph(image: Tensor) -> str:
    """uint8 (H, W, 1 or 3) as a JPEG file in base64."""
    pixels = image.numpy()
    return _file(Image.fromarray(pixels[..., 0] if pixels.shape[2] == 1 else pixels), "JPEG", quality=_QUALITY)


def boxes(rows: Tensor, classes: Sequence[str]) -> tuple[Value, ...]:
    """Of rows (M, 5 or 6), of class, corners in pixels and perhaps a score: (name, ...) each; VOID rows left out."""
    there = rows[rows[:, 0] != VOID].tolist()
    return tuple((classes[int(kind)], *(round(number, 3) for number in numbers)) for kind, *numbers in there)


def class_map(classes: Tensor) -> str:
    """Integers (H, W) below 255, or VOID, as a PNG file in base64, in which VOID is 255."""
    pixels = classes.cpu().numpy()
    return _file(Image.fromarray(np.where(pixels == VOID, _VOID_PIXEL, pixels).astype(np.uint8)), "PNG")


def _file(image: Image.Image, kind: str, **options: int) -> str:
    content = io.BytesIO()
    image.save(content, format=kind, **options)
    return base64.b64encode(content.getvalue()).decode("ascii")
