"""An embedder is trained to tell classes apart first, then by the task's own loss (tip C11).

Compare Hermans et al., In Defense of the Triplet Loss (2017), who fine-tune from classification.
"""

from collections.abc import Callable

from suite.training.arguments import PositiveInt
from suite.training.examples import Examples
from suite.training.stage import Plan


def build(task: Examples, others: Callable[[], Examples], *, epochs: PositiveInt, freeze: bool = False) -> Plan:
    """For `epochs` epochs on the task's own examples, by the cross-entropy of the network's head.

    In random order: several examples of a class in a batch, which triplets need, harm this loss (docs/objects.md).
    """
    mechanisms = {"loss": "head_cross_entropy", "order": "shuffled"}
    return Plan(examples=task, epochs=epochs, freeze=freeze, mechanisms=mechanisms)
