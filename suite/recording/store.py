"""The results folder: one record per trial, content-addressed, readable whenever its writer dies.

    trials/ab/abcdef0123456789.json          a trial that completed or diverged
    trials/ab/abcdef0123456789.failed.json   one that could not be run; a success takes its place
    data.json                                fingerprints of the data sets used
    quarantine/                              records that could not be read, set aside and never deleted

A result is never overwritten: whoever stores it first is right, and a failure has a file name of its own. So two
drivers on one folder need no lock for trials.
"""

import contextlib
import json
import os
import re
import secrets
from collections.abc import Iterator
from pathlib import Path

from filelock import FileLock, Timeout

from suite.errors import StoreError
from suite.recording import files
from suite.recording.codec import OtherVersionError, decode, encode, trial_of
from suite.trial_result import TrialResult

_RECORD = re.compile(r"([0-9a-f]{16})(\.failed)?\.json")
_MOST_BYTES = 32 * 2**20
_LOCK_SECONDS = 30.0


class Store:
    """The results folder at `root`. `notices` collects one line for each record that was set aside or skipped."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.notices: list[str] = []
        self._trials = root / "trials"

    def open(self) -> None:
        """Create the folder if need be and make sure that it can be written. Raises StoreError."""
        try:
            self._trials.mkdir(parents=True, exist_ok=True)
            files.probe(self._trials)
            for folder in (self.root, self._trials, *self._folders()):
                files.sweep(folder)
        except OSError as error:
            raise files.refusal(self.root, error) from None

    def put(self, result: TrialResult) -> None:
        """Keep a result; it outlives this process when this returns. Only a failure stored before is ever replaced.

        Raises StoreError if it cannot be written; nothing half-written stays behind.
        """
        assert trial_of(result).id == result.trial_id, "the id is made from what was asked for"
        folder = self._trials / result.trial_id[:2]
        success, failure = folder / f"{result.trial_id}.json", folder / f"{result.trial_id}.failed.json"
        try:
            if self._read(success):
                return
            folder.mkdir(parents=True, exist_ok=True)
            files.write(failure if result.status == "failed" else success, encode(result))
            if result.status != "failed":
                failure.unlink(missing_ok=True)
        except OSError as error:
            raise files.refusal(self.root, error) from None

    def get(self, trial_id: str) -> TrialResult | None:
        """One trial by its whole id."""
        if not _RECORD.fullmatch(f"{trial_id}.json"):
            return None
        folder = self._trials / trial_id[:2]
        return self._read(folder / f"{trial_id}.json") or self._read(folder / f"{trial_id}.failed.json")

    def load(self) -> dict[str, TrialResult]:
        """All trials, by id in ascending order; none if there is no such folder yet.

        Records that are truncated or foreign are moved to `quarantine/`; those of another version of the engine stay
        where they are and are left out. Raises StoreError if the folder itself cannot be read.
        """
        results: dict[str, TrialResult] = {}
        others = 0
        for path in self._records():
            try:
                result = self._decoded(path)
            except OtherVersionError:
                others += 1
                continue
            if result and (result.trial_id not in results or result.status != "failed"):
                results[result.trial_id] = result
        if others:
            self._notice(
                f"{self._trials}: {others} of the records come from another version of suite; they stay there, unused"
            )
        return dict(sorted(results.items()))

    def fingerprints(self) -> dict[str, str]:
        """SHA-256 of the data sets used here, by data set and its settings."""
        path = self.root / "data.json"
        try:
            record = json.loads(path.read_bytes())
            found = record["fingerprints"]
            if not all(isinstance(value, str) for value in found.values()):
                raise TypeError
        except FileNotFoundError:
            return {}
        except OSError as error:
            raise self._unreadable(error) from None
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
            self._set_aside(path, "not a list of data sets")
            return {}
        return dict(found)

    def record_fingerprint(self, data: str, fingerprint: str) -> None:
        """Remember a data set's content under `data` (its name and settings). Raises StoreError."""
        if self.fingerprints().get(data) == fingerprint:
            return
        try:
            self.root.mkdir(parents=True, exist_ok=True)
            with FileLock(self.root / ".data.json.lock", timeout=_LOCK_SECONDS):
                merged = dict(sorted({**self.fingerprints(), data: fingerprint}.items()))
                files.write(self.root / "data.json", (json.dumps({"fingerprints": merged}, indent=1) + "\n").encode())
        except Timeout:
            raise StoreError(f"{self.root}: another process holds data.json; try again when it is done") from None
        except OSError as error:
            raise files.refusal(self.root, error) from None

    def _folders(self) -> list[Path]:
        try:
            with os.scandir(self._trials) as entries:
                return sorted(Path(entry.path) for entry in entries if entry.is_dir())
        except FileNotFoundError:
            return []

    def _records(self) -> Iterator[Path]:
        """Every file that may be a record; a stray one directly under trials/ too."""
        try:
            if self.root.exists() and not self.root.is_dir():
                raise NotADirectoryError
            for folder in (self._trials, *self._folders()):
                with contextlib.suppress(FileNotFoundError), os.scandir(folder) as entries:
                    yield from [Path(e.path) for e in entries if e.name.endswith(".json") and e.is_file()]
        except NotADirectoryError:
            raise StoreError(f"{self.root}: a file is where the results folder should be") from None
        except OSError as error:
            raise self._unreadable(error) from None

    def _read(self, path: Path) -> TrialResult | None:
        """The trial stored there, if one is that this version can use."""
        with contextlib.suppress(OtherVersionError):
            return self._decoded(path) if path.exists() else None
        return None

    def _decoded(self, path: Path) -> TrialResult | None:
        """None if it is gone or no record (then it is set aside). Raises OtherVersionError."""
        try:
            return _decode_file(path)
        except OtherVersionError:
            raise
        except FileNotFoundError:
            return None  # set aside, or replaced by a success, by another process
        except OSError as error:
            self._notice(f"{path}: cannot be read ({error.strerror}); left out")
        except ValueError as error:
            self._set_aside(path, str(error))
        return None

    def _set_aside(self, path: Path, problem: str) -> None:
        target = self.root / "quarantine" / f"{path.stem}.{secrets.token_hex(4)}{path.suffix}"
        try:
            target.parent.mkdir(exist_ok=True)
            path.rename(target)
        except FileNotFoundError:
            return
        except OSError as error:
            self._notice(f"{path}: {problem}; it cannot be moved ({error.strerror}), so it is left out")
            return
        if path.parent != self.root and _is_sound(target, path):
            target.replace(path)  # another driver had stored the trial between our look and our move
            return
        self._notice(f"{path}: {problem}; moved to {target.parent}")

    def _notice(self, line: str) -> None:
        if line not in self.notices:
            self.notices.append(line)

    def _unreadable(self, error: OSError) -> StoreError:
        return StoreError(f"{self.root}: the results folder cannot be read ({error.strerror})")


def _decode_file(path: Path, named: Path | None = None) -> TrialResult:
    """Raises OSError, OtherVersionError or ValueError. `named`: where the file stood when it was named."""
    place = named or path
    match = _RECORD.fullmatch(place.name)
    if not match or place.parent.name != match[1][:2]:
        raise ValueError("not where a trial's record is kept")
    if path.stat().st_size > _MOST_BYTES:
        raise ValueError(f"larger than {_MOST_BYTES // 2**20} MiB")
    result = decode(path.read_bytes(), match[1])
    if (result.status == "failed") != bool(match[2]):
        raise ValueError(f"status: {result.status!r} does not go with the file name")
    return result


def _is_sound(path: Path, named: Path) -> bool:
    try:
        _decode_file(path, named)
    except OtherVersionError:
        return True
    except (OSError, ValueError):
        return False
    return True
