"""Letters and digits in many fonts, bent, cluttered and noisy; those to test on are never seen in training.

Made as `glyphs` are. For metric learning, as Omniglot is used (Lake et al., 2015): what is learnt from some characters
is to tell others apart.
"""

from functools import partial

from suite.errors import DataError
from suite.training.arguments import NonNegativeFloat, NonNegativeInt, PositiveInt
from suite.training.data import glyphs
from suite.training.data_cache import Dataset
from suite.training.fetch import Fetch


def build(
    fetch: Fetch,
    *,
    letters: str = "ABCDEFGHJKLMNPQRSTUVWXYZabdefghijmnqrty23456789",
    pool_examples: PositiveInt = 4000,
    test_examples: PositiveInt = 1500,
    pixels: PositiveInt = 20,
    noise: NonNegativeFloat = 0.08,
    seed: NonNegativeInt = 0,
) -> Dataset:
    """Images of `pixels` x `pixels`, grey. Every third of the `letters` is for the test, the others are for training.

    Raises DataError if a letter comes twice, or there are fewer than nine.
    """
    unseen = letters[2::3]
    seen = "".join(letter for letter in letters if letter not in unseen)
    if len(letters) < 9 or len(set(letters)) < len(letters):
        raise DataError(f"data.letters {letters!r}: at least nine letters, none of them twice")
    drawn = partial(glyphs.build, fetch, test_examples=1, pixels=pixels, noise=noise)
    pool = drawn(letters=seen, pool_examples=pool_examples, seed=seed)
    test = drawn(letters=unseen, pool_examples=test_examples, seed=seed + 1)
    return Dataset(pool.inputs, pool.targets, test.inputs, test.targets + len(seen), (*pool.classes, *test.classes))
