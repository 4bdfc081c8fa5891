"""What a network for metric learning gives: an embedding, and perhaps scores of classes behind it.

Its output is (n, DIMENSIONS), or (n, DIMENSIONS + classes) with a classification head: so that loss and task need to
know nothing of the network.
"""

from torch import Tensor
from torch.nn import functional

DIMENSIONS = 64


def embedded(outputs: Tensor) -> Tensor:
    """The embeddings alone, of length 1: (n, DIMENSIONS), in single precision."""
    return functional.normalize(outputs[:, :DIMENSIONS].float())


def scores(outputs: Tensor) -> Tensor:
    """The scores alone, (n, classes). Raises ValueError if the network has no head."""
    if outputs.shape[1] == DIMENSIONS:
        raise ValueError("this loss needs a network with a classification head (model.head: true)")
    return outputs[:, DIMENSIONS:]
