"""BCCD: red cells, white cells and platelets in 364 pictures of blood under the microscope, 640x480.

Shenggan, BCCD Dataset, https://github.com/Shenggan/BCCD_Dataset, MIT licence. 292 pictures to train and validate on, 72
to test on. Many red cells have no box, in some pictures none has: no detector reaches a high precision on them.
"""

from suite.training import voc_copies
from suite.training.arguments import PositiveInt
from suite.training.data_cache import Dataset
from suite.training.fetch import Fetch

_PUBLISHED = voc_copies.Published(
    name="bccd",
    page="https://github.com/Shenggan/BCCD_Dataset (commit d272fb14cdff, its folder BCCD)",
    classes=("RBC", "WBC", "Platelets"),
    pool="trainval",
    test="test",
    sha256="de15cc16bf080ba459abd7797414e78f8a59a413b8ff27b9b20f0f8357670a37",
)


def build(fetch: Fetch, *, height: PositiveInt = 120, width: PositiveInt = 160) -> Dataset:
    """Pictures of `height` x `width`, in colour."""
    return voc_copies.dataset(fetch, _PUBLISHED, (height, width))
