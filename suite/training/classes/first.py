"""The first few classes; the others are left for pre-training, as in transfer between halves of a data set.

Yosinski et al., How Transferable Are Features in Deep Neural Networks? (2014), section 3.
"""

from suite.training.arguments import PositiveInt


def build(classes: int, *, count: PositiveInt) -> int:
    """`classes` is how many the data set has. Raises ValueError if `count` is not fewer."""
    if count >= classes:
        raise ValueError(f"classes.count {count} leaves no class out: the data set has {classes}")
    return count
