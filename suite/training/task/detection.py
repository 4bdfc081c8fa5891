"""Objects are found: a box and a class for each. Metrics are COCO's (`average_precision.py`)."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from suite.training import answers
from suite.training import average_precision as ap
from suite.training.anchors import detections
from suite.training.arguments import PositiveFloat, PositiveInt
from suite.training.task import Answer


@dataclass(frozen=True)
class Detection:
    """A detector's output (n, A, 9 + classes) (`anchors.py`) against boxes (n, M, 5)."""

    most: int
    medium: float
    large: float
    metric_name = "mean_average_precision"
    tally_every = 4

    def tally(self, outputs: Tensor, targets: Tensor) -> Tensor:
        """The `most` best detections of each image, then its objects: (n, most + M, 6).

        Rows are class, left, top, right, bottom, score; class VOID where there is none, score NaN for objects.
        """
        found = detections(outputs, self.most)
        objects = torch.cat([targets.float(), targets.new_full((*targets.shape[:2], 1), torch.nan)], dim=2)
        return torch.cat([found, objects], dim=1)

    def metrics(self, tallies: Tensor, loss: float) -> dict[str, float]:
        """Mean average precision over overlaps from 0.5 to 0.95, that at 0.5, and the recall at 0.5 by size."""
        matches = self._matches(tallies)
        precision = ap.average_precision(matches)
        recalls = {name: ap.recall(matches, *span) for name, span in self._sizes.items()}
        return {
            "mean_average_precision": float(precision.mean()) if precision.size else 0.0,
            "average_precision_50": float(precision[:, 0].mean()) if precision.size else 0.0,
            "recall": ap.recall(matches),
            **{name: value for name, value in recalls.items() if value == value},
        }

    def per_example(self, tallies: Tensor) -> dict[str, Tensor]:
        """Each image's part in the mean average precision and in the recalls, float64 (n,)."""
        matches = self._matches(tallies)
        parts = {"mean_average_precision": ap.precision_parts(matches), "recall": ap.recall_parts(matches)}
        parts |= {name: ap.recall_parts(matches, *span) for name, span in self._sizes.items()}
        return {name: torch.from_numpy(values) for name, values in parts.items()}

    def answers(self, outputs: Tensor, targets: Tensor, classes: Sequence[str]) -> list[Answer]:
        """Objects and the `most` best detections."""
        found = detections(outputs, self.most).cpu()
        return [
            (answers.boxes(true, classes), answers.boxes(said, classes))
            for true, said in zip(targets.cpu(), found, strict=True)
        ]

    @property
    def _sizes(self) -> dict[str, tuple[float, float]]:
        return {
            "recall_small": (0.0, self.medium),
            "recall_medium": (self.medium, self.large),
            "recall_large": (self.large, torch.inf),
        }

    def _matches(self, tallies: Tensor) -> ap.Matches:
        return ap.matched(tallies[:, : self.most], tallies[:, self.most :, :5])


def build(*, most: PositiveInt = 20, medium: PositiveFloat = 32.0, large: PositiveFloat = 96.0) -> Detection:
    """`most`: detections judged of each image, the best ones. Objects are `medium` or `large` from those sizes on, in
    pixels (the square root of the area; the default ones are COCO's), else small.
    """
    return Detection(most, medium, large)
