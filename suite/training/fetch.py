"""Files of a data set: found in the folders given, else downloaded; never used before their checksum has been seen."""

import errno
import hashlib
import shutil
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from suite.errors import DataError

Progress = Callable[[str, int, int | None], None]
"""What is being loaded, bytes done, bytes in all (None: unknown)."""

_CHUNK = 1 << 20
_TIMEOUT_SECONDS = 20


@dataclass(frozen=True, kw_only=True)
class Fetch:
    """Where a data set may look: `folders` in order, then the network; `staging` is a temporary folder of its own."""

    folders: Sequence[Path]
    staging: Path
    progress: Progress | None = None

    def find(self, *names: str) -> Path | None:
        """The first of these relative paths that exists in any folder."""
        return next((path for folder in self.folders for name in names if (path := folder / name).exists()), None)

    def file(self, names: Sequence[str], *, md5: str, urls: Sequence[str]) -> Path:
        """A file by any of its relative paths, verified; downloaded into `staging` if no folder has it.

        Raises DataError: a checksum that differs, or no way to get the file.
        """
        found = self.find(*names)
        if found is not None:
            verify(found, md5)
            return found
        return self._download(names[0], md5, urls)

    def _download(self, name: str, md5: str, urls: Sequence[str]) -> Path:
        target = self.staging / Path(name).name
        reasons = []
        for url in urls:
            try:
                with urllib.request.urlopen(url, timeout=_TIMEOUT_SECONDS) as answer, target.open("wb") as file:  # noqa: S310 - https only, see data/
                    total = int(answer.headers.get("Content-Length") or 0) or None
                    for done in _copied(answer, file):
                        if self.progress:
                            self.progress(target.name, done, total)
                verify(target, md5)
            except (urllib.error.URLError, TimeoutError, ConnectionError) as error:
                reasons.append(str(getattr(error, "reason", error)))
            except DataError as error:  # not what its publisher's is: another place may have it
                reasons.append(f"{url}: {error}")
            else:
                return target
        looked = ", ".join(str(folder) for folder in self.folders) or "no folder was given"
        published = f"; it is published at {urls[0]}" if urls else ""
        raise DataError(
            f"data set file {name}: not found (looked in: {looked}) and not downloaded "
            f"({'; '.join(dict.fromkeys(reasons)) or 'it is not published in this form'}). "
            "Give a folder that has it with --data-dir DIR or SUITE_DATA, "
            f"or go online once and run `suite data prepare`{published}"
        )


def verify(path: Path, md5: str) -> None:
    """Raises DataError naming the file and both checksums if its content is not what the publisher's is."""
    try:
        with path.open("rb") as file:
            found = hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror})") from None
    if found != md5:
        raise DataError(f"{path}: corrupt (MD5 {found}, the published one is {md5}); delete it and fetch it again")


def no_space(error: OSError, folder: Path) -> DataError:
    """What to tell who ran out of disk, or may not write."""
    full = error.errno in (errno.ENOSPC, errno.EDQUOT) or "written" in str(error)  # numpy's word for it, without errno
    why = "no space is left" if full else str(error.strerror or error).lower()
    if full and folder.exists():
        why += f" ({shutil.disk_usage(folder).free // 2**20} MiB free)"
    return DataError(f"{folder}: {why}; SUITE_CACHE names another folder for prepared data sets")


def _copied(source: object, file: object) -> Iterator[int]:
    done = 0
    while chunk := source.read(_CHUNK):  # type: ignore[attr-defined]
        file.write(chunk)  # type: ignore[attr-defined]
        done += len(chunk)
        yield done
