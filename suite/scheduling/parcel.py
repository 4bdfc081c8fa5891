"""What travels to a cluster with a job: the package, the specs named, and nothing that git does not track."""

import os
import shutil
import subprocess
from collections.abc import Iterable, Mapping
from pathlib import Path

import suite
from suite.errors import ClusterError
from suite.spec.workload import FOLDER as WORKLOADS
from suite.spec.yaml_loader import existing

_PACKAGE = Path(suite.__file__).parent


def pack(folder: Path, specs: Mapping[str, Path], workloads: Iterable[str], *, foreign_code: bool) -> None:
    """Into the empty `folder`: the package `suite` as git tracks it, or as it was installed; `ablations/ID.yaml` for
    each of `specs`; those of `workloads` that are named by a path. With `foreign_code` also whatever git tracks in the
    current folder. Raises ClusterError if it tracks nothing there, or for a workload outside of this folder.
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
    for workload in workloads:
        if existing(workload, WORKLOADS) != Path(workload):
            continue  # named by its id: the package has it
        if not Path(workload).resolve().is_relative_to(Path.cwd().resolve()) or Path(workload).is_absolute():
            raise ClusterError(f"workload {workload}: only one inside of the current folder can be sent")
        (folder / workload).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(workload, folder / workload)


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
    """The files as they are now, but for what was deleted since git saw it, links to elsewhere, and lists of what to
    ignore: git has chosen already, and Ray would choose again, among the package's files too."""
    for name in names:
        if Path(name).name in (".gitignore", ".rayignore"):
            continue
        source, target = root / name, folder / name
        if source.is_file() and source.resolve().is_relative_to(root.resolve()):
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, target)
