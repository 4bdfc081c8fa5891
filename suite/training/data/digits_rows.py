"""The handwritten digits of `digits` read from top to bottom: 8 places, each a row of 8 pixels.

Le et al., A Simple Way to Initialize Recurrent Networks of Rectified Linear Units (2015) read MNIST so.
"""

from suite.training.arguments import PositiveInt
from suite.training.data import digits
from suite.training.data_cache import Dataset
from suite.training.fetch import Fetch


def build(fetch: Fetch, *, test_examples: PositiveInt = 897) -> Dataset:
    """Series (N, 8, 8), values from 0 to 1; the test part is that of `digits`."""
    images = digits.build(fetch, test_examples=test_examples)
    inputs, test_inputs = (part[..., 0].float() / 255 for part in (images.inputs, images.test_inputs))
    return Dataset(inputs, images.targets, test_inputs, images.test_targets, images.classes)
