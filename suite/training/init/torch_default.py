"""What each of torch's modules does by itself: uniform in +-1/sqrt(fan_in) for linear and convolution layers."""


def build() -> None:
    """Nothing to change."""
