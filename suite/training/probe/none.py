"""Nothing but what every trial measures."""


def build() -> None:
    """Has no settings."""
