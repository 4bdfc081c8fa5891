"""A copy of the results folder where other machines reach it: a path, s3://, gs:// or whatever else pyarrow knows.

The results folder on disk stays the place where a run writes; its records are pulled from the storage before and pushed
to it one by one. A record's name is the hash of what was asked for, so any number of machines may share one storage.
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
        for name in self._names():
            target = store.root / name
            if name == _DATA:
                self._learn_data(store)
            elif _RECORD.fullmatch(name) and not target.exists() and not _success(target).exists():
                content = self._read(name)
                try:
                    target.parent.mkdir(parents=True, exist_ok=True)
                    files.write(target, content)
                except OSError as error:
                    raise files.refusal(store.root, error) from None
                count += 1
        return count

    def push(self, store: Store, result: TrialResult) -> None:
        """One trial's record, as it is stored."""
        ending = ".failed.json" if result.status == "failed" else ".json"
        name = f"trials/{result.trial_id[:2]}/{result.trial_id}{ending}"
        if (store.root / name).exists():  # a failure is not kept where another driver had a success
            self._put(store, name)

    def push_missing(self, store: Store, *folders: str) -> None:
        """Records that the storage lacks, all files of these folders of the results folder, the list of data sets."""
        there = set(self._names())
        for folder in ("trials", *folders):
            for path in sorted((store.root / folder).rglob("*")):
                name = path.relative_to(store.root).as_posix()
                wanted = name not in there and _RECORD.fullmatch(name) if folder == "trials" else path.is_file()
                if wanted and not path.name.startswith("."):
                    self._put(store, name)
        if _DATA in there:
            self._learn_data(store)
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

    def _names(self) -> list[str]:
        from pyarrow import fs

        everything = fs.FileSelector(str(self._root), recursive=True, allow_not_found=True)
        with self._named("cannot be read"):
            found = [info.path for info in self._files.get_file_info(everything) if info.type == fs.FileType.File]
        return [PurePosixPath(path).relative_to(self._root).as_posix() for path in found]

    def _read(self, name: str) -> bytes:
        with self._named("cannot be read"), self._files.open_input_stream(str(self._root / name)) as stream:
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


def _success(record: Path) -> Path:
    """Where the record of the same trial's success would be."""
    return record.with_name(record.name.replace(".failed.", "."))


def _short(error: Any) -> str:
    """One line of what the file system said, without what may be secret."""
    lines = scrub(str(error)).strip().splitlines()
    return lines[0][:200] if lines else type(error).__name__
