"""Trials' records as lines of a log: how results come back from a cluster through the one port that a job has.

Each line is a mark, a kind and JSON: `::suite trial {...}` (a record as it is stored), `::suite data {...}` (data set
to fingerprint). Everything else in the log is for people. Content-addressed records may be read twice without harm.
"""

import json
import os
from collections.abc import Mapping

from suite.errors import StoreError
from suite.recording.codec import decode, encode
from suite.trial_result import TrialResult

_MARK = "::suite "
_STDOUT = 1


def send_trial(result: TrialResult) -> None:
    """To stdout."""
    _send("trial", encode(result).decode())


def send_data(fingerprints: Mapping[str, str]) -> None:
    """To stdout: data set and its settings -> fingerprint."""
    _send("data", json.dumps(dict(fingerprints)))


def received(line: str) -> TrialResult | dict[str, str] | None:
    """What a line of the log holds; None if it is one for people. Raises StoreError if it was damaged."""
    if not line.startswith(_MARK):
        return None
    kind, _, content = line.removeprefix(_MARK).partition(" ")
    try:
        if kind == "trial":
            return decode(content.encode())
        return {str(key): str(value) for key, value in json.loads(content).items()}
    except (ValueError, AttributeError) as error:
        raise StoreError(f"a record in the job's log cannot be read ({error})") from None


def _send(kind: str, content: str) -> None:
    """To the process's own stdout, whatever stands in its place now, and in one system call: stderr goes to the same
    file and must not come between."""
    data = f"{_MARK}{kind} {content.strip()}\n".encode()
    while data:
        data = data[os.write(_STDOUT, data) :]
