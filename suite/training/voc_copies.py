"""Data sets in VOC's format whose publisher has no archive with a checksum.

They are passed on as archives and as folders, packed differently each time; so the checksum is that of what is in them:
the pictures and the boxes.
"""

import hashlib
import tarfile
from collections.abc import Sequence
from dataclasses import dataclass

from suite.errors import DataError
from suite.training import voc
from suite.training.data_cache import Dataset
from suite.training.fetch import Fetch

_Parts = tuple[list[voc.Picture], list[voc.Picture]]


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


def dataset(fetch: Fetch, published: Published, pixels: tuple[int, int]) -> Dataset:
    """As `voc.dataset` makes it. Sides of boxes are taken as they stand: nobody says where such copies count from.

    Raises DataError if there is no such set, if it is not the published one, or if it cannot be read.
    """
    pool, test = _pictures(fetch, published)
    found = _digest([*pool, *test])
    if found != published.sha256:
        raise DataError(f"{published.name}: not the published pictures and boxes (SHA-256 {found}); {published.page}")
    return voc.dataset(pool, test, classes=published.classes, pixels=pixels)


def _pictures(fetch: Fetch, published: Published) -> _Parts:
    name = published.name
    archive = fetch.find(f"{name}/{name}.tar", f"{name}.tar")
    folder = fetch.find(f"{name}/{voc.FOLDER}", name)
    if archive is not None:
        with tarfile.open(archive) as packed:
            return _parts(voc.in_archive(packed), published)
    if folder is not None:
        return _parts(lambda path: (folder / path).read_bytes(), published)
    looked = ", ".join(str(path) for path in fetch.folders) or "no folder was given"
    raise DataError(
        f"data set {name}: not found (looked in: {looked}). There is no archive of it with a checksum: get it from "
        f"{published.page}, put the folder that holds JPEGImages/ and Annotations/ there as {name}/, and give the "
        "folder around it with --data-dir DIR or SUITE_DATA"
    )


def _parts(read: voc.Read, published: Published) -> _Parts:
    pool, test = (
        voc.pictures(read, part, name=published.name, page=published.page) for part in (published.pool, published.test)
    )
    return pool, test


def _digest(pictures: Sequence[voc.Picture]) -> str:
    digest = hashlib.sha256()
    for picture in pictures:
        digest.update(picture.jpeg)
        digest.update(repr(picture.boxes).encode())
    return digest.hexdigest()
