"""Oxford-IIIT Pet: which pixels belong to the cat or dog? 3,680 photographs to train and validate on, 3,669 to test on.

Parkhi et al., Cats and Dogs (2012), CC BY-SA 4.0. Its two official archives are looked for, else downloaded; their
checksums are torchvision's. Never run on them: tested on small archives of the same layout.

Pixels near an outline, which the annotators did not classify, are VOID: pet and background hardly touch then, so the
metrics of borders mean nothing here. Pets are one class: with cats and dogs apart, or the 37 breeds, mean IoU would
tell above all who recognises animals, and advice on segmentation is about which pixels belong to one.
"""

import tarfile

import torch
from torchvision.datasets import OxfordIIITPet

from suite.training import masks
from suite.training.arguments import PositiveInt
from suite.training.data_cache import Dataset
from suite.training.fetch import Fetch
from suite.training.targets import VOID

_CLASSES = ("background", "pet")
_OF_TRIMAP = torch.tensor([VOID, 1, 0, VOID], dtype=torch.int16)
"""The class of each of the trimaps' values: 1 a pet, 2 background, 3 not classified; there is no 0."""


def build(fetch: Fetch, *, height: PositiveInt = 128, width: PositiveInt = 128) -> Dataset:
    """Photographs of `height` x `width`, in colour, their proportions given up."""
    files: dict[str, bytes] = {}
    for url, md5 in OxfordIIITPet._RESOURCES:
        name = url.rpartition("/")[2]
        # only in folders of its own: `images.tar.gz` alone may be of anything
        path = fetch.file((f"oxford_pet/{name}", f"oxford-iiit-pet/{name}"), md5=md5, urls=[url])
        with tarfile.open(path) as archive:
            files |= masks.unpacked(archive)
    parts = []
    for part in ("trainval", "test"):
        lines = files[f"annotations/{part}.txt"].decode().splitlines()
        names = [line.split()[0] for line in lines]  # behind it: breed, cat or dog, breed among those
        pairs = [(f"images/{name}.jpg", f"annotations/trimaps/{name}.png") for name in names]
        images, trimaps = masks.tensors(files, pairs, pixels=(height, width), colour=True)
        parts += [images, _OF_TRIMAP[trimaps.long()]]
    return Dataset(parts[0], parts[1], parts[2], parts[3], _CLASSES)
