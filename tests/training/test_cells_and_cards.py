"""Two published sets as one, of which the second is for pre-training only."""

from pathlib import Path
from typing import Any

import pytest
import torch

from suite.errors import DataError
from suite.training.data import bccd, cells_and_cards, playing_cards
from suite.training.data_cache import Dataset
from suite.training.fetch import Fetch
from suite.training.rows import scored_rows, split_rows
from suite.training.targets import VOID

SETTINGS = {
    **{"classes": "first", "classes.count": 2, "split": "random"},
    **{"labels": "as_given", "balance": "as_given"},
}
NOWHERE = Fetch(folders=(), staging=Path())


def pictures(n: int, rows: int, kinds: int, *, brightness: int) -> tuple[torch.Tensor, torch.Tensor]:
    """uint8 (n, 4, 6, 3) and boxes (n, rows, 5): of each kind in turn, and a row that holds none."""
    boxes = torch.tensor([0.0, 1, 1, 3, 3]).repeat(n, rows, 1)
    boxes[..., 0] = torch.arange(n)[:, None] % kinds
    boxes[:, -1] = torch.tensor([float(VOID), 0, 0, 0, 0])
    return torch.full((n, 4, 6, 3), brightness, dtype=torch.uint8), boxes


@pytest.fixture
def both(monkeypatch: pytest.MonkeyPatch) -> Dataset:
    """Made of dark pictures of cells and bright ones of cards."""

    def cells(fetch: Fetch, **size: Any) -> Dataset:
        assert size == {"height": 4, "width": 6}
        return Dataset(*pictures(10, 5, 2, brightness=10), *pictures(4, 5, 2, brightness=11), ("red", "white"))

    def cards(fetch: Fetch, **size: Any) -> Dataset:
        assert size == {"height": 4, "width": 6}
        return Dataset(*pictures(6, 2, 3, brightness=90), *pictures(3, 2, 3, brightness=91), ("ten", "jack", "ace"))

    monkeypatch.setattr(bccd, "build", cells)
    monkeypatch.setattr(playing_cards, "build", cards)
    return cells_and_cards.build(NOWHERE, height=4, width=6)


def test_the_task_is_the_cells_and_all_cards_are_for_pre_training(both: Dataset) -> None:
    split = split_rows(SETTINGS, both, 1, train_examples=6, validation_examples=4)
    mine = torch.cat([split.train, split.validation])
    assert set(both.inputs[mine].unique().tolist()) == {10}
    assert set(split.labels[mine][..., 0].unique().tolist()) == {VOID, 0, 1}
    assert sorted(both.inputs[split.left_out][:, 0, 0, 0].tolist()) == [90] * 6 + [91] * 3
    assert set(split.labels[split.left_out][..., 0].unique().tolist()) == {VOID, 0, 1, 2}
    assert (split.classes, split.other_classes) == (("red", "white"), ("ten", "jack", "ace"))


@pytest.mark.usefixtures("both")
def test_a_card_that_nobody_marked_is_not_taken_for_a_picture_of_cells(monkeypatch: pytest.MonkeyPatch) -> None:
    inputs, boxes = pictures(6, 2, 3, brightness=90)
    boxes[4, 0, 0] = VOID
    cards = Dataset(inputs, boxes, inputs[:3], boxes[:3], ("ten", "jack", "ace"))
    monkeypatch.setattr(playing_cards, "build", lambda fetch, **size: cards)
    with pytest.raises(DataError, match="without a card"):
        cells_and_cards.build(NOWHERE, height=4, width=6)


def test_cards_keep_their_boxes_and_are_never_tested_on(both: Dataset) -> None:
    _, boxes = pictures(6, 2, 3, brightness=90)
    moved = boxes[:, 0] + torch.tensor([2.0, 0, 0, 0, 0])
    assert torch.equal(both.targets[10:16, 0], moved)
    assert torch.equal(both.targets[10:16, 1:, 0], torch.full((6, 4), float(VOID)))
    assert torch.equal(scored_rows(SETTINGS, both), torch.arange(4))
    assert set(both.test_inputs.unique().tolist()) == {11}
