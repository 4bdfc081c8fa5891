"""Fashion-MNIST: clothing, 28x28 grey, 60,000 + 10,000. Xiao et al. (2017), https://arxiv.org/abs/1708.07747, MIT."""

import shutil

import torch

from suite.training.arguments import PositiveFloat
from suite.training.data_cache import Dataset
from suite.training.fetch import Fetch
from suite.training.image_sizes import at_random_sizes


def build(fetch: Fetch, *, smallest: PositiveFloat = 1.0) -> Dataset:
    """From the four official files, read by torchvision once their checksums are right.

    `smallest` < 1 shows each photograph at a random size on the canvas (`at_random_sizes`), always the same one. Raises
    DataError if it is above 1.
    """
    from torchvision.datasets import FashionMNIST

    raw = fetch.staging / "FashionMNIST" / "raw"
    raw.mkdir(parents=True)
    for name, md5 in FashionMNIST.resources:
        urls = [mirror.replace("http://", "https://") + name for mirror in FashionMNIST.mirrors]
        shutil.copy(fetch.file((f"FashionMNIST/raw/{name}", name), md5=md5, urls=urls), raw / name)
    parts = [
        FashionMNIST(fetch.staging, train=train, download=True) for train in (True, False)
    ]  # unpacks what is there
    sizes = torch.Generator().manual_seed(0)
    images = [at_random_sizes(part.data[..., None], smallest, sizes) for part in parts]
    labels = [part.targets.to(torch.int64) for part in parts]
    return Dataset(images[0], labels[0], images[1], labels[1], tuple(parts[0].classes))
