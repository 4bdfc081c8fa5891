"""Pictures with boxes as Pascal VOC keeps them: JPEGImages/, Annotations/ and lists of names in ImageSets/Main/.

Everingham et al., The Pascal Visual Object Classes (VOC) Challenge (2010).
"""

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
from suite.training.targets import VOID

FOLDER = "VOCdevkit/VOC2007"
"""What an archive holds JPEGImages/ and its neighbours in."""
_SIDES = ("xmin", "ymin", "xmax", "ymax")
Read = Callable[[str], bytes]
"""The content of a file by its path below the folder that holds JPEGImages/."""


@dataclass(frozen=True)
class Picture:
    """As it was published; boxes are a class, left, top, right and bottom in pixels, from edge to edge."""

    jpeg: bytes
    boxes: tuple[tuple[str, float, float, float, float], ...]


def in_archive(archive: tarfile.TarFile) -> Read:
    """From an open archive."""
    members = {member.name: member for member in archive}  # once: the archive itself looks through all for each name

    def read(path: str) -> bytes:
        file = archive.extractfile(members[f"{FOLDER}/{path}"])
        if file is None:
            raise KeyError(path)
        return file.read()

    return read


def pictures(read: Read, part: str, *, name: str, page: str, first: int = 0) -> list[Picture]:
    """Those that ImageSets/Main/`part`.txt lists, in its order.

    `first` is taken from xmin and ymin. It is 1 where pixels are counted from 1 and xmax and ymax name the last ones
    inside, as VOC itself does: counted from 0, these are the numbers of their far edges. Boxes without an area are left
    out, as two of BCCD's are. Raises DataError, with the data set's `name` and its `page`, if it cannot be read.
    """
    try:
        names = read(f"ImageSets/Main/{part}.txt").decode().split()
        return [_picture(read, picture, first) for picture in names]
    except (OSError, KeyError, ElementTree.ParseError, ValueError) as error:
        raise DataError(f"{name}: cannot be read as VOC keeps it ({error}); see {page}") from None


def dataset(
    pool: Sequence[Picture], test: Sequence[Picture], *, classes: tuple[str, ...], pixels: tuple[int, int]
) -> Dataset:
    """All pictures at one size, `pixels` (height, width), their proportions given up, and the boxes with them."""
    most = max(len(picture.boxes) for picture in (*pool, *test))
    parts = [_tensors(part, classes, pixels, most) for part in (pool, test)]
    return Dataset(*parts[0], *parts[1], classes)


def _picture(read: Read, name: str, first: int) -> Picture:
    content = read(f"Annotations/{name}.xml")
    if b"<!DOCTYPE" in content:
        raise ValueError(f"Annotations/{name}.xml declares a document type")  # entities could expand without end
    root = ElementTree.fromstring(content)  # noqa: S314 - see above
    boxes = []
    for item in root.iter("object"):
        left, top, right, bottom = (float(item.findtext(f"bndbox/{side}", "")) for side in _SIDES)
        left, top = left - first, top - first
        if left < right and top < bottom:
            boxes.append((item.findtext("name", ""), left, top, right, bottom))
    return Picture(read(f"JPEGImages/{name}.jpg"), tuple(boxes))


def _tensors(
    pictures: Sequence[Picture], classes: tuple[str, ...], pixels: tuple[int, int], most: int
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
