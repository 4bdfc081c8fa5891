"""What torchvision's detectors begin with: ImageNet's weights, or what was learnt on other classes."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import torch
from tiny import BOXES, made_up_weights, trial
from torch import nn
from torchvision.models import vgg16

from suite.errors import DataError
from suite.spec import slots
from suite.training.build import build_model
from suite.training.examples import Device, Examples
from suite.training.pretraining import imagenet, other_classes
from suite.training.stage import heads, pretrain

HERE = Device(name="cpu", precision="fp32", layout=torch.channels_last)
NOTHING = Examples(torch.zeros(1, 64, 64, 3), torch.zeros(1, 1, 5), 3)
DETECTORS = [("retinanet_resnet50", "resnet50"), ("fcos_resnet50", "resnet50"), ("ssd300_vgg16", "vgg16")]


def begun(model: str, *, freeze: bool = False) -> tuple[nn.Module, Mapping[str, torch.Tensor]]:
    """The network as fine-tuning finds it, and its weights from scratch."""
    settings = trial(base=slots.override(BOXES, {"model": model})).settings
    network = build_model(settings, NOTHING.shape, 3, 7)
    fresh = {name: value.clone() for name, value in network.state_dict().items()}
    plan = imagenet.build(NOTHING, lambda: NOTHING, freeze=freeze)
    assert pretrain(settings, network, plan, batch_size=1, seed=7, device=HERE) == (0.0, True)
    return network.eval(), fresh


@pytest.mark.parametrize("model", ["retinanet_resnet50", "fcos_resnet50"])
def test_every_layer_of_the_resnet_has_the_file_s_weights_and_no_other_has(
    model: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = made_up_weights(tmp_path, monkeypatch, "resnet50")
    network, fresh = begun(model)
    for name, value in network.state_dict().items():
        part, _, inside = name.partition("backbone.body.")
        taken = not part and not name.endswith("num_batches_tracked")
        assert torch.equal(value, file[inside] if taken else fresh[name]), name
    assert sum(name.startswith("backbone.body.") for name in fresh) == len(file) - 2 + 53  # fc; the norms' counters


def test_the_ssd_sees_what_the_vgg_saw(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = made_up_weights(tmp_path, monkeypatch, "vgg16")
    network: Any = begun("ssd300_vgg16")[0]
    theirs = vgg16()
    theirs.load_state_dict(file, strict=False)
    mean, deviation = (torch.tensor(values).view(3, 1, 1) for values in ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225)))
    pictures = torch.rand(1, 3, 64, 64)
    with torch.inference_mode():
        early = network.backbone.features((pictures - mean) / deviation)
        late = network.backbone.extra[0][:7](early)
        expected = theirs.features[:23]((pictures - mean) * 255)
        torch.testing.assert_close(early, expected, atol=1e-4, rtol=1e-4)
        torch.testing.assert_close(late, theirs.features[23:30](expected), atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize(("model", "file"), DETECTORS)
def test_what_was_handed_over_is_frozen_and_what_is_new_is_not(
    model: str, file: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made_up_weights(tmp_path, monkeypatch, file)
    network, fresh = begun(model, freeze=True)
    parameters = dict(network.named_parameters())
    frozen = {name for name, parameter in parameters.items() if not parameter.requires_grad}
    assert frozen == {name for name, parameter in parameters.items() if not torch.equal(parameter, fresh[name])}
    trained = {name.split(".")[0] for name in parameters.keys() - frozen}
    assert frozen
    assert trained == {"backbone", "boxes", "heads"}  # of the backbone: the pyramid, or the coarse maps


def test_the_file_to_fetch_is_the_network_s_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def offline(*_: object, **__: object) -> None:
        raise OSError("no network")

    monkeypatch.setattr("torch.hub.urlopen", offline)
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    with pytest.raises(DataError, match=r"no network; fetch https://.*/vgg16_features-amdegroot-88682ab5\.pth by hand"):
        begun("ssd300_vgg16")
    with pytest.raises(DataError, match=r"no network; fetch https://.*/resnet50-0676ba61\.pth by hand and put it at /"):
        begun("retinanet_resnet50")


@pytest.mark.parametrize(("model", "backbone_only"), [("fcos_resnet50", False), ("ssd300_vgg16", True)])
def test_what_was_learnt_on_other_classes_is_handed_over_but_for_what_knows_them(
    model: str, backbone_only: bool
) -> None:
    changes = {"model": model, "loss": "fcos" if model.startswith("fcos") else "detection"}
    settings = trial(base=slots.override(BOXES, changes)).settings
    network = build_model(settings, NOTHING.shape, 3, 7)
    fresh = {name: value.clone() for name, value in network.state_dict().items()}
    image = torch.rand(1, 64, 64, 3, generator=torch.Generator().manual_seed(0))
    others = Examples(image, torch.tensor([[[1.0, 8, 8, 40, 44]]]), 2)
    plan = other_classes.build(NOTHING, lambda: others, epochs=1, backbone_only=backbone_only)
    assert pretrain(settings, network, plan, batch_size=1, seed=7, device=HERE)[1]
    learnt = {name for name, value in network.state_dict().items() if not value.equal(fresh[name])}
    assert {name.rpartition(".")[0] for name in learnt}.isdisjoint(heads(network))
    assert any(name.startswith("backbone.") for name in learnt)
    assert all(name.startswith("backbone.") for name in learnt) == backbone_only
