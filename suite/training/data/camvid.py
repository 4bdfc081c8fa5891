"""CamVid: the road ahead, from a driving car; 11 classes. 468 frames of a few videos to train on, 233 to test on.

Brostow et al., Semantic Object Classes in Video (2008), in the form of Badrinarayanan et al., SegNet (2015), at
240x180; for research use. Frames in a row are alike: take `split: contiguous`. Pixels of no class are VOID.
"""

import tarfile

from suite.training import masks
from suite.training.arguments import PositiveInt
from suite.training.data_cache import Dataset
from suite.training.fetch import Fetch
from suite.training.targets import VOID

_MD5 = "5256172f70cf3950bb0f91c165c5666a"
_URLS: tuple[str, ...] = ()
_CLASSES = (
    "sky", "building", "pole", "road", "pavement", "tree", "sign", "fence", "car", "pedestrian", "cyclist",
)  # fmt: skip


def build(fetch: Fetch, *, height: PositiveInt = 90, width: PositiveInt = 120) -> Dataset:
    """Frames of `height` x `width`, in colour; those to train on in the order of their names, video by video."""
    path = fetch.file(("camvid/camvid-240x180.tar", "camvid-240x180.tar"), md5=_MD5, urls=_URLS)
    with tarfile.open(path) as archive:
        files = masks.unpacked(archive)
    pictures = sorted((name.rpartition("/")[2], name) for name in files if name.endswith(".jpg"))
    parts = []
    for folders in (("train", "val"), ("test",)):
        names = [name for _, name in pictures if name.split("/")[1] in folders]
        pairs = [(name, "{}/{}annot/{}".format(*name.split("/")).replace(".jpg", ".png")) for name in names]
        images, labels = masks.tensors(files, pairs, pixels=(height, width), colour=True)
        labels[labels >= len(_CLASSES)] = VOID
        parts += [images, labels]
    return Dataset(parts[0], parts[1], parts[2], parts[3], _CLASSES)
