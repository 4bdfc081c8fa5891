"""Metric learning: retrieval's metrics, unseen classes, groups of classes in batches, and the triplet loss."""

from pathlib import Path

import pytest
import torch
from pytorch_metric_learning.distances import LpDistance
from pytorch_metric_learning.utils.accuracy_calculator import AccuracyCalculator
from pytorch_metric_learning.utils.inference import CustomKNN
from tiny import run, trial
from torch import Tensor
from torch.nn import functional

from suite.errors import DataError
from suite.spec import slots
from suite.training import jackknife
from suite.training.build import build_model
from suite.training.data import unseen_glyphs
from suite.training.data_cache import Dataset
from suite.training.embeddings import DIMENSIONS
from suite.training.examples import Device, Examples
from suite.training.fetch import Fetch
from suite.training.loss import head_cross_entropy, triplet
from suite.training.order import class_groups
from suite.training.pretraining import classification
from suite.training.rows import split_rows
from suite.training.split import by_class
from suite.training.stage import pretrain
from suite.training.task import retrieval
from suite.verdict.diagnosis import diagnose

NOWHERE = Fetch(folders=(), staging=Path())
HERE = Device(name="cpu", precision="fp32", layout=torch.channels_last)


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def clusters(n: int, classes: int, seed: int, *, spread: float) -> tuple[Tensor, Tensor]:
    """Outputs (n, 64) around a centre per class, and the labels; classes of unequal size."""
    draw = generator(seed)
    labels = (torch.rand(n, generator=draw) ** 2 * classes).long()
    centres = torch.randn(classes, DIMENSIONS, generator=draw)
    return centres[labels] + spread * torch.randn(n, DIMENSIONS, generator=draw), labels


@pytest.mark.parametrize("spread", [0.5, 2.0, 4.0])
def test_recall_and_map_are_those_of_the_metric_learning_library(spread: float) -> None:
    outputs, labels = clusters(300, 12, 1, spread=spread)
    task = retrieval.build()
    tallies = task.tally(outputs, labels)
    ours = task.metrics(tallies, 0.0)
    wanted = ("precision_at_1", "mean_average_precision_at_r")
    library = AccuracyCalculator(include=wanted, k="max_bin_count", knn_func=CustomKNN(LpDistance()))
    theirs = library.get_accuracy(functional.normalize(outputs), labels)
    assert ours["recall_at_1"] == pytest.approx(theirs["precision_at_1"])
    assert ours["map_at_r"] == pytest.approx(theirs["mean_average_precision_at_r"], abs=1e-6)
    for name, parts in task.per_example(tallies).items():
        assert float(parts.mean()) == pytest.approx(ours[name])


def test_the_parts_spread_as_the_metric_does_over_other_choices_of_classes() -> None:
    draws = torch.Generator().manual_seed(0)
    labels = torch.arange(40).repeat_interleave(torch.randint(5, 30, (40,), generator=draws))
    values = (torch.rand(40, generator=draws)[labels] + 0.1 * torch.rand(len(labels), generator=draws)).double()
    parts = jackknife.clustered(values, labels)
    assert float(parts.mean()) == pytest.approx(float(values.mean()))
    again = []
    for _ in range(2000):
        drawn = torch.randint(0, 40, (40,), generator=draws)
        again.append(torch.cat([values[labels == kind] for kind in drawn]).mean())
    assert float(parts.std()) / len(labels) ** 0.5 == pytest.approx(float(torch.stack(again).std()), rel=0.1)
    assert torch.equal(jackknife.clustered(values, torch.zeros_like(labels)), values)


def test_the_loss_of_held_out_examples_is_low_where_neighbours_are_of_one_class() -> None:
    task = retrieval.build()
    near, far = (task.metrics(task.tally(*clusters(200, 8, 2, spread=spread)), 9.0)["loss"] for spread in (0.1, 50.0))
    assert near < 0.01
    assert far > 1.5
    two = torch.zeros(3, DIMENSIONS)
    two[0, 0] = two[1, 0] = two[2, 1] = 1.0  # cosines of 1 and 0
    measured = task.metrics(task.tally(two, torch.tensor([0, 0, 1])), 0.0)["loss"]
    assert measured == pytest.approx(float(torch.log1p(torch.exp(torch.tensor(-10.0)))), abs=1e-6)


def test_embeddings_that_are_all_alike_have_collapsed() -> None:
    task, (outputs, labels) = retrieval.build(), clusters(100, 5, 3, spread=1.0)
    assert task.metrics(task.tally(outputs, labels), 0.0)["collapsed"] == 0.0
    assert task.metrics(task.tally(outputs + 40.0, labels), 0.0)["collapsed"] == 1.0
    assert task.metrics(task.tally(outputs * 0.0, labels), 0.0)["collapsed"] == 1.0


def test_an_example_alone_in_its_class_finds_nothing_and_breaks_nothing() -> None:
    task, outputs = retrieval.build(), torch.eye(4, DIMENSIONS)
    measured = task.metrics(task.tally(outputs, torch.tensor([0, 0, 1, 2])), 0.0)
    assert measured["map_at_r"] <= 0.5
    assert measured["loss"] == pytest.approx(1.0986, abs=1e-3)  # of the two that have another


@pytest.mark.parametrize("seed", range(3))
def test_validation_is_of_classes_that_are_not_trained_on(seed: int) -> None:
    labels = torch.arange(400) % 20
    rows = torch.arange(1000, 1400)
    train, held, apart = by_class.build(rows, labels, 200, 60, generator(seed))
    assert apart
    assert (len(train), len(held)) == (200, 60)
    assert not set((labels[train - 1000]).tolist()) & set(labels[held - 1000].tolist())
    assert len(set(train.tolist()) | set(held.tolist())) == 260
    other, *_ = by_class.build(rows, labels, 200, 60, generator(seed + 10))
    assert set(train.tolist()) != set(other.tolist())


def test_a_head_has_scores_for_the_classes_trained_on_alone(glyphs: Dataset) -> None:
    split = split_rows(settings(), glyphs, 3, train_examples=160, validation_examples=60)
    stored = glyphs.targets[split.train]
    assert len(split.classes) == len(set(stored.tolist())) < 8
    assert [split.classes[label] for label in split.labels[split.train]] == [glyphs.classes[label] for label in stored]
    assert int(split.labels[split.validation].min()) >= len(split.classes)
    assert len(set(split.labels[split.validation].tolist())) == len(set(glyphs.targets[split.validation].tolist()))


def test_held_out_classes_are_for_retrieval_alone(glyphs: Dataset) -> None:
    with pytest.raises(ValueError, match="split: by_class needs task: retrieval"):
        split_rows(settings(task="classification"), glyphs, 3, train_examples=160, validation_examples=60)


def test_wrong_labels_have_scores_too(glyphs: Dataset) -> None:
    split = split_rows(settings(labels="misaligned"), glyphs, 3, train_examples=160, validation_examples=60)
    assert int(split.labels[split.train].max()) < len(split.classes)


def test_too_few_classes_are_refused() -> None:
    with pytest.raises(ValueError, match="split: by_class leaves 20 examples to train on, fewer than 30"):
        by_class.build(torch.arange(40), torch.arange(40) % 2, 30, 15, generator())


def test_batches_hold_groups_of_a_class_and_an_epoch_every_example_once() -> None:
    labels = torch.randint(0, 7, (203,), generator=generator(1))
    order = class_groups.build(Examples(torch.zeros(203, 2, 2, 1), labels, 7), torch.arange(203), 32, per_class=4)
    draws = generator(2)
    first, second = order.epoch(draws), order.epoch(draws)
    assert sorted(first.tolist()) == list(range(203))
    assert not torch.equal(first, second)
    runs = torch.unique_consecutive(labels[first], return_counts=True)[1]
    assert (runs % 4 != 0).sum() <= 7  # a class has one smaller group


def test_no_batch_of_an_epoch_is_left_without_pairs() -> None:
    """As on Omniglot: nine drawings of each of many letters leave one of each over."""
    labels = torch.arange(200).repeat_interleave(9)
    order = class_groups.build(Examples(torch.zeros(1800, 2, 2, 1), labels, 200), torch.arange(1800), 128, per_class=4)
    draws = generator(3)
    for _ in range(3):
        for batch in order.epoch(draws).split(128)[:-1]:
            same = labels[batch][:, None] == labels[batch]
            assert int(same.sum()) - len(batch) > 128  # of 3 * 128 where all groups are whole


def triangle() -> tuple[Tensor, Tensor]:
    """Anchor and positive 60 degrees apart, a negative 90 degrees from the anchor on the other side."""
    angles = torch.tensor([0.0, torch.pi / 3, -torch.pi / 2])
    outputs = torch.zeros(3, DIMENSIONS)
    outputs[:, 0], outputs[:, 1] = angles.cos(), angles.sin()
    return 5 * outputs, torch.tensor([4, 4, 9])


def test_a_triplet_lacks_what_its_distances_lack_of_the_margin() -> None:
    outputs, labels = triangle()
    # squared distances: 1 to the positive; 2 from the anchor, 2 + sqrt(3) from the positive, to the negative
    assert float(triplet.build(margin=1.5, mining="all")(outputs, labels)) == pytest.approx(0.5)
    assert float(triplet.build(margin=0.5, mining="all")(outputs, labels)) == 0.0
    assert float(triplet.build(margin=1.5, mining="semihard")(outputs, labels)) == pytest.approx(0.5)
    assert float(triplet.build(margin=1.5, mining="hard")(outputs, labels)) == 0.0


def test_the_head_learns_classes_and_is_asked_for_where_it_is_missing() -> None:
    outputs, labels = torch.randn(5, DIMENSIONS + 3, generator=generator()), torch.tensor([0, 1, 2, 0, 1])
    wanted = functional.cross_entropy(outputs[:, DIMENSIONS:], labels)
    torch.testing.assert_close(head_cross_entropy.build()(outputs, labels), wanted)
    held = torch.cat([labels, torch.full((5,), outputs.shape[1] - DIMENSIONS)])  # a class that is not trained on
    torch.testing.assert_close(head_cross_entropy.build()(torch.cat([outputs, outputs[:5]]), held), wanted)
    with pytest.raises(ValueError, match=r"model\.head: true"):
        head_cross_entropy.build()(outputs[:, :DIMENSIONS], labels)


EMBEDDER = {
    "model": "embedder", "model.widths": (4, 8), "task": "retrieval", "split": "by_class", "order": "class_groups",
    "loss": "triplet", "engine.train_examples": 160, "engine.validation_examples": 60, "engine.epochs": 4,
}  # fmt: skip


@pytest.fixture(scope="module")
def glyphs() -> Dataset:
    return unseen_glyphs.build(NOWHERE, letters="ABDEHKNPRSTX", pool_examples=320, test_examples=80, pixels=12)


def settings(**changes: object) -> dict[str, object]:
    return dict(slots.override(trial().settings, {**EMBEDDER, **changes}))


def test_the_test_is_of_letters_that_nobody_is_trained_on(glyphs: Dataset) -> None:
    assert set(glyphs.targets.tolist()) == set(range(8))
    assert set(glyphs.test_targets.tolist()) == {8, 9, 10, 11}
    assert "".join(glyphs.classes) == "ABEHNPSTDKRX"
    with pytest.raises(DataError, match=r"data\.letters 'AABCDEFGH'"):
        unseen_glyphs.build(NOWHERE, letters="AABCDEFGH")


def test_classification_comes_first_and_hands_over_all_but_its_head(glyphs: Dataset) -> None:
    plain, second = (
        run(glyphs, base=settings(**more)) for more in ({}, {"pretraining": "classification", "pretraining.epochs": 4})
    )
    assert second.measurements["pretraining_seconds"] > 0
    assert second.epochs[0].train_metric > plain.epochs[0].train_metric
    for name in ("recall_at_1", "map_at_r"):
        parts = second.per_example(f"test_{name}")
        assert parts is not None
        assert len(parts) == second.test_examples == 80
        assert parts.mean() == pytest.approx(second.measurements[f"test_{name}"])
    assert diagnose(second).kind in ("healthy", "overfitting")  # whatever the two losses are to one another


def test_classification_before_triplets_does_not_take_their_groups_of_classes(glyphs: Dataset) -> None:
    task = Examples(glyphs.inputs.float() / 255, glyphs.targets, 8)

    def pretrained(order: str) -> dict[str, Tensor]:
        network = build_model(own := settings(order=order), task.shape, task.classes, 3)
        plan = classification.build(task, lambda: task, epochs=1)
        pretrain(own, network, plan, batch_size=16, seed=3, device=HERE)
        return network.state_dict()

    groups, shuffled = pretrained("class_groups"), pretrained("shuffled")
    assert all(torch.equal(groups[name], value) for name, value in shuffled.items())


def test_the_temperature_divides_the_cosines_of_the_head() -> None:
    images = torch.rand(4, 1, 12, 12, generator=generator())
    made = [build_model(settings(**{"model.temperature": t}), (1, 12, 12), 12, 3).eval()(images) for t in (0.05, 0.2)]
    assert torch.allclose(made[0][:, DIMENSIONS:], 4 * made[1][:, DIMENSIONS:])
    assert (0.2 * made[1][:, DIMENSIONS:]).abs().max() <= 1.0
    assert torch.equal(made[0][:, :DIMENSIONS], made[1][:, :DIMENSIONS])


def test_arms_with_and_without_a_head_share_all_other_weights() -> None:
    built = (build_model(settings(**{"model.head": head}), (1, 12, 12), 12, 3) for head in (True, False))
    one, other = (model.state_dict() for model in built)
    assert set(one) - set(other) == {"heads.0.weight"}
    assert all(torch.equal(one[name], value) for name, value in other.items())
