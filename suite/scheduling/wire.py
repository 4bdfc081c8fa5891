"""Trials and results as JSON text, to travel between the driver and its workers without pickle."""

import json
from collections.abc import Iterable
from typing import Any

from suite.scheduling.queue import Attempt
from suite.spec.trials import Trial
from suite.trial_result import TrialResult, freeze


def attempts_to_text(attempts: Iterable[Attempt]) -> str:
    """Read back by `attempts_from_text`."""
    return json.dumps(
        [
            {
                "settings": dict(attempt.trial.settings),
                "seed": attempt.trial.seed,
                "purpose": attempt.trial.purpose,
                "data_fingerprint": attempt.trial.data_fingerprint,
                "number": attempt.number,
            }
            for attempt in attempts
        ]
    )


def attempts_from_text(text: str) -> list[Attempt]:
    """The trials of one task."""
    return [
        Attempt(number=record.pop("number"), trial=Trial(**{**record, "settings": _frozen(record["settings"])}))
        for record in json.loads(text)
    ]


def results_to_text(results: Iterable[TrialResult]) -> str:
    """Read back by `results_from_text`; NaN and Inf survive, both ends being Python."""
    return json.dumps([result.to_json() for result in results])


def results_from_text(text: str) -> list[TrialResult]:
    """What a worker finished since its last report."""
    return [TrialResult.from_json(record) for record in json.loads(text)]


def _frozen(settings: dict[str, Any]) -> dict[str, Any]:
    return {key: freeze(value) for key, value in settings.items()}
