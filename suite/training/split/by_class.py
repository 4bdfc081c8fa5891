"""Validation on classes that are not trained on: what metric learning is for.

Musgrave et al., A Metric Learning Reality Check (2020), section 3.3: validation classes apart from training classes.
"""

import torch
from torch import Tensor

from suite.training.split import Parts


def build(rows: Tensor, targets: Tensor, train: int, validation: int, generator: torch.Generator) -> Parts:
    """As in `random`, for labels (N,). Classes are drawn until they have `validation` examples; others are trained on.

    Raises ValueError if that does not leave `train` examples of at least two classes.
    """
    drawn = rows[torch.randperm(len(rows), generator=generator)]
    labels = targets.new_empty(int(rows.max()) + 1)
    labels[rows] = targets
    kinds, counts = torch.unique(targets, return_counts=True)
    order = torch.randperm(len(kinds), generator=generator)
    enough = int((counts[order].cumsum(0) < validation).sum()) + 1
    held = torch.isin(labels[drawn], kinds[order[:enough]])
    mine, theirs = drawn[~held][:train], drawn[held][:validation]
    if len(mine) < train or len(theirs) < validation or len(kinds) - enough < 2:
        raise ValueError(f"split: by_class leaves {len(mine)} examples to train on, fewer than {train}, or one class")
    return Parts(mine, theirs, apart=True)
