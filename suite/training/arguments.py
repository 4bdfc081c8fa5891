"""Types for the keyword-only arguments of mechanisms; `suite.spec.slots` reads and enforces them without torch.

An annotation may be one of these names, bool, int, float, str, Literal[...], tuple[...] of such, or `... | None`.
"""

from typing import Annotated

PositiveInt = Annotated[int, "> 0"]
NonNegativeInt = Annotated[int, ">= 0"]
PositiveFloat = Annotated[float, "> 0"]
NonNegativeFloat = Annotated[float, ">= 0"]
Fraction = Annotated[float, "0 <= x < 1"]
