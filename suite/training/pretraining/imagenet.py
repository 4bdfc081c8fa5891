"""torchvision's weights from ImageNet: what most people mean by a pre-trained backbone.

Russakovsky et al., ImageNet Large Scale Visual Recognition Challenge (2014); Kornblith et al., Do Better ImageNet
Models Transfer Better? (2018) for fine-tuning them on small photographs.
"""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn
from torchvision.models import ResNet18_Weights, ResNet50_Weights, VGG16_Weights

from suite.errors import DataError
from suite.training.examples import Examples
from suite.training.stage import Weights

_CUT = 23
"""The layer of VGG-16 from which on the SSD keeps its layers in another part: the fourth pooling."""
_COUNTER = "num_batches_tracked"
"""Files that are older than this buffer of a batch normalisation lack it."""


@dataclass(frozen=True, kw_only=True)
class Published:
    """One of torchvision's files."""

    url: str
    """Its name ends in the first digits of the file's SHA-256."""
    parts: tuple[str, ...]
    """How the names of the layers begin, in our network, that it has weights for."""
    own_name: Callable[[str], str]
    """From a weight's name in the file to that in our network."""
    first: str
    """The weights of the layer that sees the image, in our network."""
    inputs: tuple[float, float, float] = (1.0, 1.0, 1.0)
    """Standard deviation, by channel, of the images that it was trained on."""


def _in_the_ssd(name: str) -> str:
    part, _, rest = name.partition(".")
    layer, _, what = rest.partition(".")
    if part != "features" or int(layer) < _CUT:
        return f"backbone.{name}"
    return f"backbone.extra.0.{int(layer) - _CUT}.{what}"


PUBLISHED = {
    "resnet18": Published(
        url=ResNet18_Weights.IMAGENET1K_V1.url,
        parts=("conv1.", "bn1.", "layer1.", "layer2.", "layer3.", "layer4."),
        own_name=lambda name: name,
        first="conv1.weight",
    ),
    "resnet50 under a detector": Published(
        url=ResNet50_Weights.IMAGENET1K_V1.url,
        parts=("backbone.body.",),
        own_name=lambda name: f"backbone.body.{name}",
        first="backbone.body.conv1.weight",
    ),
    "vgg16 under the SSD": Published(
        url=VGG16_Weights.IMAGENET1K_FEATURES.url,
        parts=("backbone.features.", *(f"backbone.extra.0.{layer}." for layer in (1, 3, 5))),
        own_name=_in_the_ssd,
        first="backbone.features.0.weight",
        inputs=(255 * 0.229, 255 * 0.224, 255 * 0.225),  # pixels from 0 to 255, of which only the mean was taken
    ),
}
"""The files that torchvision's own detectors begin with, and the small ResNet's."""


def build(task: Examples, others: Callable[[], Examples], *, freeze: bool = False) -> Weights:
    """Of `model: resnet18` all but the last layer, of torchvision's detectors the layers that were a classifier's.

    The weights are for inputs of mean 0 and variance 1 (`preprocess: standardize`). VGG-16's were trained on larger
    ones, so those of its first layer are multiplied by as much. Looked for in torch's hub folder (TORCH_HOME), then
    fetched. `freeze` leaves what was handed over as it is. Raises DataError if they cannot be had, or if the file there
    is another one; ValueError if there are none for the network.
    """
    return Weights(state=state_for, freeze=freeze)


def state_for(model: nn.Module) -> Mapping[str, Tensor]:
    """The weights by the network's own names. Raises as `build` says."""
    own = model.state_dict()
    published = next((item for item in PUBLISHED.values() if _has_all_parts(own, item)), None)
    if published is None:
        raise ValueError(f"pretraining: imagenet is for {', '.join(PUBLISHED)}; the model is none of them")
    named = {published.own_name(name): value for name, value in _loaded(published.url).items()}
    state = {name: value for name, value in named.items() if name.startswith(published.parts) and name in own}
    wanted = {name for name in own if name.startswith(published.parts) and not name.endswith(_COUNTER)}
    if not wanted <= state.keys():
        raise ValueError(f"pretraining: imagenet: the weights in {Path(published.url).name} are another network's")
    first = state[published.first]
    return {**state, published.first: first * first.new_tensor(published.inputs).view(-1, 1, 1)}


def _has_all_parts(own: Mapping[str, Tensor], published: Published) -> bool:
    return all(any(name.startswith(part) for name in own) for part in published.parts)


def _loaded(url: str) -> Mapping[str, Tensor]:
    path, digits = Path(torch.hub.get_dir()) / "checkpoints" / Path(url).name, Path(url).stem.rpartition("-")[2]
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            torch.hub.download_url_to_file(url, str(path), hash_prefix=digits, progress=False)
        except (OSError, RuntimeError) as error:  # no network; a download that broke off
            raise DataError(f"ImageNet weights: {error}; fetch {url} by hand and put it at {path}") from None
    with path.open("rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    if not found.startswith(digits):
        raise DataError(f"{path}: is not the file of that name (its SHA-256 does not begin with {digits}); fetch {url}")
    loaded: Mapping[str, Tensor] = torch.load(path, weights_only=True, map_location="cpu")
    return loaded
