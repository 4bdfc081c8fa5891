"""Nuclei of cells under the microscope: which pixels belong to one? 538 images of many kinds, of at most 360 pixels.

2018 Data Science Bowl, stage 1, BBBC038 of the Broad Bioimage Benchmark Collection (Caicedo et al., 2019), CC0, with
K. Lopuhin's corrections of the masks. There is no official test with masks: 108 images are held out for it. Images of
one experiment look alike, and both parts have some of the same experiments.
"""

import tarfile

from suite.training import masks
from suite.training.arguments import PositiveInt
from suite.training.data_cache import Dataset
from suite.training.fetch import Fetch

_MD5 = "071a690f0645d1fd8d6c8123cf2a4392"
_URLS: tuple[str, ...] = ()


def build(fetch: Fetch, *, pixels: PositiveInt = 96) -> Dataset:
    """Grey images of `pixels` x `pixels`, whatever their proportions were; 0 is background, 1 a nucleus."""
    path = fetch.file(("nuclei/nuclei.tar", "nuclei.tar"), md5=_MD5, urls=_URLS)
    with tarfile.open(path) as archive:
        files = masks.unpacked(archive)
    parts = []
    for part in ("train", "val"):
        names = files[f"nuclei/{part}.txt"].decode().split()
        pairs = [(f"nuclei/images/{name}.jpg", f"nuclei/labels/{name}.png") for name in names]
        images, labels = masks.tensors(files, pairs, pixels=(pixels, pixels), colour=False)
        parts += [images, labels.clamp_max(1)]
    return Dataset(parts[0], parts[1], parts[2], parts[3], ("background", "nucleus"))
