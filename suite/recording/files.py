"""Files that are whole or not there at all, and one line for whatever a file system can refuse."""

import contextlib
import errno
import os
import re
import secrets
import time
from collections.abc import Iterator
from pathlib import Path

from suite.errors import StoreError

_TEMPORARY = re.compile(r"\..+\.[0-9a-f]{8}\.tmp")
_STALE_SECONDS = 3600.0
_ELSEWHERE = "choose another folder with --results"


def write(path: Path, content: bytes) -> None:
    """Whole or not at all, even if the process is killed or the machine stops. Raises OSError, leaving no trace."""
    with replacing(path) as temporary, temporary.open("xb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


@contextlib.contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A new path beside `path`, in its place after the block; removed if the block raises."""
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}.tmp")
    try:
        yield temporary
        temporary.replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
        raise


def probe(folder: Path) -> None:
    """Raises OSError unless a file can be made in `folder`."""
    path = folder / f".probe.{secrets.token_hex(4)}.tmp"
    path.touch(exist_ok=False)
    path.unlink()


def sweep(folder: Path) -> None:
    """Remove temporary files that a killed process left here; one younger than an hour may still be in use."""
    oldest = time.time() - _STALE_SECONDS
    with contextlib.suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            if _TEMPORARY.fullmatch(entry.name) and entry.stat(follow_symlinks=False).st_mtime < oldest:
                Path(entry.path).unlink(missing_ok=True)


def refusal(root: Path, error: OSError) -> StoreError:
    """What the file system said, with the folder and the remedy, in one line."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return StoreError(f"{root}: no space left; free some or {_ELSEWHERE} (what is stored stays stored)")
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return StoreError(f"{root}: the results folder cannot be written ({error.strerror}); {_ELSEWHERE}")
    if error.errno in (errno.ENOTDIR, errno.EEXIST):
        return StoreError(f"{root}: a file is where the results folder should be; {_ELSEWHERE}")
    return StoreError(f"{root}: {error.strerror or error}; {_ELSEWHERE}")
