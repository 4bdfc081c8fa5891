"""Examples of one part of a data set as a network is trained or scored on them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor, nn

from suite.training import padding


@dataclass(frozen=True)
class Examples:
    """Inputs after preprocessing: images (n, H, W, C), series (n, T, C) or tokens (n, T) (`padding.py`)."""

    inputs: Tensor
    targets: Tensor
    """As in `targets.py`."""
    classes: int
    symbols: int = 0
    """How many different tokens there are, padding included."""

    @cached_property
    def lengths(self) -> Tensor | None:
        """int64 (n,); None of images."""
        return padding.lengths(self.inputs)

    @property
    def shape(self) -> tuple[int, ...]:
        """What a network is built for: (C, H, W) of images, (C, T) of series, (symbols,) of tokens."""
        if self.inputs.ndim == 2:
            return (self.symbols,)
        *sides, channels = self.inputs.shape[1:]
        return (channels, *sides)


@dataclass(frozen=True, kw_only=True)
class Device:
    """Where and how numbers are kept: what every part of a trial has in common."""

    name: str
    precision: str
    layout: torch.memory_format
    trim: bool = True
    """Whether a batch of sequences ends where its longest one does."""

    def images(self, rows: Tensor) -> Tensor:
        """(n, H, W, C) in memory as (n, C, H, W): free of cost for channels_last. Sequences as they are."""
        return rows.permute(0, 3, 1, 2).contiguous(memory_format=self.layout) if rows.ndim == 4 else rows

    def autocast(self) -> torch.autocast:
        """For forward passes."""
        return torch.autocast(self.name, dtype=torch.bfloat16, enabled=self.precision == "bf16")

    def place(self, model: nn.Module) -> nn.Module:
        """The network there, in that layout."""
        return model.to(device=self.name, memory_format=self.layout)  # type: ignore[call-overload, no-any-return]

    def synchronize(self) -> None:
        """Waits until the device has done what it was given: before the clock is read."""
        if self.name == "cuda":
            torch.cuda.synchronize()


class Resident:
    """Examples on the device, all of them, from which batches are gathered."""

    def __init__(self, examples: Examples, device: Device) -> None:
        self.inputs = examples.inputs.contiguous().to(device.name)
        self.targets = examples.targets.to(device.name)
        self.lengths = examples.lengths
        self.device = device

    def __len__(self) -> int:
        return len(self.targets)

    def batches(self, rows: Sequence[Tensor]) -> Iterator[tuple[Tensor, Tensor]]:
        """Inputs as the network takes them, and targets; `rows` are the places of each batch's examples, on the CPU."""
        there = torch.cat(list(rows)).to(self.device.name)  # one transfer for all
        for mine, chosen in zip(rows, torch.split(there, [len(batch) for batch in rows]), strict=True):
            inputs = self.inputs[chosen]
            if self.lengths is not None:
                inputs = inputs[:, : self.width(mine)]
            yield self.device.images(inputs), self.targets[chosen]

    def width(self, rows: Tensor) -> int:
        """Places that a batch of sequences has."""
        assert self.lengths is not None
        return max(1, int(self.lengths[rows].max())) if self.device.trim else self.inputs.shape[1]

    def places(self, rows: Sequence[Tensor]) -> tuple[int, int]:
        """How many places of sequences the batches hold, without padding and with it; zeros for images."""
        if self.lengths is None:
            return 0, 0
        return int(self.lengths[torch.cat(list(rows))].sum()), sum(len(batch) * self.width(batch) for batch in rows)

    def sample(self, examples: int) -> tuple[Tensor, Tensor]:
        """The first few as a batch, of the mean length: what a batch costs."""
        inputs, targets = self.inputs[:examples], self.targets[:examples]
        if self.lengths is not None and self.device.trim:
            inputs = inputs[:, : max(1, round(float(self.lengths.double().mean())))]
        return self.device.images(inputs), targets
