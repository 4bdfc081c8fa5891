"""torchvision's weights from ImageNet: what most people mean by a pre-trained backbone.

Russakovsky et al., ImageNet Large Scale Visual Recognition Challenge (2014); Kornblith et al., Do Better ImageNet
Models Transfer Better? (2018) for fine-tuning them on small photographs.
"""

import hashlib
from collections.abc import Callable
from pathlib import Path

import torch
from torchvision.models import ResNet18_Weights

from suite.errors import DataError
from suite.training.examples import Examples
from suite.training.stage import Weights

URL = ResNet18_Weights.IMAGENET1K_V1.url
"""Its name ends in the first digits of the file's SHA-256."""


def build(task: Examples, others: Callable[[], Examples], *, freeze: bool = False) -> Weights:
    """Of `model: resnet18`, all but the last layer. Looked for in torch's hub folder (TORCH_HOME), then fetched.

    Raises DataError if they cannot be had, or if the file there is another one.
    """
    path, digits = Path(torch.hub.get_dir()) / "checkpoints" / Path(URL).name, Path(URL).stem.rpartition("-")[2]
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            torch.hub.download_url_to_file(URL, str(path), hash_prefix=digits, progress=False)
        except (OSError, RuntimeError) as error:  # no network; a download that broke off
            raise DataError(f"ImageNet weights: {error}; fetch {URL} by hand and put it at {path}") from None
    content = path.read_bytes()
    if not hashlib.sha256(content).hexdigest().startswith(digits):
        raise DataError(f"{path}: is not the file of that name (its SHA-256 does not begin with {digits}); fetch {URL}")
    return Weights(state=torch.load(path, weights_only=True, map_location="cpu"), freeze=freeze)
