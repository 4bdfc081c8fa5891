"""What is measured of the trained network itself: `build()` gives a function (network) -> name: number, or None."""
