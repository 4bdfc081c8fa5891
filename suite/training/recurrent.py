"""Recurrent layers: torch's own, and those that torch does not have, with one way to call them."""

from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional

Cell = Literal["lstm", "gru", "tanh", "layer_norm_lstm"]
State = tuple[Tensor, ...]
"""Of one layer, what it carries from place to place: each (1, n, hidden). The LSTM has two, the others one."""


class Layer(nn.Module):
    """One layer: series (n, T, width) and a state, or None for zeros, to (n, T, hidden) and the last state.

    torch's kernels run over padding as well; what comes out there, and the state of a padded example, mean nothing.
    """

    def __init__(self, cell: Cell, width: int, hidden: int) -> None:
        super().__init__()
        self.cell = _KINDS[cell](width, hidden)

    def forward(self, inputs: Tensor, state: State | None = None) -> tuple[Tensor, State]:
        """As above."""
        given = state[0] if state is not None and len(state) == 1 else state
        outputs, last = self.cell(inputs, given)
        return outputs, last if isinstance(last, tuple) else (last,)


class LayerNormLSTM(nn.Module):
    """An LSTM with layer normalisation of both sums and of the cell. Ba et al., Layer Normalization (2016), eq. 20-22.

    torch has none, and its fused kernels cannot be told: places are visited in Python, several times slower.
    """

    def __init__(self, width: int, hidden: int) -> None:
        super().__init__()
        self.hidden_size = hidden
        self.weight_ih_l0 = nn.Parameter(torch.empty(4 * hidden, width))
        self.weight_hh_l0 = nn.Parameter(torch.empty(4 * hidden, hidden))
        self.bias_ih_l0 = nn.Parameter(torch.empty(4 * hidden))
        self.norm_ih = nn.LayerNorm(4 * hidden, bias=False)
        self.norm_hh = nn.LayerNorm(4 * hidden, bias=False)
        self.norm_cell = nn.LayerNorm(hidden)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """As torch's LSTM; the norms reset themselves."""
        bound = self.hidden_size**-0.5
        for parameter in (self.weight_ih_l0, self.weight_hh_l0, self.bias_ih_l0):
            nn.init.uniform_(parameter, -bound, bound)

    def forward(self, inputs: Tensor, state: State | None = None) -> tuple[Tensor, State]:
        """As torch's LSTM with `batch_first`; gates in its order: input, forget, cell, output."""
        if state is None:
            zeros = inputs.new_zeros(len(inputs), self.hidden_size)
            hidden, cell = zeros, zeros
        else:
            hidden, cell = state[0][0], state[1][0]
        given = self.norm_ih(functional.linear(inputs, self.weight_ih_l0)) + self.bias_ih_l0
        outputs = []
        for place in given.unbind(dim=1):
            gates = place + self.norm_hh(functional.linear(hidden, self.weight_hh_l0))
            enter, forget, new, leave = gates.chunk(4, dim=1)
            cell = forget.sigmoid() * cell + enter.sigmoid() * new.tanh()
            hidden = leave.sigmoid() * self.norm_cell(cell).tanh()
            outputs.append(hidden)
        return torch.stack(outputs, dim=1), (hidden[None], cell[None])


_KINDS = {
    "lstm": lambda width, hidden: nn.LSTM(width, hidden, batch_first=True),
    "gru": lambda width, hidden: nn.GRU(width, hidden, batch_first=True),
    "tanh": lambda width, hidden: nn.RNN(width, hidden, batch_first=True),
    "layer_norm_lstm": LayerNormLSTM,
}
RECURRENT = (nn.LSTM, nn.GRU, nn.RNN, LayerNormLSTM)


def gates(module: nn.Module) -> int:
    """How many matrices of hidden size are stacked in a recurrent module's weights."""
    return len(module.get_parameter("weight_hh_l0")) // int(module.hidden_size)  # type: ignore[arg-type]


def backwards(inputs: Tensor, lengths: Tensor) -> Tensor:
    """Each sequence from its own end to its beginning, padding left where it is: (n, T, C), `lengths` (n,)."""
    places = torch.arange(inputs.shape[1], device=inputs.device).expand(len(inputs), -1)
    mirrored = lengths[:, None] - 1 - places
    rows = torch.where(mirrored >= 0, mirrored, places)
    return inputs.gather(1, rows[:, :, None].expand_as(inputs))
