"""A small convolutional network that maps images of one class close to one another, also of classes never seen.

The layout of Vinyals et al., Matching Networks (2016), section 4.1.1, for Omniglot: blocks of a 3x3 convolution, batch
normalisation, activation and pooling. On top of it a linear layer for the embedding, as Schroff et al., FaceNet (2015).
The classes' scores are cosines, as what is searched by is: Zhai and Wu, Classification is a Strong Baseline for Deep
Metric Learning (2018), sections 3.1 and 3.2.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional

from suite.training.arguments import PositiveFloat, PositiveInt
from suite.training.embeddings import DIMENSIONS


def build(
    input_shape: tuple[int, int, int],
    classes: int,
    *,
    widths: tuple[PositiveInt, ...] = (16, 32, 32),
    head: bool = True,
    temperature: PositiveFloat = 0.05,
) -> nn.Module:
    """`input_shape` is (C, H, W). Maps float (n, C, H, W) to (n, 64 + classes), or (n, 64) without a `head`.

    The output is that of `suite.training.embeddings`. The head gives the cosines to a vector of each class, over the
    `temperature`: Zhai and Wu's by default.
    """
    return _Embedder(input_shape, classes if head else 0, widths, temperature)


class _Embedder(nn.Module):
    def __init__(
        self, input_shape: tuple[int, int, int], classes: int, widths: tuple[int, ...], temperature: float
    ) -> None:
        super().__init__()
        channels, height, width = input_shape
        blocks: list[nn.Module] = []
        for filters in widths:
            blocks += [nn.Conv2d(channels, filters, 3, padding=1), nn.BatchNorm2d(filters), nn.MaxPool2d(2), nn.ReLU()]
            channels, height, width = filters, height // 2, width // 2
        self.backbone = nn.Sequential(*blocks, nn.Flatten())
        self.embedding = nn.Linear(channels * height * width, DIMENSIONS)
        self.heads = nn.ModuleList([_Cosines(DIMENSIONS, classes, temperature)] if classes else [])

    def forward(self, images: Tensor) -> Tensor:
        embedding: Tensor = self.embedding(self.backbone(images))
        return torch.cat([embedding, *(head(embedding) for head in self.heads)], dim=1)


class _Cosines(nn.Linear):
    def __init__(self, dimensions: int, classes: int, temperature: float) -> None:
        super().__init__(dimensions, classes, bias=False)
        self.temperature = temperature

    def forward(self, embedding: Tensor) -> Tensor:
        return functional.linear(functional.normalize(embedding), functional.normalize(self.weight)) / self.temperature
