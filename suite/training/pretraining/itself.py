"""Pre-training on the task itself: training stops, begins anew from its weights, and has learnt nothing else before.

What another question adds is what it adds to this. The start anew: Loshchilov and Hutter, SGDR (2016).
"""

from collections.abc import Callable

from suite.training.arguments import PositiveInt
from suite.training.examples import Examples
from suite.training.stage import Plan


def build(task: Examples, others: Callable[[], Examples], *, epochs: PositiveInt, freeze: bool = False) -> Plan:
    """For `epochs` epochs on the task's own examples. The layers that know the classes are drawn anew all the same."""
    return Plan(examples=task, epochs=epochs, freeze=freeze)
