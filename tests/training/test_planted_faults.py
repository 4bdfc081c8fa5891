"""Orders, labels and the bugs that are planted on purpose: each does what it says."""

from pathlib import Path

import pytest
import torch
from tiny import random_dataset, run, trial
from torch import nn
from torch.nn import functional

from suite.training.augment import shift_flip as augmentation
from suite.training.data_cache import load, prepare
from suite.training.evaluation import plain, shift_flip, training_mode
from suite.training.examples import Examples
from suite.training.gradients import never_zeroed
from suite.training.labels import as_given, misaligned, wrong
from suite.training.loss import cross_entropy, focal, softmax_twice
from suite.training.order import by_class, shuffled, shuffled_once, stored
from suite.training.rows import split_rows

ROWS, TARGETS = torch.tensor([7, 3, 9, 1, 5]), torch.tensor([2, 0, 1, 0, 2])


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def test_orders_are_what_their_names_say() -> None:
    few = Examples(torch.zeros(5, 1, 1, 1), TARGETS, 3)
    assert ROWS[stored.build(few, ROWS, 2).epoch(generator())].tolist() == [1, 3, 5, 7, 9]
    assert TARGETS[by_class.build(few, ROWS, 2).epoch(generator())].tolist() == [0, 0, 1, 2, 2]
    rows = torch.arange(100)
    for mechanism, varies in ((shuffled, True), (shuffled_once, False)):
        drawn, order = generator(), mechanism.build(Examples(rows, rows, 100), rows, 10).epoch
        first, second = order(drawn), order(drawn)
        assert sorted(first.tolist()) == sorted(second.tolist()) == rows.tolist()
        assert first.tolist() != rows.tolist()
        assert torch.equal(first, second) != varies


def test_an_epoch_in_the_order_of_classes_trains_on_one_class_after_another() -> None:
    small = {"engine__train_examples": 64, "engine__validation_examples": 32}
    sorted_run = run(random_dataset(), order="by_class", **small)
    assert sorted_run.epochs[0].train_loss != run(random_dataset(), order="shuffled", **small).epochs[0].train_loss


def test_a_share_of_labels_is_wrong_and_each_wrong_one_is_another_class() -> None:
    targets = torch.arange(10).repeat(1000)
    spoilt = wrong.build(10, fraction=0.4)(targets, generator())
    share = float((spoilt != targets).double().mean())
    assert abs(share - 0.4) < 0.02
    assert spoilt.min() == 0
    assert spoilt.max() == 9
    assert torch.equal(as_given.build(10)(targets, generator()), targets)


def test_boxes_and_pixels_have_no_label_to_be_wrong() -> None:
    with pytest.raises(ValueError, match="one label per example"):
        wrong.build(10)(torch.zeros(4, 3, 5), generator())


def test_misaligned_labels_belong_to_the_row_before() -> None:
    assert misaligned.build(10)(torch.tensor([4, 5, 6]), generator()).tolist() == [6, 4, 5]


def test_faulty_labels_spoil_validation_and_leave_the_test_set_alone(cache_dir: Path) -> None:
    dataset = load(prepare({"data": "digits", "data.test_examples": 897}, data_dirs=(), cache_dir=cache_dir))
    rolled = dataset._replace(test_targets=dataset.test_targets.roll(1))
    clean, faulty, rolled_test = (
        run(data, labels=name, engine__train_examples=400, engine__epochs=10)
        for data, name in ((dataset, "as_given"), (dataset, "misaligned"), (rolled, "as_given"))
    )
    assert clean.measurements["val_accuracy"] > 0.6
    assert faulty.measurements["val_accuracy"] < 0.3
    assert rolled_test.measurements["val_accuracy"] == clean.measurements["val_accuracy"]
    assert rolled_test.measurements["test_accuracy"] < 0.3


def test_gradients_that_are_never_zeroed_are_the_sum_of_all_so_far() -> None:
    parameter = nn.Parameter(torch.tensor([0.0, 0.0]))
    treat = never_zeroed.build()
    for gradient, total in (([3.0, 4.0], [3.0, 4.0]), ([1.0, 0.0], [4.0, 4.0]), ([1.0, -4.0], [5.0, 0.0])):
        parameter.grad = torch.tensor(gradient)
        norm = treat([parameter])
        assert parameter.grad.tolist() == total
        assert float(norm) == float(torch.tensor(total).norm())


def test_without_eval_the_scores_depend_on_the_rest_of_the_batch() -> None:
    torch.manual_seed(0)
    model = nn.Sequential(nn.BatchNorm1d(3), nn.Dropout(0.5))
    inputs = torch.randn(16, 3)
    right, bug = plain.build(), training_mode.build()
    assert torch.equal(right(model, inputs)[:4], right(model, inputs[:4]))
    assert not torch.allclose(bug(model, inputs)[:4], bug(model, inputs[:4]))


def test_images_that_are_augmented_when_scored_are_those_that_training_would_have_seen() -> None:
    images, labels = torch.randn(16, 1, 6, 6), torch.zeros(16, dtype=torch.int64)
    model = nn.Sequential(nn.Dropout(0.5), nn.Flatten())
    bug = shift_flip.build(pixels=2, flip=True)
    with torch.random.fork_rng():
        torch.manual_seed(5)
        scores = bug(model, images)
    moved, _ = augmentation.build(pixels=2, flip=True)(images, labels, generator(5))
    assert torch.equal(scores, moved.flatten(1))
    assert torch.equal(shift_flip.build(pixels=0, flip=False)(model, images), plain.build()(model, images))


def test_augmentation_in_evaluation_changes_scores_and_no_training() -> None:
    right, bug = (run(random_dataset(pool=400), evaluation=name) for name in ("plain", "shift_flip"))
    assert [epoch.train_loss for epoch in bug.epochs] == [epoch.train_loss for epoch in right.epochs]
    for name in ("val_loss", "test_loss"):
        assert bug.measurements[name] != right.measurements[name]


def test_a_share_of_the_validation_examples_is_some_of_them_and_leaves_training_as_it_is() -> None:
    sizes = {"train_examples": 100, "validation_examples": 50}
    whole, few = (
        split_rows(trial().settings, random_dataset(), 3, validation_share=share, **sizes) for share in (1.0, 0.1)
    )
    assert torch.equal(few.train, whole.train)
    assert few.validation.tolist() == whole.validation[:5].tolist()


def test_softmax_twice_can_never_be_sure() -> None:
    sure, label = torch.tensor([[100.0, 0.0, 0.0]]), torch.tensor([0])
    assert float(cross_entropy.build()(sure, label)) == 0.0
    assert float(softmax_twice.build()(sure, label)) == float(functional.cross_entropy(torch.eye(3)[:1], label))


def test_focal_loss_is_cross_entropy_at_gamma_zero_and_torchvision_s_for_two_classes() -> None:
    from torchvision.ops import sigmoid_focal_loss

    torch.manual_seed(0)
    scores, labels = torch.randn(64, 5), torch.randint(0, 5, (64,))
    assert torch.allclose(focal.build(gamma=0.0)(scores, labels), cross_entropy.build()(scores, labels))
    logit, label = torch.randn(64), torch.randint(0, 2, (64,))
    theirs = sigmoid_focal_loss(logit, label.float(), alpha=-1, gamma=2.0, reduction="mean")
    assert torch.allclose(focal.build(gamma=2.0)(torch.stack((-logit / 2, logit / 2), dim=1), label), theirs)
