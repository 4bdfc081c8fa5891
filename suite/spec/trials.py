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

REVISIONS = {
    ("model", "segmenter"): 2,
    ("model", "deep_cnn"): 1,
    ("order", "class_groups"): 1,
    ("split", "by_class"): 1,
    ("pretraining", "classification"): 1,
}
"""Of mechanisms that were mended since: as ENGINE_VERSION, but only their own trials are made anew. When that is raised
these can go."""

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
        """16 hexadecimal digits of the SHA-256 of the canonical JSON of all fields, ENGINE_VERSION and `revisions`.

        Of the settings, what is not at its default (`essential`).
        """
        content: dict[str, object] = {
            "settings": dict(essential(self.settings)),
            "seed": self.seed,
            "purpose": self.purpose,
            "data": self.data_fingerprint,
            "engine": ENGINE_VERSION,
        }
        if revised := revisions(self.settings):
            content["revisions"] = revised
        canonical = json.dumps(content, sort_keys=True, separators=(",", ":"), allow_nan=False)
        return hashlib.sha256(canonical.encode()).hexdigest()[:16]


def revisions(settings: Settings) -> dict[str, int]:
    """Those of the trial's mechanisms that have one, by slot."""
    return {slot: number for (slot, mechanism), number in REVISIONS.items() if settings.get(slot) == mechanism}
