"""Networks that were trained on something else before."""

from pathlib import Path
from urllib.error import URLError

import pytest
import torch
from tiny import made_up_weights, numbers, random_boxes, random_dataset, run, trial
from torch import nn
from torchvision.models import resnet18, resnet34

from suite.errors import DataError
from suite.training import engine, stage
from suite.training.build import build_model
from suite.training.examples import Device, Examples
from suite.training.model import detector
from suite.training.pretraining import coarse, imagenet, other_classes

DATA = random_dataset(pool=600, test=100)
HALF = {"classes": "first", "classes__count": 5, "engine__train_examples": 100, "engine__validation_examples": 50}
OTHERS = {"pretraining": "other_classes", "pretraining__epochs": 3}
HERE = Device(name="cpu", precision="fp32", layout=torch.channels_last)


@pytest.fixture
def begun(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, torch.Tensor]]:
    """The weights with which each stage begins, and those with which the one before it ended."""
    seen: list[dict[str, torch.Tensor]] = []
    begin, hand_over = engine.begin, stage.hand_over

    def watched_begin(settings, model, *rest, **named):  # type: ignore[no-untyped-def]
        seen.append({name: value.clone() for name, value in model.state_dict().items()})
        return begin(settings, model, *rest, **named)

    def watched_hand_over(earlier: dict[str, torch.Tensor], model: nn.Module) -> None:
        seen.append({name: value.clone() for name, value in earlier.items()})
        hand_over(earlier, model)

    monkeypatch.setattr(engine, "begin", watched_begin)
    monkeypatch.setattr(stage, "hand_over", watched_hand_over)
    return seen


def test_fine_tuning_starts_from_the_weights_that_pre_training_ended_with(
    begun: list[dict[str, torch.Tensor]],
) -> None:
    run(DATA, **HALF, **OTHERS)
    earlier, start = begun
    fresh = build_model(trial(**HALF, **OTHERS).settings, (1, 8, 8), 5, 3).state_dict()
    for name in start:
        if name.startswith("output."):
            assert torch.equal(start[name], fresh[name])
        else:
            assert torch.equal(start[name], earlier[name])
            assert not torch.equal(start[name], fresh[name])


def test_a_frozen_backbone_keeps_its_weights_and_costs_less() -> None:
    tuned, frozen = (run(DATA, **HALF, **OTHERS, pretraining__freeze=freeze) for freeze in (False, True))
    assert frozen.measurements["flops_per_example"] < tuned.measurements["flops_per_example"]
    assert frozen.measurements["parameters"] == tuned.measurements["parameters"]
    model = build_model(trial(**HALF).settings, (1, 8, 8), 5, 3)
    stage.freeze_backbone(model)
    trainable = [name for name, parameter in model.named_parameters() if parameter.requires_grad]
    assert trainable == ["hidden.weight", "hidden.bias", "output.weight", "output.bias"]


def test_pre_training_takes_at_most_so_many_examples() -> None:
    targets = torch.arange(20) % 3
    others = Examples(targets.float().reshape(20, 1, 1, 1).expand(20, 2, 2, 1), targets, 3)
    plan = other_classes.build(others, lambda: others, epochs=2, examples=7)
    assert (len(plan.examples.targets), plan.examples.classes) == (7, 3)
    assert torch.equal(plan.examples.inputs[:, 0, 0, 0].long(), plan.examples.targets)


def test_a_task_of_all_classes_has_nothing_to_pre_train_on() -> None:
    with pytest.raises(ValueError, match="needs classes that the task leaves out"):
        run(DATA, **OTHERS)


def test_the_time_of_pre_training_counts_and_is_told_apart() -> None:
    result = run(DATA, **HALF, **OTHERS)
    before = result.measurements["pretraining_seconds"]
    assert before > 0
    assert result.measurements["train_seconds"] == before + sum(epoch.seconds for epoch in result.epochs)
    assert len(result.epochs) == 2
    assert "pretraining_seconds" not in run(DATA, **HALF).measurements


def test_pre_training_that_diverges_is_a_result() -> None:
    result = run(DATA, **HALF, **OTHERS, optimizer__lr=1e30)
    assert (result.status, result.epochs) == ("diverged", ())
    assert result.reason == "the training loss was not finite in pre-training"


def test_the_same_trial_gives_the_same_numbers_twice() -> None:
    easier = {"pretraining": "coarse", "pretraining__epochs": 2}
    assert numbers(run(DATA, **easier)) == numbers(run(DATA, **easier))


def test_classes_that_look_alike_are_one_group() -> None:
    brightness = torch.tensor([0.0, 1.0, 0.1, 0.9])  # of class 0, 1, 2, 3
    targets = torch.arange(40) % 4
    inputs = brightness[targets].reshape(-1, 1, 1, 1) * torch.ones(40, 3, 3, 1)
    examples = Examples(inputs, targets, 4)
    groups = coarse.group_of_class(examples, 2).tolist()
    assert groups[0] == groups[2] != groups[1] == groups[3]
    plan = coarse.build(examples, lambda: examples, epochs=1, groups=2)
    assert plan.examples.classes == 2
    assert torch.equal(plan.examples.targets, torch.tensor(groups)[targets])


def test_as_many_groups_as_classes_are_no_easier_question() -> None:
    with pytest.raises(ValueError, match=r"pretraining.groups 10 is not fewer than the 10 classes"):
        run(DATA, pretraining="coarse", pretraining__epochs=1, pretraining__groups=10)


RESNET = {"model": "resnet18", "model__resolution": 32, "pretraining": "imagenet", "engine__epochs": 1}


@pytest.fixture
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, torch.Tensor]:
    """Weights where torch keeps them, and no network."""
    monkeypatch.setattr("torch.hub.urlopen", offline)
    return made_up_weights(tmp_path, monkeypatch)


def offline(*_: object, **__: object) -> None:
    raise URLError("no network")


def test_imagenet_weights_are_taken_from_torch_s_own_folder(
    state: dict[str, torch.Tensor], begun: list[dict[str, torch.Tensor]]
) -> None:
    result = run(DATA, **RESNET)
    _, start = begun
    assert torch.equal(start["conv1.weight"], state["conv1.weight"])
    assert start["fc.weight"].shape == (10, 512)
    assert result.status == "completed"


def test_without_weights_and_network_the_remedy_is_said(state: dict[str, torch.Tensor], tmp_path: Path) -> None:
    next(tmp_path.rglob("resnet18-*.pth")).unlink()
    with pytest.raises(DataError, match=r"ImageNet weights: .*no network.*; fetch https://.* by hand and put it at"):
        run(DATA, **RESNET)


def test_another_file_of_that_name_is_refused(state: dict[str, torch.Tensor], tmp_path: Path) -> None:
    torch.save(resnet18().state_dict(), next(tmp_path.rglob("resnet18-*.pth")))
    with pytest.raises(DataError, match="is not the file of that name"):
        run(DATA, **RESNET)


def test_a_network_that_there_are_no_weights_for_is_refused(state: dict[str, torch.Tensor]) -> None:
    with pytest.raises(ValueError, match="imagenet is for resnet18, resnet50 under a detector, vgg16 under the SSD"):
        run(DATA, pretraining="imagenet")
    with pytest.raises(ValueError, match=r"the weights in resnet18-.*\.pth are another network's"):
        imagenet.state_for(resnet34())


def test_the_last_layer_is_new_and_not_that_which_the_backbone_was_trained_with(
    begun: list[dict[str, torch.Tensor]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stage.Stage, "epoch", lambda self, number: stage.Means(
        loss=1.0, metric=0.5, gradient_norm=1.0, seconds=0.1, examples=10, places=0, computed=0
    ))  # fmt: skip
    run(DATA, **HALF, **OTHERS)
    earlier, start = begun
    assert torch.equal(earlier["hidden.weight"], start["hidden.weight"])
    assert earlier["output.weight"].shape == start["output.weight"].shape
    assert not torch.equal(earlier["output.weight"], start["output.weight"])


def test_the_two_stages_draw_from_different_streams(monkeypatch: pytest.MonkeyPatch) -> None:
    states: list[torch.Tensor] = []
    epoch = stage.Stage.epoch

    def watched(self: stage.Stage, number: int) -> stage.Means:
        states.extend(item.get_state() for item in (self.ordering, self.augmentation) if number == 1)
        return epoch(self, number)

    monkeypatch.setattr(stage.Stage, "epoch", watched)
    run(DATA, **HALF, **OTHERS)
    order, augmentation, later_order, later_augmentation = states
    assert not torch.equal(order, later_order)
    assert not torch.equal(augmentation, later_augmentation)


def test_where_anything_is_is_handed_over_and_only_the_classes_scores_are_new() -> None:
    easier, task = (detector.build((1, 64, 64), classes) for classes in (1, 3))
    fresh = {name: value.clone() for name, value in task.state_dict().items()}
    stage.hand_over(easier.state_dict(), task)
    for name, value in task.state_dict().items():
        assert torch.equal(value, fresh[name] if name.startswith("heads.") else easier.state_dict()[name])


def test_a_backbone_can_be_handed_over_without_what_stands_on_it(begun: list[dict[str, torch.Tensor]]) -> None:
    boxed = {"task": "detection", "loss": "detection", "model": "detector", "engine__batch_size": 32}
    half = {"classes": "first", "classes__count": 5, "engine__train_examples": 60, "engine__validation_examples": 20}
    earlier_epochs = {"pretraining": "other_classes", "pretraining__epochs": 1, "pretraining__backbone_only": True}
    run(random_boxes(), **boxed, **half, **earlier_epochs)
    earlier, start = begun
    assert {name.split(".")[0] for name in earlier} == {"backbone"}
    fresh = build_model(trial(**boxed, **half, **earlier_epochs).settings, (1, 16, 16), 5, 3).state_dict()
    for name, value in start.items():
        assert torch.equal(value, earlier[name] if name in earlier else fresh[name]), name


def test_a_network_without_a_part_for_a_backbone_says_so() -> None:
    with pytest.raises(ValueError, match=r"pretraining\.backbone_only"):
        run(DATA, **HALF, **OTHERS, pretraining__backbone_only=True)


def test_the_task_itself_is_trained_twice_and_only_the_last_layer_anew(begun: list[dict[str, torch.Tensor]]) -> None:
    run(DATA, pretraining="itself", pretraining__epochs=2)
    earlier, start = begun
    assert torch.equal(earlier["hidden.weight"], start["hidden.weight"])
    assert not torch.equal(earlier["output.weight"], start["output.weight"])


def test_every_member_of_an_ensemble_is_frozen() -> None:
    model = build_model(trial(model__members=2).settings, (1, 8, 8), 5, 3)
    stage.freeze_backbone(model)
    trainable = {name.split(".")[1] for name, parameter in model.named_parameters() if parameter.requires_grad}
    assert trainable == {"hidden", "output"}
    assert stage.heads(model) == {"member1.output", "member2.output"}


def test_a_network_without_a_last_layer_is_refused_in_words() -> None:
    with pytest.raises(ValueError, match="ends in a fully connected layer"):
        stage.heads(nn.Conv2d(1, 2, 3))
