"""Every pixel has a class. Mean intersection over union, and how smooth the borders are.

Everingham et al., The Pascal Visual Object Classes Challenge (2010), for the former. Borders: Csurka et al., What Is a
Good Evaluation Measure for Semantic Segmentation? (2013), with all classes' borders taken together, and by their
length. Roughness: how much of that length goes when the maps are blurred (`borders.py`).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from suite.training import answers, borders
from suite.training.arguments import PositiveInt
from suite.training.jackknife import pseudo_values
from suite.training.targets import VOID
from suite.training.task import Answer

_BORDERS = 7
"""Columns of a tally behind those of the classes."""


@dataclass(frozen=True)
class Segmentation:
    """Scores of shape (n, classes, H, W) against maps of classes (n, H, W), whose VOID pixels are left out."""

    tolerance: int
    metric_name = "mean_iou"
    tally_every = 4

    def tally(self, outputs: Tensor, targets: Tensor) -> Tensor:
        """Counts of pixels of each image, float64 (n, 3 * classes + 7).

        Of each class those that are right, predicted and true; then the length, in pixels, of borders that are
        predicted, predicted near a true one, left of the predicted ones when they are blurred, and the same three of
        the true ones; then the pixels that are judged.
        """
        n, classes = outputs.shape[:2]
        judged = targets != VOID
        # what is left out has a class of its own, behind the others
        predicted = torch.where(judged, outputs.argmax(dim=1), classes).flatten(1)
        true = torch.where(judged, targets.long(), classes).flatten(1)
        right = torch.where(predicted == true, true, classes)
        counts = [_counts(values, classes) for values in (right, predicted, true)]
        shape = (n, *targets.shape[1:])
        found = self._borders(predicted.view(shape), true.view(shape), judged, classes)
        return torch.cat([*counts, found, judged.flatten(1).sum(dim=1, keepdim=True)], dim=1).double()

    def metrics(self, tallies: Tensor, loss: float) -> dict[str, float]:
        """Over all pixels of the set; classes that neither occur nor are predicted are left out of means."""
        total = tallies.sum(dim=0, keepdim=True)
        predicted, _, blurred, true, _, truly_blurred, _ = total[0, -_BORDERS:].tolist()
        return {
            **{name: float(share) for name, share in _shares(total).items()},
            "border_length": max(predicted, 1.0) / max(true, 1.0),  # above 0, so that it has a logarithm
            # a network that finds no border is not smooth, it has failed: it gets the true border's length, a ratio of
            # hundreds to one
            "border_roughness": (
                predicted / max(blurred, 1.0) * max(truly_blurred, 1.0) / max(true, 1.0)
                if predicted
                else max(true, 1.0)
            ),
        }

    def per_example(self, tallies: Tensor) -> dict[str, Tensor]:
        """Each image's part in each metric that is a share, float64 (n,) (`jackknife.py`)."""
        total = tallies.sum(dim=0, keepdim=True)
        whole, without = _shares(total), _shares(total - tallies)
        return {name: pseudo_values(whole[name], without[name]) for name in whole}

    def answers(self, outputs: Tensor, targets: Tensor, classes: Sequence[str]) -> list[Answer]:
        """The map and the likeliest class of each pixel."""
        likeliest = outputs.argmax(dim=1)
        return [
            (answers.class_map(true), answers.class_map(said)) for true, said in zip(targets, likeliest, strict=True)
        ]

    def _borders(self, predicted: Tensor, true: Tensor, judged: Tensor, classes: int) -> Tensor:
        """(n, 6)."""
        ours, theirs = (borders.lengths(each, judged) for each in (predicted, true))
        columns = []
        for values, lengths, others in ((predicted, ours, theirs), (true, theirs, ours)):
            near = lengths * self._grown(others)
            columns += [each.flatten(1).sum(dim=1) for each in (lengths, near)]
            columns.append(borders.blurred_lengths(values, classes, judged))
        return torch.stack(columns, dim=1)

    def _grown(self, lengths: Tensor) -> Tensor:
        side = 2 * self.tolerance + 1
        return functional.max_pool2d((lengths > 0).float()[:, None], side, stride=1, padding=self.tolerance)[:, 0]


def build(*, tolerance: PositiveInt = 1) -> Segmentation:
    """`tolerance`: a border counts as found if a predicted one is so many pixels away or fewer, in each direction."""
    return Segmentation(tolerance)


def _counts(values: Tensor, classes: int) -> Tensor:
    """How often each of the classes is among the values (n, pixels): (n, classes)."""
    counts = torch.zeros(len(values), classes + 1, dtype=torch.int64, device=values.device)
    return counts.scatter_add_(1, values, torch.ones_like(values))[:, :classes]


def _shares(tallies: Tensor) -> dict[str, Tensor]:
    """Of tallies, or sums of them, (b, 3 * classes + 7): the metrics between 0 and 1, (b,) each."""
    counts, found = tallies[:, :-_BORDERS], tallies[:, -_BORDERS:]
    predicted, near, _, true, met, _, judged = found.unbind(dim=1)
    precision, recall = near / predicted.clamp_min(1), met / true.clamp_min(1)
    return {
        "mean_iou": _mean_iou(counts),
        "pixel_accuracy": counts.view(len(counts), 3, -1)[:, 0].sum(dim=1) / judged.clamp_min(1),
        "border_f1": 2 * precision * recall / (precision + recall).clamp_min(1e-12),
    }


def _mean_iou(counts: Tensor) -> Tensor:
    """Of counts (b, 3 * classes) of right, predicted and true pixels: (b,); 0 where nothing is judged."""
    right, predicted, true = counts.view(len(counts), 3, -1).unbind(dim=1)
    union = predicted + true - right
    return (right / union.clamp_min(1)).sum(dim=1) / (union > 0).sum(dim=1).clamp_min(1)
