"""Boxes and maps of classes drawn on the images they belong to."""

from typing import Any

import numpy as np
import numpy.typing as npt
import seaborn as sns

_LARGER = 3
"""Times, so that a box's line does not hide what it is around."""
_LINE = 2
_VEIL = 0.45
_DIM = 0.35


def overlaid(images: npt.NDArray[np.floating[Any]], targets: npt.NDArray[Any], classes: int) -> npt.NDArray[np.float64]:
    """RGB between 0 and 1, (n, 3 H, 3 W, 3), of images (n, H, W, C) in any range and their targets.

    `targets` are boxes (n, M, 5), of class and corners, or maps (n, H, W) of classes; negative classes are none. Of
    maps the first class, mostly what is in the background, is left as it is, and what has none is darkened.
    """
    values = np.nan_to_num(images.astype(np.float64))
    low, high = np.percentile(values, (1, 99))
    grey = np.clip((values - low) / max(high - low, 1e-9), 0, 1)
    shown = np.repeat(grey, 3, axis=3) if grey.shape[3] == 1 else grey[..., :3].copy()
    shown = shown.repeat(_LARGER, axis=1).repeat(_LARGER, axis=2)
    colours = np.array(sns.color_palette("bright", max(classes, 1)))
    if np.issubdtype(targets.dtype, np.integer):
        wide = targets.repeat(_LARGER, axis=1).repeat(_LARGER, axis=2)
        veiled = (1 - _VEIL) * shown + _VEIL * colours[np.clip(wide, 0, classes - 1)]
        mixed: npt.NDArray[np.float64] = np.where((wide > 0)[..., None], veiled, shown)
        return np.where((wide < 0)[..., None], _DIM * shown, mixed)
    for picture, boxes in zip(shown, targets, strict=True):
        for kind, *corners in boxes[boxes[:, 0] >= 0]:
            _outline(picture, np.round(np.array(corners) * _LARGER).astype(int), colours[int(kind) % len(colours)])
    return shown


def _outline(picture: npt.NDArray[np.float64], corners: npt.NDArray[np.int_], colour: npt.NDArray[np.float64]) -> None:
    height, width, _ = picture.shape
    left, right = np.clip(corners[[0, 2]], 0, width)
    top, bottom = np.clip(corners[[1, 3]], 0, height)
    picture[top : top + _LINE, left:right] = picture[max(bottom - _LINE, 0) : bottom, left:right] = colour
    picture[top:bottom, left : left + _LINE] = picture[top:bottom, max(right - _LINE, 0) : right] = colour
