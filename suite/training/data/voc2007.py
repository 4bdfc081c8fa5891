"""Pascal VOC 2007: objects of 20 classes in photographs, 5,011 to train and validate on, 4,952 to test on.

Everingham et al., The Pascal Visual Object Classes (VOC) Challenge (2010). Its two official archives are looked for,
else downloaded; their checksums are torchvision's. Never run on them: tested on small archives of the same layout.

Objects that are marked as difficult count like all others, to train on and in the test. Here a box is there or it is
not: left out, they would be taught as nothing, and a detector that finds one would be counted as wrong. The published
metric ignores them, found or not, and is another than ours, which is COCO's: the two cannot be compared.
"""

import tarfile

from torchvision.datasets.voc import DATASET_YEAR_DICT

from suite.training import voc
from suite.training.arguments import PositiveInt
from suite.training.data_cache import Dataset
from suite.training.fetch import Fetch

_PAGE = "http://host.robots.ox.ac.uk/pascal/VOC/voc2007/"
_CLASSES = (
    "aeroplane", "bicycle", "bird", "boat", "bottle", "bus", "car", "cat", "chair", "cow", "diningtable", "dog",
    "horse", "motorbike", "person", "pottedplant", "sheep", "sofa", "train", "tvmonitor",
)  # fmt: skip


def build(fetch: Fetch, *, height: PositiveInt = 300, width: PositiveInt = 300) -> Dataset:
    """Photographs of `height` x `width`, in colour, their proportions given up: 2.7 GB of them at 300 x 300.

    VOC counts pixels from 1 and names the last one inside a box; here boxes go from edge to edge, counted from 0.
    """
    pool, test = _part(fetch, "2007", "trainval"), _part(fetch, "2007-test", "test")
    return voc.dataset(pool, test, classes=_CLASSES, pixels=(height, width))


def _part(fetch: Fetch, archive: str, part: str) -> list[voc.Picture]:
    published = DATASET_YEAR_DICT[archive]
    name = published["filename"]
    path = fetch.file(
        (f"voc2007/{name}", name), md5=published["md5"], urls=[published["url"].replace("http://", "https://")]
    )
    with tarfile.open(path) as packed:
        return voc.pictures(voc.in_archive(packed), part, name="voc2007", page=_PAGE, first=1)
