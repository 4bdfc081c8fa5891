"""A copy of the results folder where other machines reach it: a path, s3://, gs:// or whatever else pyarrow knows.

The results folder on disk stays the place where a run writes; its records are pulled from the storage before and pushed
to it one by one. A record's name is the hash of what was asked for, so neither direction ever replaces anything that
differs, and any number of machines may share one storage.
"""

import contextlib
import json
import re
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Any

from suite.errors import StoreError
from suite.recording import files
from suite.recording.provenance import scrub
from suite.recording.store import Store
from suite.trial_result import TrialResult

_URI = re.compile(r"[a-z][a-z0-9+.-]*://.+")
_RECORD = re.compile(r"trials/[0-9a-f]{2}/[0-9a-f]{16}(\.failed)?\.json")
_DATA = "data.json"


class Storage:
    """The folder at `uri`. Every method raises StoreError with a line that names it."""

    def __init__(self, uri: str) -> None:
        from pyarrow import fs

        self.uri = scrub(uri)
        try:
            if _URI.fullmatch(uri):
                self._files, root = fs.FileSystem.from_uri(uri)
            else:
                self._files, root = fs.LocalFileSystem(), str(Path(uri).absolute())
        except (OSError, ValueError) as error:
            raise StoreError(f"--storage {self.uri}: {_short(error)}; it takes a path, s3://... or gs://...") from None
        self._root = PurePosixPath(root)

    def pull(self, store: Store) -> int:
        """Records that `store` lacks, copied into it; how many. Data sets' fingerprints come too."""
        count = 0
        with self._named("cannot be read"):
            for name in self._names():
                target = store.root / name
                if _RECORD.fullmatch(name) and not target.exists():
                    target.parent.mkdir(parents=True, exist_ok=True)
                    files.write(target, self._read(name))
                    count += 1
                elif name == _DATA:
                    self._learn_data(store)
        return count

    def push(self, store: Store, result: TrialResult) -> None:
        """One trial's record, as it is stored."""
        ending = ".failed.json" if result.status == "failed" else ".json"
        self._put(store, f"trials/{result.trial_id[:2]}/{result.trial_id}{ending}")

    def push_all(self, store: Store, *folders: str) -> None:
        """All files of these folders of the results folder, and the list of data sets."""
        for folder in folders:
            for path in sorted((store.root / folder).rglob("*")):
                if path.is_file() and not path.name.startswith("."):
                    self._put(store, path.relative_to(store.root).as_posix())
        if store.fingerprints():
            self._put(store, _DATA)

    def _learn_data(self, store: Store) -> None:
        """Fingerprints of data sets that the results folder has not seen."""
        try:
            found = dict(json.loads(self._read(_DATA))["fingerprints"])
        except (ValueError, KeyError, TypeError):
            raise StoreError(f"--storage {self.uri}: {_DATA} is not a list of data sets") from None
        known = store.fingerprints()
        for data, fingerprint in found.items():
            if data not in known:
                store.record_fingerprint(str(data), str(fingerprint))

    def _names(self) -> Iterator[str]:
        from pyarrow import fs

        listed = self._files.get_file_info(fs.FileSelector(str(self._root), recursive=True, allow_not_found=True))
        for info in listed:
            if info.type == fs.FileType.File:
                yield PurePosixPath(info.path).relative_to(self._root).as_posix()

    def _read(self, name: str) -> bytes:
        with self._files.open_input_stream(str(self._root / name)) as stream:
            return bytes(stream.read())

    def _put(self, store: Store, name: str) -> None:
        content = (store.root / name).read_bytes()
        target = self._root / name
        with self._named("cannot be written"):
            if self._files.type_name == "local":
                Path(target.parent).mkdir(parents=True, exist_ok=True)
                files.write(Path(target), content)
                return
            with self._files.open_output_stream(str(target)) as stream:  # object stores show it whole or not at all
                stream.write(content)

    @contextlib.contextmanager
    def _named(self, what: str) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise StoreError(f"--storage {self.uri}: {what} ({_short(error)})") from None


def _short(error: Any) -> str:
    """One line of what the file system said, without what may be secret."""
    lines = scrub(str(error)).strip().splitlines()
    return lines[0][:200] if lines else type(error).__name__
