"""Activation functions by name, for the models that let one choose."""

from torch import nn


def activation(name: str) -> nn.Module:
    """A new module. PReLU starts at 0.25 (He et al., 2015), leaky ReLU leaks 0.01 (Maas et al., 2013)."""
    if name == "relu":
        return nn.ReLU(inplace=True)
    if name == "leaky_relu":
        return nn.LeakyReLU(0.01, inplace=True)
    kinds: dict[str, type[nn.Module]] = {"prelu": nn.PReLU, "tanh": nn.Tanh, "sigmoid": nn.Sigmoid}
    return kinds[name]()
