"""Rare classes, and who is in which part of the split."""

import pytest
import torch
from tiny import random_dataset, run, trial

from suite.training.balance import long_tail
from suite.training.rows import Split, scored_rows, split_rows

DATA = random_dataset(pool=400)
SIZES = {"train_examples": 200, "validation_examples": 100}


def split(train_share: float = 1.0, seed: int = 3, **changes: object) -> Split:
    sizes = {"train_examples": 100, "validation_examples": 50} if "classes" in changes else SIZES
    return split_rows(trial(**changes).settings, DATA, seed, train_share=train_share, **sizes)


def test_classes_get_rarer_by_the_same_factor_from_each_to_the_next() -> None:
    targets = (torch.arange(4000) % 4)[torch.randperm(4000, generator=torch.Generator().manual_seed(0))]
    rows = 7 * torch.arange(4000)  # rows of the data set, not places among the chosen
    kept = long_tail.build(rows, targets, 4, "train", ratio=1000.0)
    assert torch.bincount(targets[kept // 7]).tolist() == [1000, 100, 10, 1]
    assert torch.equal(kept, kept.sort().values)  # thinned, not reordered


def test_no_class_is_lost_however_rare() -> None:
    targets = torch.arange(30) % 3
    kept = long_tail.build(torch.arange(30), targets, 3, "train", ratio=1e6)
    assert torch.bincount(targets[kept]).tolist() == [10, 1, 1]


def test_the_most_frequent_class_sets_the_scale_and_an_absent_one_stays_absent() -> None:
    targets = torch.tensor([0] * 2 + [1] * 2 + [2] * 8)
    kept = long_tail.build(torch.arange(12), targets, 4, "train", ratio=2.0)
    assert torch.bincount(targets[kept], minlength=4).tolist() == [2, 2, 5, 0]


def test_a_ratio_that_would_leave_all_as_it_is_is_refused() -> None:
    with pytest.raises(ValueError, match=r"balance.ratio 0.5 is below 1"):
        long_tail.build(torch.arange(4), torch.arange(4) % 2, 2, "train", ratio=0.5)


def test_validation_is_the_same_and_balanced_whatever_training_sees() -> None:
    given, rare = split(), split(balance="long_tail")
    assert torch.equal(given.validation, rare.validation)
    assert set(rare.train.tolist()) < set(given.train.tolist())
    assert not set(given.train.tolist()) & set(given.validation.tolist())


def test_the_whole_task_can_be_long_tailed() -> None:
    everywhere = {"balance": "long_tail", "balance__parts": "all", "balance__ratio": 4.0}
    part = split(**everywhere)
    assert torch.equal(part.train, split(balance="long_tail", balance__ratio=4.0).train)
    assert len(part.validation) < 100
    counts = torch.bincount(DATA.test_targets[scored_rows(trial(**everywhere).settings, DATA)], minlength=10)
    assert counts[0] > counts[9] > 0


def test_the_test_rows_of_a_balanced_task_are_all_of_them_in_order() -> None:
    rows = scored_rows(trial(balance="long_tail").settings, DATA)
    assert torch.equal(rows, torch.arange(len(DATA.test_targets)))


def test_the_first_classes_are_the_task_and_the_others_are_left_over() -> None:
    half = {"classes": "first", "classes__count": 4}
    part = split(**half)
    assert (part.classes, part.other_classes) == (DATA.classes[:4], DATA.classes[4:])
    assert len(part.train) == len(part.train.unique())
    assert torch.equal(part.labels[part.train], DATA.targets[part.train])
    assert torch.equal(part.labels[part.left_out] + 4, DATA.targets[part.left_out])
    assert len(part.left_out) == int((DATA.targets >= 4).sum())
    tested = DATA.test_targets[scored_rows(trial(**half).settings, DATA)]
    for labels in (part.labels[part.train], tested):
        assert labels.unique().tolist() == [0, 1, 2, 3]


def test_a_task_of_all_classes_leaves_none_out() -> None:
    with pytest.raises(ValueError, match=r"classes.count 10 leaves no class out: the data set has 10"):
        split(classes="first", classes__count=10)


def test_a_share_of_the_data_is_the_first_part_of_all_of_it() -> None:
    assert torch.equal(split(0.25).train, split().train[:50])


def test_too_few_examples_are_said_in_numbers() -> None:
    with pytest.raises(ValueError, match=rf"5000 \+ 100 examples asked for, the data set has {len(DATA.targets)}"):
        split_rows(trial().settings, DATA, 3, train_examples=5000, validation_examples=100)


def test_a_trial_counts_the_examples_it_trained_on() -> None:
    result = run(DATA, balance="long_tail", engine__batch_size=8)
    kept = len(split(balance="long_tail").train)
    assert {epoch.examples for epoch in result.epochs} == {8 * (kept // 8)}
