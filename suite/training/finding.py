"""One thing worth knowing about a set-up."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Finding:
    """What it is, and what to do. `wrong` says whether it is a fault or only a remark."""

    kind: str
    sentence: str
    remedy: str
    wrong: bool = True
