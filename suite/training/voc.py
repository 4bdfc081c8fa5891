"""Pictures with boxes as Pascal VOC keeps them: JPEGImages/, Annotations/ and lists of names in ImageSets/Main/.

Everingham et al., The Pascal Visual Object Classes (VOC) Challenge (2010). Such sets are passed on as archives and as
folders, packed differently each time; so the checksum is that of what is in them: the pictures and the boxes.
"""

import hashlib
import io
import tarfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from xml.etree import ElementTree

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from suite.errors import DataError
from suite.training.data_cache import Dataset
from suite.training.fetch import Fetch
from suite.training.targets import VOID

_SIDES = ("xmin", "ymin", "xmax", "ymax")
_FOLDER = "VOCdevkit/VOC2007"
Read = Callable[[str], bytes]
"""The content of a file by its path below the folder that holds JPEGImages/."""


@dataclass(frozen=True, kw_only=True)
class Published:
    """A data set in this format, as its publisher has it."""

    name: str
    """Of its folder, or of its archive and the folder around it, in the data root."""
    page: str
    """Where people get it."""
    classes: tuple[str, ...]
    pool: str
    """The lists in ImageSets/Main of the pictures to train on and to test on."""
    test: str
    sha256: str


@dataclass(frozen=True)
class _Picture:
    jpeg: bytes
    boxes: tuple[tuple[str, float, float, float, float], ...]


def dataset(fetch: Fetch, published: Published, pixels: tuple[int, int]) -> Dataset:
    """All pictures at one size, `pixels` (height, width), their proportions given up, and the boxes with them.

    Boxes without an area are left out, as two of BCCD's are. Raises DataError if there is no such set, if it is not
    the published one, or if it cannot be read.
    """
    pool, test = _pictures(fetch, published)
    found = _digest([*pool, *test])
    if found != published.sha256:
        raise DataError(f"{published.name}: not the published pictures and boxes (SHA-256 {found}); {published.page}")
    most = max(len(picture.boxes) for picture in (*pool, *test))
    parts = [_tensors(pictures, published.classes, pixels, most) for pictures in (pool, test)]
    return Dataset(*parts[0], *parts[1], published.classes)


def _pictures(fetch: Fetch, published: Published) -> tuple[list[_Picture], list[_Picture]]:
    name = published.name
    archive = fetch.find(f"{name}/{name}.tar", f"{name}.tar")
    folder = fetch.find(f"{name}/{_FOLDER}", name)
    if archive is not None:
        with tarfile.open(archive) as packed:
            return _parts(lambda path: _unpacked(packed, f"{_FOLDER}/{path}"), published)
    if folder is not None:
        return _parts(lambda path: (folder / path).read_bytes(), published)
    looked = ", ".join(str(path) for path in fetch.folders) or "no folder was given"
    raise DataError(
        f"data set {name}: not found (looked in: {looked}). There is no archive of it with a checksum: get it from "
        f"{published.page}, put the folder that holds JPEGImages/ and Annotations/ there as {name}/, and give the "
        "folder around it with --data-dir DIR or SUITE_DATA"
    )


def _unpacked(archive: tarfile.TarFile, path: str) -> bytes:
    file = archive.extractfile(path)
    if file is None:
        raise KeyError(path)
    return file.read()


def _parts(read: Read, published: Published) -> tuple[list[_Picture], list[_Picture]]:
    try:
        pool, test = (read(f"ImageSets/Main/{part}.txt").decode().split() for part in (published.pool, published.test))
        return [_picture(read, name) for name in pool], [_picture(read, name) for name in test]
    except (OSError, KeyError, ElementTree.ParseError, ValueError) as error:
        raise DataError(f"{published.name}: cannot be read as VOC keeps it ({error}); see {published.page}") from None


def _picture(read: Read, name: str) -> _Picture:
    root = ElementTree.fromstring(read(f"Annotations/{name}.xml"))  # noqa: S314 - entities do not expand without a DTD
    boxes = []
    for item in root.iter("object"):
        left, top, right, bottom = (float(item.findtext(f"bndbox/{side}", "")) for side in _SIDES)
        if left < right and top < bottom:
            boxes.append((item.findtext("name", ""), left, top, right, bottom))
    return _Picture(read(f"JPEGImages/{name}.jpg"), tuple(boxes))


def _digest(pictures: Sequence[_Picture]) -> str:
    digest = hashlib.sha256()
    for picture in pictures:
        digest.update(picture.jpeg)
        digest.update(repr(picture.boxes).encode())
    return digest.hexdigest()


def _tensors(
    pictures: Sequence[_Picture], classes: tuple[str, ...], pixels: tuple[int, int], most: int
) -> tuple[Tensor, Tensor]:
    """uint8 (n, *pixels, 3) and float32 (n, most, 5)."""
    images = torch.empty(len(pictures), *pixels, 3, dtype=torch.uint8)
    targets = torch.zeros(len(pictures), most, 5)
    targets[..., 0] = VOID
    for row, picture in enumerate(pictures):
        with Image.open(io.BytesIO(picture.jpeg)) as opened:
            width, height = opened.size
            small = opened.convert("RGB").resize((pixels[1], pixels[0]), Image.Resampling.BOX, reducing_gap=2.0)
        images[row] = torch.from_numpy(np.asarray(small).copy())
        across, down = pixels[1] / width, pixels[0] / height
        for place, (name, left, top, right, bottom) in enumerate(picture.boxes):
            corners = (left * across, top * down, right * across, bottom * down)
            targets[row, place] = torch.tensor([float(classes.index(name)), *corners])
    return images, targets
