"""A trial: one training, fully resolved, with an id made from everything that can change its result."""

import hashlib
import json
from dataclasses import dataclass
from functools import cached_property

from suite.spec.defaults import essential
from suite.trial_result import Purpose, Settings

ENGINE_VERSION = 5
"""Raise it with any change to suite/training that can change a trial's numbers, a default's value among them: old
results are then not reused. A new slot or argument whose default changes nothing needs no new version."""

TUNING_SEED = 10_000
"""Tuning seeds start here and evaluation seeds stay below, so that selection never sees a run that is scored."""


@dataclass(frozen=True, kw_only=True)
class Trial:
    """One training run that somebody asked for; run once, whichever ablation asks."""

    settings: Settings
    """Every slot and every argument, defaults filled in, plain values only."""
    seed: int
    purpose: Purpose
    data_fingerprint: str
    """SHA-256 of the prepared data set's content."""

    @cached_property
    def id(self) -> str:
        """16 hexadecimal digits of the SHA-256 of the canonical JSON of all fields and ENGINE_VERSION.

        Of the settings, what is not at its default (`essential`).
        """
        content = {
            "settings": dict(essential(self.settings)),
            "seed": self.seed,
            "purpose": self.purpose,
            "data": self.data_fingerprint,
            "engine": ENGINE_VERSION,
        }
        canonical = json.dumps(content, sort_keys=True, separators=(",", ":"), allow_nan=False)
        return hashlib.sha256(canonical.encode()).hexdigest()[:16]
