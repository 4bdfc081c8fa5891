"""Recurrent layers by the book: hidden-to-hidden weights orthogonal or Xavier, input weights Xavier or He.

Saxe et al., Exact solutions to the nonlinear dynamics of learning (2013) for the orthogonal ones; Glorot and Bengio
(2010); He et al. (2015). Forget bias: Jozefowicz et al., An Empirical Exploration of Recurrent Network Architectures
(2015).
"""

from collections.abc import Callable
from typing import Literal

import torch
from torch import Tensor, nn

from suite.training.arguments import NonNegativeFloat
from suite.training.layers import fill
from suite.training.recurrent import RECURRENT, gates


def build(
    *,
    hidden: Literal["torch_default", "orthogonal", "xavier"] = "orthogonal",
    rest: Literal["torch_default", "xavier", "he"] = "xavier",
    forget_bias: NonNegativeFloat = 0.0,
) -> Callable[[nn.Module], None]:
    """Fills recurrent, linear and convolution layers, gate by gate; leaves any other module as it is.

    `hidden` is for hidden-to-hidden weights, `rest` for all others. Biases are zero where `rest` is not torch's; the
    forget gates' (of an LSTM) are `forget_bias`.
    """

    def fill_any(module: nn.Module) -> None:
        if isinstance(module, RECURRENT):
            _fill_recurrent(module, hidden, rest, forget_bias)
        elif rest != "torch_default":
            fill(module, _FILLS[rest])

    return fill_any


_FILLS: dict[str, Callable[[Tensor], Tensor]] = {
    "orthogonal": nn.init.orthogonal_,
    "xavier": nn.init.xavier_uniform_,
    "he": nn.init.kaiming_uniform_,
}


@torch.no_grad()
def _fill_recurrent(module: nn.Module, hidden: str, rest: str, forget_bias: float) -> None:
    for name, parameter in module.named_parameters(recurse=False):
        scheme = hidden if name.startswith("weight_hh") else rest
        if scheme == "torch_default":
            continue
        if name.startswith("bias"):
            parameter.zero_()
            continue
        for gate in parameter.chunk(gates(module)):
            _FILLS[scheme](gate)
    if forget_bias and gates(module) == 4:  # two biases are added: one of them carries it
        bias = module.get_parameter("bias_ih_l0")
        forget = slice(len(bias) // 4, len(bias) // 2)
        bias[forget] = forget_bias
        if hasattr(module, "bias_hh_l0"):
            module.get_parameter("bias_hh_l0")[forget] = 0.0
