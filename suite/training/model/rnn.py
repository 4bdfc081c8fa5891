"""Recurrent networks for sequences: embedding, recurrent layers, scores of the whole or of every place.

Hochreiter and Schmidhuber, Long Short-Term Memory (1997); Cho et al., Learning Phrase Representations using RNN
Encoder-Decoder (2014) for the GRU. Where dropout goes: Zaremba et al., Recurrent Neural Network Regularization (2014).
Tied weights: Press and Wolf, Using the Output Embedding to Improve Language Models (2016).
"""

from collections.abc import Callable
from functools import partial
from typing import Literal

import torch
from torch import Tensor, nn

from suite.training import padding
from suite.training.arguments import Fraction, NonNegativeFloat, NonNegativeInt, PositiveFloat, PositiveInt
from suite.training.recurrent import Cell, Layer, State, backwards
from suite.training.solve import nearest, parameters


def build(
    input_shape: tuple[int, ...],
    classes: int,
    *,
    cell: Literal["lstm", "gru", "tanh", "layer_norm_lstm"] = "lstm",
    embedding: NonNegativeInt,
    hidden: PositiveInt,
    layers: PositiveInt = 1,
    bidirectional: bool = False,
    pooling: Literal["last", "mean", "max", "none"] = "last",
    dropout: Fraction = 0.0,
    dropout_at: tuple[Literal["embedding", "between", "output"], ...] = (),
    norm: Literal["layer", "batch"] = "layer",
    norm_at: tuple[Literal["embedding", "between", "output"], ...] = (),
    tied: bool = False,
    as_many_as: Literal["none", "lstm", "gru", "tanh", "layer_norm_lstm"] = "none",
    as_many_as_layers: NonNegativeInt = 0,
    hidden_per_embedding: NonNegativeFloat = 0.0,
    times: PositiveFloat = 1.0,
) -> nn.Module:
    """`input_shape` is (symbols,) for tokens (n, T), (C, T) for series (n, T, C); padding as in training/padding.py.

    Gives scores (n, classes): from the `last` place that holds something, the `mean` or the `max` over those places. Of
    a layer that reads backwards, the last place is the first.
    With `pooling` "none" every place has scores, (n, T, classes), in which only what came before it has a part.

    Series go straight into the first layer if `embedding` is 0, else through a linear map to that width. `dropout` and
    `norm` act after the embedding, between recurrent layers and before the output, where `dropout_at` and `norm_at` say
    so. `tied` uses the embedding's weights for the scores.

    Sizes can be solved for, so that the network has as nearly as possible as many parameters as it would have with the
    cell `as_many_as`, with `as_many_as_layers`, with `embedding` and `hidden` as given in place of a `hidden` that is
    `hidden_per_embedding` times the `embedding`; or so many `times` as many behind the embedding. `hidden` is what
    gives way, and `embedding` with it where the two are tied or have that ratio.

    Raises ValueError for settings that contradict each other, and a number of parameters that nothing fits.
    """
    if tied and (embedding != hidden or hidden_per_embedding or pooling != "none" or len(input_shape) > 1):
        raise ValueError("model.tied needs tokens, pooling none, and embedding and hidden of one size")
    if bidirectional and pooling == "none":
        raise ValueError("model.bidirectional looks ahead: it needs a pooling")
    if not embedding and len(input_shape) == 1:
        raise ValueError("model.embedding 0 is for series: tokens need an embedding")
    if not embedding and hidden_per_embedding:
        raise ValueError("model.hidden_per_embedding needs an embedding")

    def network(width: int, size: int, cell: Cell = cell, layers: int = layers) -> nn.Module:
        first, entrance = _entrance(input_shape, width)
        inner = 2 * size if bidirectional else size
        return Recurrent(
            entrance=entrance,
            layers=[_Directions(cell, first if k == 0 else inner, size, bidirectional) for k in range(layers)],
            output=nn.Linear(inner, classes),
            after=lambda place: _after(
                first if place == "embedding" else inner, place, dropout, dropout_at, norm, norm_at
            ),
            pooling=pooling,
            bidirectional=bidirectional,
            tied=tied,
        )

    def solved(size: int) -> nn.Module:
        if hidden_per_embedding:
            return network(max(1, round(size / hidden_per_embedding)), size)
        return network(size if tied else embedding, size)

    if as_many_as == "none" and not as_many_as_layers and not hidden_per_embedding and times == 1:
        return network(embedding, hidden)
    model = cell if as_many_as == "none" else as_many_as
    wanted = parameters(lambda: network(embedding, hidden, model, as_many_as_layers or layers))
    entrance = parameters(lambda: _entrance(input_shape, embedding)[1])
    wanted += round((times - 1) * (wanted - entrance))
    return solved(nearest(solved, wanted))


class Recurrent(nn.Module):
    """See `build`."""

    def __init__(
        self,
        *,
        entrance: nn.Module,
        layers: list["_Directions"],
        output: nn.Linear,
        after: Callable[[str], nn.Module],
        pooling: str,
        bidirectional: bool,
        tied: bool,
    ) -> None:
        super().__init__()
        self.pooling, self.bidirectional = pooling, bidirectional
        self.carries_state = pooling == "none"
        self.embedding, self.after_embedding = entrance, after("embedding")
        for number, layer in enumerate(layers, start=1):
            self.add_module(f"recurrent{number}", layer)
            self.add_module(f"after{number}", after("between" if number < len(layers) else "output"))
        self.depth = len(layers)
        self.output = output
        if tied:
            self.output.weight = self.embedding.get_parameter("weight")

    def forward(self, inputs: Tensor) -> Tensor:
        """Sequences from their beginning."""
        return self.step(inputs, None)[0]

    def step(self, inputs: Tensor, state: list[State] | None) -> tuple[Tensor, list[State]]:
        """Scores, and each layer's state after the last place, from which the next step may go on."""
        present = padding.mask(inputs)
        lengths = present.sum(dim=1)
        values = self.embedding(inputs.long() if inputs.ndim == 2 else torch.nan_to_num(inputs))
        values, states = self.after_embedding(values, present), list[State]()
        for number in range(1, self.depth + 1):
            layer, after = self.get_submodule(f"recurrent{number}"), self.get_submodule(f"after{number}")
            values, last = layer(values, lengths, None if state is None else state[number - 1])
            states.append(last)
            if number < self.depth or self.pooling == "none":
                values = after(values, present)
        if self.pooling == "none":
            return self.output(values), states
        if self.pooling == "last":
            pooled = _last(values, lengths, self.bidirectional)
        else:
            pooled = _pooled(values, present, lengths, self.pooling)
        return self.output(self.get_submodule(f"after{self.depth}")(pooled, None)), states


class _Directions(nn.Module):
    """A recurrent layer from left to right, and if asked for another one from each sequence's end."""

    def __init__(self, cell: Cell, width: int, hidden: int, bidirectional: bool) -> None:
        super().__init__()
        self.forwards = Layer(cell, width, hidden)
        self.backwards = Layer(cell, width, hidden) if bidirectional else None

    def forward(self, values: Tensor, lengths: Tensor, state: State | None) -> tuple[Tensor, State]:
        outputs, last = self.forwards(values, state)
        if self.backwards is None:
            return outputs, last
        mirrored, _ = self.backwards(backwards(values, lengths))
        return torch.cat([outputs, backwards(mirrored, lengths)], dim=2), last


class _After(nn.Module):
    """Normalisation and dropout of (n, T, C) with the places that hold something (n, T), or of (n, C)."""

    def __init__(self, norm: nn.Module | None, dropout: float) -> None:
        super().__init__()
        self.norm = norm
        self.dropout = nn.Dropout(dropout)

    def forward(self, values: Tensor, present: Tensor | None) -> Tensor:
        if isinstance(self.norm, nn.BatchNorm1d) and present is not None:
            kept = values.new_zeros(values.shape)
            kept[present] = self.norm(values[present])  # padding has no part in the batch's mean
            values = kept
        elif self.norm is not None:
            values = self.norm(values)
        dropped: Tensor = self.dropout(values)
        return dropped


def _after(
    width: int, place: str, dropout: float, dropout_at: tuple[str, ...], norm: str, norm_at: tuple[str, ...]
) -> nn.Module:
    kind = partial(nn.LayerNorm if norm == "layer" else nn.BatchNorm1d, width)
    return _After(kind() if place in norm_at else None, dropout if place in dropout_at else 0.0)


def _entrance(input_shape: tuple[int, ...], width: int) -> tuple[int, nn.Module]:
    """What the first layer gets per place: how wide it is, and what makes it."""
    if len(input_shape) == 1:
        return width, nn.Embedding(input_shape[0], width, padding_idx=0)
    channels = input_shape[0]
    return (width, nn.Linear(channels, width)) if width else (channels, nn.Identity())


def _last(values: Tensor, lengths: Tensor, bidirectional: bool) -> Tensor:
    """(n, T, C) to (n, C): where each direction has read everything; the first place if there is nothing."""
    rows = (lengths - 1).clamp(min=0)[:, None, None]
    if not bidirectional:
        return values.gather(1, rows.expand(-1, 1, values.shape[2]))[:, 0]
    there, back = values.chunk(2, dim=2)
    return torch.cat([there.gather(1, rows.expand_as(there[:, :1]))[:, 0], back[:, 0]], dim=1)


def _pooled(values: Tensor, present: Tensor, lengths: Tensor, pooling: str) -> Tensor:
    """(n, T, C) to (n, C); of a sequence with nothing in it, zeros."""
    if pooling == "mean":
        mean: Tensor = (values * present[:, :, None]).sum(dim=1) / lengths.clamp(min=1)[:, None]
        return mean
    largest: Tensor = (
        values.masked_fill(~present[:, :, None], -torch.inf).amax(dim=1).masked_fill((lengths == 0)[:, None], 0.0)
    )
    return largest
