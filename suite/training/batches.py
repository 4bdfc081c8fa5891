"""Which examples a batch holds: in the order that training asks for, and for scoring as is quickest or as is right."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn


@dataclass(frozen=True)
class Order:
    """In which order an epoch visits the examples (the `order` slot)."""

    epoch: Callable[[torch.Generator], Tensor]
    """Gives their places, int64 (N,) or fewer."""
    continues: bool = False
    """Example k of a batch goes on where example k of the batch before ended: the network's state is carried over."""


def streams(examples: int, wanted: int) -> list[Tensor]:
    """Examples that follow one another, read as `wanted` streams side by side: the rows of each batch.

    Row k of each batch goes on where row k of the batch before ended. The last streams may be shorter or, of few
    examples, missing: then later batches are smaller.
    """
    steps = -(-examples // wanted)
    starts = torch.arange(-(-examples // steps)) * steps
    return [rows[rows < examples] for step in range(steps) for rows in [starts + step]]


def scoring_batches(lengths: Tensor | None, examples: int, batch_size: int, *, continues: bool) -> list[Tensor]:
    """Rows of each batch in which examples are scored; every example is in one.

    Streams where the state is carried over; else examples of like length (`lengths` (N,), None where all have the same)
    together, which computes the least padding and changes no score.
    """
    if continues:
        return streams(examples, batch_size)
    order = torch.arange(examples) if lengths is None else lengths.argsort(stable=True)
    return list(torch.split(order, batch_size))


class Carried(nn.Module):
    """A network that remembers: what it is called with goes on where the call before ended. One for each pass.

    Raises ValueError for a network without `step(inputs, state)`, which gives scores and the next state.
    """

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        if not getattr(network, "carries_state", False):
            raise ValueError("order: streams needs a network that carries a state over, such as `rnn` without pooling")
        self.network = network
        self.step: Any = network.step
        self.state: Any = None

    def forward(self, inputs: Tensor) -> Tensor:
        """(n, ...) to scores; streams that have ended are missing from the end of the batch. No gradient flows back."""
        if self.state is not None:
            self.state = [tuple(part[:, : len(inputs)].detach() for part in layer) for layer in self.state]
        outputs: Tensor
        outputs, self.state = self.step(inputs, self.state)
        return outputs
