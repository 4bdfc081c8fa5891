"""Pre-training on the data set's other classes, then fine-tuning on the task's.

Yosinski et al., How Transferable Are Features in Deep Neural Networks? (2014); Girshick et al., Rich Feature
Hierarchies (2013) for fine-tuning where examples are few.
"""

from collections.abc import Callable

from suite.training.arguments import PositiveInt
from suite.training.examples import Examples
from suite.training.stage import Plan


def build(
    task: Examples,
    others: Callable[[], Examples],
    *,
    epochs: PositiveInt,
    examples: PositiveInt = 20_000,
    freeze: bool = False,
    backbone_only: bool = False,
) -> Plan:
    """For `epochs` epochs on at most so many `examples` of the classes that `classes` leaves out.

    `freeze` leaves the layers before the first fully connected one as pre-training left them. With `backbone_only` a
    detector's other layers begin anew: where objects of other sizes are to be found, what those know misleads. Raises
    ValueError if no class is left out, or if there is no backbone.
    """
    left_out = others()
    if not left_out.classes:
        raise ValueError("pretraining needs classes that the task leaves out: classes: first, classes.count")
    few = Examples(left_out.inputs[:examples], left_out.targets[:examples], left_out.classes)
    return Plan(examples=few, epochs=epochs, freeze=freeze, backbone_only=backbone_only)
