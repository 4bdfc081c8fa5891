"""suite: the well-known tips on training neural networks, put to the test."""

__version__ = "0.1.0"
