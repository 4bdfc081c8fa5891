"""What travels to a cluster with a job: the package, the specs named, and nothing that git does not track."""

import os
import shutil
import subprocess
from collections.abc import Iterable, Mapping
from pathlib import Path

import suite
from suite.errors import ClusterError

_PACKAGE = Path(suite.__file__).parent


def pack(folder: Path, specs: Mapping[str, Path], *, foreign_code: bool) -> None:
    """Into the empty `folder`: the package `suite` as git tracks it, or as it was installed; `ablations/ID.yaml` for
    each of `specs`. With `foreign_code` also whatever git tracks in the current folder; raises ClusterError if it
    tracks nothing there.
    """
    if foreign_code:
        here = _tracked(Path.cwd())
        if not here:
            raise ClusterError("--allow-code: only what git tracks is sent, and it tracks nothing in this folder")
        _copy(Path.cwd(), here, folder)
    _copy(_PACKAGE.parent, _package_files(), folder)
    (folder / "ablations").mkdir(exist_ok=True)
    for name, path in specs.items():
        shutil.copyfile(path, folder / "ablations" / f"{name}.yaml")


def _package_files() -> list[str]:
    if (_PACKAGE.parent / ".git").exists():
        return _tracked(_PACKAGE.parent, _PACKAGE.name)
    installed = (path for path in _PACKAGE.rglob("*") if path.is_file() and "__pycache__" not in path.parts)
    return [path.relative_to(_PACKAGE.parent).as_posix() for path in installed]


def _tracked(folder: Path, *paths: str) -> list[str]:
    """Relative to `folder`; none if that is no checkout."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    command = ["git", "-C", str(folder), "ls-files", "-z", "--", *paths]
    try:
        done = subprocess.run(command, capture_output=True, check=True, env=environment)
    except (OSError, subprocess.CalledProcessError):
        return []
    return [name for name in done.stdout.decode().split("\0") if name]


def _copy(root: Path, names: Iterable[str], folder: Path) -> None:
    """The files as they are now; what was deleted since git saw it is left out, and so are links to elsewhere."""
    for name in names:
        source, target = root / name, folder / name
        if source.is_file() and source.resolve().is_relative_to(root.resolve()):
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, target)
