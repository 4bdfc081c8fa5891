"""Pre-training on an easier question about the same examples: which of a few groups of look-alike classes is it?

Curriculum by coarse labels: Stretcu et al., Coarse-to-Fine Curriculum Learning (2021), https://arxiv.org/abs/2106.04072;
with two groups it is a yes/no question. Classes are ordered along the first principal component of their mean images
and cut into groups of equal size, so that any data set has such a question.
"""

from collections.abc import Callable

import torch
from torch import Tensor

from suite.training.arguments import PositiveInt
from suite.training.examples import Examples
from suite.training.stage import Plan


def build(
    task: Examples,
    others: Callable[[], Examples],
    *,
    epochs: PositiveInt,
    groups: PositiveInt = 2,
    freeze: bool = False,
) -> Plan:
    """For `epochs` epochs on the task's own examples. Raises ValueError if there are not more classes than `groups`."""
    if groups >= task.classes:
        raise ValueError(f"pretraining.groups {groups} is not fewer than the {task.classes} classes")
    coarse = group_of_class(task, groups)[task.targets]
    return Plan(examples=Examples(task.inputs, coarse, groups), epochs=epochs, freeze=freeze)


def group_of_class(task: Examples, groups: int) -> Tensor:
    """int64 (classes,): each class's group; a class without examples is taken for an average one."""
    inputs = task.inputs.flatten(1).double()
    means = inputs.mean(dim=0).repeat(task.classes, 1)
    for label in set(task.targets.tolist()):
        means[label] = inputs[task.targets == label].mean(dim=0)
    centred = means - means.mean(dim=0)
    _, _, components = torch.linalg.svd(centred, full_matrices=False)
    rank = (centred @ components[0]).argsort(stable=True).argsort(stable=True)
    groups_of: Tensor = rank * groups // task.classes
    return groups_of
