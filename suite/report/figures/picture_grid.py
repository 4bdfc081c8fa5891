"""Examples as pictures with their labels: what a person should look at before anything is trained."""

import io
import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure as Canvas

from suite.report.figures.style import QUIET, drawable, drawing

_COLUMNS = 8
_CELL, _GAP, _TITLE = 0.78, 0.24, 0.42
"""Inches."""


def picture_grid(images: npt.NDArray[np.floating[Any]], labels: Sequence[str], *, title: str) -> bytes:
    """A PNG. `images` has shape (n, H, W, C), in any range: one scale for all, from their 1st to their 99th percentile.

    Grey unless C is 3.
    """
    rows = max(1, math.ceil(len(images) / _COLUMNS))
    width, height = _COLUMNS * _CELL + 0.2, rows * (_CELL + _GAP) + _TITLE + 0.1
    pixels = _displayable(images)
    with drawing():
        figure = Canvas(figsize=(width, height))
        FigureCanvasAgg(figure)
        figure.text(0.1 / width, 1 - 0.28 / height, title, fontweight="bold", fontsize=9.5)
        for place, (picture, label) in enumerate(zip(pixels, labels, strict=True)):
            row, column = divmod(place, _COLUMNS)
            left, top = 0.1 + column * _CELL, _TITLE + row * (_CELL + _GAP)
            axes = figure.add_axes(
                (left / width, 1 - (top + _CELL) / height, (_CELL - 0.06) / width, (_CELL - 0.06) / height)
            )
            axes.imshow(picture, cmap="gray", vmin=0, vmax=1, interpolation="nearest")
            axes.set_axis_off()
            axes.text(
                0.5, -0.05, drawable(label, 12) or str(place), transform=axes.transAxes, ha="center", va="top",
                fontsize=8, color=QUIET,
            )  # fmt: skip
        image = io.BytesIO()
        figure.savefig(image, format="png", dpi=160, metadata={"Software": None}, facecolor="white")
    return image.getvalue()


def _displayable(images: npt.NDArray[np.floating[Any]]) -> npt.NDArray[np.float64]:
    """Between 0 and 1, (n, H, W, 3) or (n, H, W); what is not finite is black."""
    values = np.nan_to_num(images.astype(np.float64), nan=0.0, posinf=0.0, neginf=0.0)
    low, high = np.percentile(values, (1, 99)) if values.size else (0.0, 1.0)
    scaled: npt.NDArray[np.float64] = np.clip((values - low) / max(high - low, 1e-9), 0.0, 1.0)
    return scaled if images.shape[-1] == 3 else scaled.mean(axis=-1)
