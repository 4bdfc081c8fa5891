"""Blood cells to be found, and playing cards to be trained on before: two sets of real pictures as one.

`bccd` with `playing_cards` behind it, whose kinds of card are further classes: with `classes: first` and
`classes.count: 3` the task is the cells, and `pretraining: other_classes` has the cards. Licences: see there.
"""

import torch

from suite.errors import DataError
from suite.training.arguments import PositiveInt
from suite.training.data import bccd, playing_cards
from suite.training.data_cache import Dataset
from suite.training.fetch import Fetch
from suite.training.targets import VOID


def build(fetch: Fetch, *, height: PositiveInt = 120, width: PositiveInt = 160) -> Dataset:
    """Pictures of `height` x `width`, in colour: 292 of cells and all 363 of cards, then 72 of cells to test on."""
    cells = bccd.build(fetch, height=height, width=width)
    cards = playing_cards.build(fetch, height=height, width=width)
    inputs = torch.cat([cells.inputs, cards.inputs, cards.test_inputs])
    boxes = torch.cat([cards.targets, cards.test_targets])
    if bool((boxes[..., 0] == VOID).all(dim=1).any()):
        raise DataError("playing_cards: a picture without a card would be taken for one of cells")
    boxes[..., 0] += torch.where(boxes[..., 0] == VOID, 0.0, float(len(cells.classes)))
    no_box = torch.tensor([float(VOID), 0, 0, 0, 0]).expand(len(boxes), cells.targets.shape[1] - boxes.shape[1], 5)
    targets = torch.cat([cells.targets, torch.cat([boxes, no_box], dim=1)])
    return Dataset(inputs, targets, cells.test_inputs, cells.test_targets, (*cells.classes, *cards.classes))
