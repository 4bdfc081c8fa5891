"""Pre-training of a detector on an easier question about the same pictures: where is anything at all?

Tip B5: if the task is complex, train a yes/no classifier first, then fine-tune. Objects of all classes are of one: what
region proposals are, of which Ren et al., Faster R-CNN (2015), section 3.2, start the detector's training from.
"""

from collections.abc import Callable

from suite.training.arguments import PositiveInt
from suite.training.examples import Examples
from suite.training.stage import Plan
from suite.training.targets import are_boxes


def build(task: Examples, others: Callable[[], Examples], *, epochs: PositiveInt, freeze: bool = False) -> Plan:
    """For `epochs` epochs on the task's own examples. Raises ValueError unless their targets are boxes."""
    if not are_boxes(task.targets):
        raise ValueError("pretraining: yes_no is for boxes; for one label per image there is pretraining: coarse")
    boxes = task.targets.clone()
    boxes[..., 0] = boxes[..., 0].clamp_max(0)  # VOID, -1, where nothing is
    return Plan(examples=Examples(task.inputs, boxes, 1), epochs=epochs, freeze=freeze)
