"""Average precision of detections as COCO defines it, and each image's part in it.

Lin et al., Microsoft COCO (2014), and its evaluation code: over ten thresholds of overlap from 0.5 to 0.95, precision
at 101 recalls made to fall, the mean over thresholds and classes. Written here because libraries give one number for a
set of images: which part each image has in it takes the same number without that image, for every image.
"""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from suite.training.jackknife import pseudo_values
from suite.training.targets import VOID, area, overlap

THRESHOLDS = tuple(round(0.5 + 0.05 * step, 2) for step in range(10))
_RECALLS = np.linspace(0.0, 1.0, 101)
_AT_ONCE = 64
"""Images left out in turn at a time: all of a large set's, with all its detections each, would not fit into memory."""


@dataclass(frozen=True, kw_only=True)
class Matches:
    """Which detections are right, K for each of n images, and which of M objects they find."""

    kind: NDArray[np.int64]
    """(n, K): the class of each detection, VOID where there is none; in descending order of score."""
    score: NDArray[np.float64]
    """(n, K)."""
    right: NDArray[np.bool_]
    """(n, K, thresholds): it is the best one left for an object of its class."""
    objects: NDArray[np.int64]
    """(n, M): the class of each object, VOID where there is none."""
    sides: NDArray[np.float64]
    """(n, M): the square root of its area, in pixels."""
    found: NDArray[np.bool_]
    """(n, M, thresholds)."""


def matched(detected: Tensor, targets: Tensor) -> Matches:
    """Detections (n, K, 6) of class, box and score, in descending order of score, against boxes (n, M, 5).

    The better a detection's score, the earlier it chooses: the object of its class that it overlaps most, of those not
    chosen yet, if it overlaps enough.
    """
    detected, targets = detected.cpu().double(), targets.cpu().double()
    overlaps = overlap(detected[..., 1:5], targets[..., 1:])
    same = (detected[:, :, None, 0] == targets[:, None, :, 0]) & (targets[:, None, :, 0] != VOID)
    overlaps = overlaps.masked_fill(~same, -1.0)
    n, most, objects = overlaps.shape
    enough = torch.tensor(THRESHOLDS, dtype=torch.float64)
    right = torch.zeros(n, most, len(enough), dtype=torch.bool)
    free = torch.ones(n, len(enough), objects, dtype=torch.bool)
    images, levels = torch.arange(n)[:, None], torch.arange(len(enough))
    for place in range(most if objects else 0):
        best, chosen = overlaps[:, place, None].masked_fill(~free, -1.0).max(dim=2)  # (n, thresholds)
        right[:, place] = best >= enough
        free[images, levels, chosen] &= ~right[:, place]
    return Matches(
        kind=detected[..., 0].long().numpy(),
        score=detected[..., 5].numpy(),
        right=right.numpy(),
        objects=targets[..., 0].long().numpy(),
        sides=area(targets[..., 1:]).clamp_min(0).sqrt().numpy(),
        found=~free.transpose(1, 2).numpy(),
    )


def average_precision(matches: Matches) -> NDArray[np.float64]:
    """(classes, thresholds), of the classes that occur among the objects."""
    levels = [_of_class(matches, kind, leaving_out=False)[0] for kind in _classes(matches)]
    return np.array(levels).reshape(-1, len(THRESHOLDS))


def recall(matches: Matches, low: float = 0.0, high: float = np.inf, threshold: int = 0) -> float:
    """Share of the objects from `low` to below `high` pixels in size that are found; NaN if there are none."""
    judged = _of_size(matches, low, high)
    return float(matches.found[..., threshold][judged].mean()) if judged.any() else float("nan")


def precision_parts(matches: Matches) -> NDArray[np.float64]:
    """Each image's part in the mean average precision, (n,) (`jackknife.py`); 0 if there are no objects."""
    if not _classes(matches):
        return np.zeros(len(matches.objects))
    without = np.stack([_of_class(matches, kind, leaving_out=True) for kind in _classes(matches)])  # (C, 1 + n, T)
    levels = without.mean(axis=2)
    there = ~np.isnan(levels)  # a class may have its only object in the image left out, and so may all
    means = np.where(there, levels, 0.0).sum(axis=0) / np.maximum(there.sum(axis=0), 1)
    return pseudo_values(means[:1], means[1:])


def recall_parts(matches: Matches, low: float = 0.0, high: float = np.inf) -> NDArray[np.float64]:
    """Each image's part in the recall of such objects at the lowest threshold, (n,)."""
    there = _of_size(matches, low, high)
    objects, found = there.sum(axis=1), (matches.found[..., 0] & there).sum(axis=1)
    whole = np.array([found.sum() / max(objects.sum(), 1)])
    return pseudo_values(whole, (found.sum() - found) / np.maximum(objects.sum() - objects, 1))


def _of_size(matches: Matches, low: float, high: float) -> NDArray[np.bool_]:
    judged: NDArray[np.bool_] = (matches.objects != VOID) & (matches.sides >= low) & (matches.sides < high)
    return judged


def _classes(matches: Matches) -> list[int]:
    return sorted({int(kind) for kind in np.unique(matches.objects) if kind != VOID})


def _of_class(matches: Matches, kind: int, *, leaving_out: bool) -> NDArray[np.float64]:
    """(1, thresholds) of all images; `leaving_out`, (1 + n, thresholds), then without each of them in turn."""
    image, place = np.nonzero(matches.kind == kind)
    order = np.argsort(-matches.score[image, place], kind="stable")
    image, place = image[order], place[order]
    right = matches.right[image, place]  # (D, T)
    counts = (matches.objects == kind).sum(axis=1)
    everything = np.ones((1, len(image)), dtype=bool)
    whole = _at_thresholds(right, everything, np.array([counts.sum()]))
    if not leaving_out:
        return whole
    result = whole.repeat(1 + len(counts), axis=0)  # for an image with neither object nor detection changes nothing
    touched = np.union1d(image, counts.nonzero()[0])
    for start in range(0, len(touched), _AT_ONCE):
        rows = touched[start : start + _AT_ONCE]
        result[1 + rows] = _at_thresholds(right, image[None] != rows[:, None], counts.sum() - counts[rows])
    return result


def _at_thresholds(right: NDArray[np.bool_], kept: NDArray[np.bool_], total: NDArray[np.int64]) -> NDArray[np.float64]:
    """(B, T) of detections in order, `right` (D, T), of which `kept` (B, D) are judged, and of so many objects (B,)."""
    rank = kept.cumsum(axis=1)
    # only at the right ones: precision rises nowhere else
    levels = [_interpolated(kept[:, hit].cumsum(axis=1), rank[:, hit], total) for hit in right.T]
    return np.stack(levels, axis=1)


def _interpolated(hits: NDArray[np.int64], rank: NDArray[np.int64], total: NDArray[np.int64]) -> NDArray[np.float64]:
    """(B,) of hits among the first so many (B, D), for totals (B,): the mean of the precision at 101 recalls."""
    if not hits.shape[1]:
        return np.where(total > 0, 0.0, np.nan)
    precision = hits / np.maximum(rank, 1)
    precision = np.maximum.accumulate(precision[:, ::-1], axis=1)[:, ::-1]
    result = np.zeros(len(hits))
    for row in range(len(hits)):
        places = np.searchsorted(hits[row] / max(total[row], 1), _RECALLS, side="left")
        inside = places < hits.shape[1]
        result[row] = precision[row, places[inside]].sum() / len(_RECALLS)
    result[total == 0] = np.nan
    return result
