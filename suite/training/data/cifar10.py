"""CIFAR-10: small photographs, 32x32 colour, 50,000 + 10,000.

Krizhevsky, Learning Multiple Layers of Features from Tiny Images (2009).
"""

import io
import shutil
import tarfile
import zipfile
from pathlib import Path

import numpy as np
import torch

from suite.errors import DataError
from suite.training.arguments import PositiveFloat
from suite.training.data_cache import Dataset
from suite.training.fetch import Fetch, verify
from suite.training.image_sizes import at_random_sizes

_FOLDER = "cifar-10-batches-py"
_ARCHIVE = "cifar-10-python.tar.gz"


def build(fetch: Fetch, *, smallest: PositiveFloat = 1.0) -> Dataset:
    """From the official batches, which are pickles: read only once their published checksums are right.

    They are looked for unpacked, then as lossless WebP in `cifar-10/*.zip` (a mirror half the size, from which the
    official files are rebuilt byte by byte), then as the official archive, which is downloaded if need be.

    `smallest` < 1 shows each photograph at a random size on the canvas (`at_random_sizes`), always the same one. Raises
    DataError if it is above 1.
    """
    from torchvision.datasets import CIFAR10

    batches = fetch.staging / _FOLDER
    batches.mkdir()
    wanted = [
        (name, md5) for name, md5 in [*CIFAR10.train_list, *CIFAR10.test_list, ("batches.meta", CIFAR10.meta["md5"])]
    ]
    if unpacked := fetch.find(_FOLDER):
        for name, _ in wanted:
            _copy(unpacked / name, batches / name)
    elif mirror := fetch.find("cifar-10/data_batch_1.zip"):
        _copy(mirror.parent / "batches.meta", batches / "batches.meta")
        for name, _ in wanted[:-1]:
            (batches / name).write_bytes(_rebuilt(mirror.parent / f"{name}.zip"))
    else:
        archive = fetch.file((_ARCHIVE, f"cifar10/{_ARCHIVE}"), md5=CIFAR10.tgz_md5, urls=[CIFAR10.url])
        with tarfile.open(archive) as tar:
            tar.extractall(fetch.staging, filter="data")
    for name, md5 in wanted:
        verify(batches / name, md5)
    parts = [CIFAR10(fetch.staging, train=train) for train in (True, False)]
    sizes = torch.Generator().manual_seed(0)
    images = [at_random_sizes(torch.from_numpy(part.data), smallest, sizes) for part in parts]
    labels = [torch.tensor(part.targets, dtype=torch.int64) for part in parts]
    return Dataset(images[0], labels[0], images[1], labels[1], tuple(parts[0].classes))


def _copy(source: Path, target: Path) -> None:
    try:
        shutil.copy(source, target)
    except FileNotFoundError:
        raise DataError(f"{source}: is missing; the data set is not complete there") from None


def _rebuilt(path: Path) -> bytes:
    """The official batch: its pickle's head, the pixels of sheets of 100 images, its tail."""
    from PIL import Image, UnidentifiedImageError

    try:
        with zipfile.ZipFile(path) as archive:
            parts = [archive.read("head.bin")]
            for name in sorted(item for item in archive.namelist() if item.endswith(".webp")):
                sheet = np.asarray(Image.open(io.BytesIO(archive.read(name))).convert("RGB"))
                parts.append(sheet.reshape(-1, 32, 32, 3).transpose(0, 3, 1, 2).tobytes())
            parts.append(archive.read("tail.bin"))
    except FileNotFoundError:
        raise DataError(f"{path}: is missing; the data set is not complete there") from None
    except (zipfile.BadZipFile, KeyError, UnidentifiedImageError, ValueError, OSError) as error:
        raise DataError(f"{path}: corrupt ({error}); fetch it again") from None
    return b"".join(parts)
