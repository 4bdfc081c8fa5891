"""A small one-stage detector with a feature pyramid, in the manner of YOLOv3.

Redmon and Farhadi, YOLOv3 (2018): each of a few branches, on maps of different fineness, predicts objects of its sizes.
Lin et al., Feature Pyramid Networks (2016): what the coarse maps know is handed down to the fine ones. The objectness
before training: Lin et al., Focal Loss for Dense Object Detection (2017), section 4.1.
"""

import math

import torch
from torch import Tensor, nn
from torch.nn import functional

from suite.training.anchors import FIXED
from suite.training.arguments import NonNegativeInt, PositiveFloat, PositiveInt

_PRIOR = 0.01
"""Probability of an object at an anchor before training: nearly all are background, and a network that begins with that
belief does not drown in it."""


def build(
    input_shape: tuple[int, int, int],
    classes: int,
    *,
    widths: tuple[PositiveInt, ...] = (16, 32, 48, 64),
    branches: tuple[PositiveInt, ...] = (4, 8, 16),
    branches_cut: NonNegativeInt = 0,
    stages_cut: NonNegativeInt = 0,
    top_down: bool = True,
    width: PositiveInt = 32,
    anchor: PositiveFloat = 2.0,
    per_place: PositiveInt = 2,
) -> nn.Module:
    """`input_shape` is (C, H, W). Maps float (n, C, H, W), of this or any other size, to (n, A, 9 + classes).

    The output is that of `suite.training.anchors`. `widths` are the filters of the stages, each of which halves height
    and width. `branches` are the strides of the maps on which objects are predicted, 2 being that after the first
    stage. Of the coarsest branches, `branches_cut` are not predicted on; of the last stages, `stages_cut` are not
    built. With `top_down` each of these maps, of `width` channels, gets what all coarser ones know added, also those
    without a branch; else the stages behind the coarsest branch are not built. At each place of a branch there are
    `per_place` square anchors, whose sides are `anchor` times the stride, and then larger by equal ratios up to the
    next branch's.

    Raises ValueError if a branch is no stage's stride, or if none is left.
    """
    widths = widths[: max(len(widths) - stages_cut, 0)]
    branches = tuple(sorted(branches)[: max(len(branches) - branches_cut, 0)])
    strides = [2 ** (stage + 1) for stage in range(len(widths))]
    if not branches or not set(branches) <= set(strides):
        raise ValueError(f"branches {list(branches)} are not among the stages' strides, {strides}")
    used = len(widths) if top_down else strides.index(max(branches)) + 1
    sides = {stride: [anchor * stride * 2 ** (i / per_place) for i in range(per_place)] for stride in branches}
    return _Detector(input_shape[0], classes, dict(zip(strides, widths[:used], strict=False)), sides, width, top_down)


class _Detector(nn.Module):
    """`widths` are the stages' filters, `sides` the anchors' sides, by stride."""

    def __init__(
        self,
        channels: int,
        classes: int,
        widths: dict[int, int],
        sides: dict[int, list[float]],
        width: int,
        top_down: bool,
    ) -> None:
        super().__init__()
        self.sides, self.top_down = sides, top_down
        self.backbone = nn.ModuleDict()
        for stride, filters in widths.items():
            self.backbone[str(stride)] = nn.Sequential(_conv(channels, filters, 2), _conv(filters, filters, 1))
            channels = filters
        seen = [stride for stride in widths if stride in sides or (top_down and stride > min(sides))]
        self.lateral = nn.ModuleDict({str(stride): nn.Conv2d(widths[stride], width, 1) for stride in seen})
        self.smooth = nn.ModuleDict({str(stride): _conv(width, width, 1) for stride in sides})
        # two of them: where anything is may be learnt of other classes, and only `heads` know these (stage.py)
        self.boxes, self.heads = (
            nn.ModuleDict({str(stride): nn.Conv2d(width, len(own) * columns, 1) for stride, own in sides.items()})
            for columns in (FIXED - 4, classes)
        )

    def forward(self, images: Tensor) -> Tensor:
        maps: dict[int, Tensor] = {}
        features = images
        for name, stage in self.backbone.items():
            features = stage(features)
            maps[int(name)] = features
        predicted: list[Tensor] = []
        above: Tensor | None = None
        for stride in sorted((int(s) for s in self.lateral), reverse=True):
            own = self.lateral[str(stride)](maps[stride])
            if above is not None and self.top_down:
                own = own + functional.interpolate(above, own.shape[2:], mode="nearest")
            above = own
            if stride in self.sides:
                shared = self.smooth[str(stride)](own)
                scores = [part[str(stride)](shared) for part in (self.boxes, self.heads)]
                predicted.append(_with_anchors(scores, images.shape[2:], self.sides[stride]))
        return torch.cat(predicted, dim=1)


def _conv(channels: int, filters: int, stride: int) -> nn.Sequential:
    convolution = nn.Conv2d(channels, filters, 3, stride=stride, padding=1, bias=False)
    return nn.Sequential(convolution, nn.BatchNorm2d(filters), nn.ReLU())


def _with_anchors(scores: list[Tensor], size: torch.Size, sides: list[float]) -> Tensor:
    """Boxes (n, k * 5, H, W) and classes (n, k * classes, H, W) to (n, H * W * k, 9 + classes).

    Places are spread evenly over images of this `size`.
    """
    n, _, height, width = scores[0].shape
    boxes, classes = (part.permute(0, 2, 3, 1).reshape(n, height * width * len(sides), -1) for part in scores)
    offsets, objectness = boxes[..., :4], boxes[..., 4:]
    objectness = objectness - math.log((1 - _PRIOR) / _PRIOR)
    across = (torch.arange(width, device=boxes.device) + 0.5) * (size[1] / width)
    down = (torch.arange(height, device=boxes.device) + 0.5) * (size[0] / height)
    middle = torch.stack([across.repeat(height), down.repeat_interleave(width)], dim=1)  # (H * W, 2)
    half = torch.tensor(sides, device=boxes.device) / 2
    corners = torch.cat([middle[:, None] - half[:, None], middle[:, None] + half[:, None]], dim=2).view(-1, 4)
    said = torch.cat([offsets, objectness, classes], dim=2).float()  # anchors in half precision lie pixels beside
    return torch.cat([corners.expand(n, -1, -1), said], dim=2)
