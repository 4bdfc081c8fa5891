"""No augmentation."""


def build() -> None:
    """Nothing to do per batch."""
