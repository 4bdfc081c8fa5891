"""Playing cards on tables: nine, ten, jack, queen, king and ace in 363 photographs.

EdjeElectronics, https://github.com/EdjeElectronics/TensorFlow-Object-Detection-API-Tutorial-Train-Multiple-Objects-
Windows-10, Apache-2.0, at no more than 320 pixels a side. 296 photographs to train and validate on, 67 to test on.
"""

from suite.training import voc_copies
from suite.training.arguments import PositiveInt
from suite.training.data_cache import Dataset
from suite.training.fetch import Fetch

_PUBLISHED = voc_copies.Published(
    name="playing-cards",
    page=(
        "https://github.com/EdjeElectronics/TensorFlow-Object-Detection-API-Tutorial-Train-Multiple-Objects-Windows-10 "
        "(commit c16458258226, its folder images, scaled to at most 320 pixels a side)"
    ),
    classes=("nine", "ten", "jack", "queen", "king", "ace"),
    pool="train",
    test="test",
    sha256="457b65020d624910e816c3ac9521efacbe02d48ed51f7421b6f6ae1029660e97",
)


def build(fetch: Fetch, *, height: PositiveInt = 128, width: PositiveInt = 128) -> Dataset:
    """Pictures of `height` x `width`, in colour, their proportions given up."""
    return voc_copies.dataset(fetch, _PUBLISHED, (height, width))
