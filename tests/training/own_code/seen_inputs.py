"""A user's own preprocessing: pixel values in [0, 1], and a copy of what it was given."""

from collections.abc import Callable

from torch import Tensor

GIVEN: list[Tensor] = []
"""What the mechanism is built with, then what it is applied to: training, validation and, if so, test inputs."""


def build(train_inputs: Tensor) -> Callable[[Tensor], Tensor]:
    GIVEN.append(train_inputs.clone())

    def preprocess(inputs: Tensor) -> Tensor:
        GIVEN.append(inputs.clone())
        return inputs.float() / 255

    return preprocess
