"""Which layers carry weights that an initialisation scheme fills."""

from torch import nn

WEIGHTED = (nn.Linear, nn.Conv1d, nn.Conv2d)
