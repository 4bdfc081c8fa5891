"""What is measured of the trained network itself: `build()` gives a function (network) -> Probed, or None."""

from typing import NamedTuple


class Probed(NamedTuple):
    """What a probe found."""

    measurements: dict[str, float]
    filters: tuple[tuple[float, ...], ...] = ()
    """For a picture: 3x3 filters in nine numbers each."""
