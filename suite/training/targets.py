"""What is to be predicted, and how it moves with its image. A tensor's shape and type say which kind it holds.

A label: integers (n,). A symbol at each place of a text: integers (n, T). A class for each pixel: integers (n, H, W).
Boxes: floating-point (n, M, 5), each a class and left, top, right, bottom in pixels, from edge to edge.
"""

import torch
from torch import Tensor
from torch.nn import functional

VOID = -1
"""The class of pixels that are not judged, and of rows that hold no box."""
_LEAST_VISIBLE = 0.25
"""Share of a box that must be left in the image, or it is no object of that image any more."""


def are_boxes(targets: Tensor) -> bool:
    """Whether each target is a list of boxes."""
    return targets.is_floating_point()


def are_pixels(targets: Tensor) -> bool:
    """Whether each target is a map of classes."""
    return targets.ndim == 3 and not targets.is_floating_point()


def classes_of(targets: Tensor) -> Tensor:
    """The classes alone, (n,), (n, T), (n, H, W) or (n, M); VOID where nothing is."""
    return targets[..., 0] if are_boxes(targets) else targets


def resized(targets: Tensor, before: tuple[int, int], after: tuple[int, int]) -> Tensor:
    """Of images of (height, width) `before` that are now `after`; labels as they are."""
    if are_pixels(targets):
        return functional.interpolate(targets[:, None].float(), after, mode="nearest-exact")[:, 0].to(targets.dtype)
    if are_boxes(targets):
        down, across = after[0] / before[0], after[1] / before[1]
        return targets * targets.new_tensor([1.0, across, down, across, down])
    return targets


def clipped(boxes: Tensor, height: int, width: int) -> Tensor:
    """Boxes (n, M, 5) cut off at the borders; those of which too little is left are dropped (class VOID, all zeros)."""
    corners = boxes[..., 1:]
    inside = torch.minimum(corners.clamp_min(0), corners.new_tensor([width, height, width, height]))
    left = area(inside)
    gone = (boxes[..., 0] == VOID) | (left < _LEAST_VISIBLE * area(corners)) | (left <= 0)
    kept = torch.cat([boxes[..., :1], inside], dim=-1)
    return torch.where(gone[..., None], boxes.new_tensor([float(VOID), 0, 0, 0, 0]), kept)


def overlap(boxes: Tensor, others: Tensor) -> Tensor:
    """Intersection over union of each of (n, A, 4) with each of (n, M, 4): (n, A, M); 0 where a box has no area."""
    low = torch.maximum(boxes[:, :, None, :2], others[:, None, :, :2])
    high = torch.minimum(boxes[:, :, None, 2:], others[:, None, :, 2:])
    shared = (high - low).clamp_min(0).prod(dim=-1)
    return shared / (area(boxes)[:, :, None] + area(others)[:, None, :] - shared).clamp_min(1e-9)


def area(corners: Tensor) -> Tensor:
    """Square pixels of (..., 4): left, top, right, bottom."""
    left, top, right, bottom = corners.unbind(-1)
    return (right - left) * (bottom - top)
