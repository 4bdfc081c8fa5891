"""Data sets as tensors, prepared once per machine and shared between processes by mmap."""

import hashlib
import importlib
import json
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from filelock import FileLock
from torch import Tensor

from suite.errors import DataError
from suite.training.build import arguments
from suite.training.fetch import Fetch, Progress, no_space
from suite.trial_result import Settings

_ARRAYS = ("inputs", "targets", "test_inputs", "test_targets")
_LAYOUT = 2
"""Of a prepared folder; raise it when that changes."""


class Dataset(NamedTuple):
    """A whole data set. Training and validation examples are drawn from the first two by each trial's seed."""

    inputs: Tensor
    """Images: uint8, (N, H, W, C). Tokens: int16 or int32, (N, T). Series: float32, (N, T, C). (`padding.py`)"""
    targets: Tensor
    """Labels: int64 (N,); of a text to be continued (N, T), the symbol that follows each place. A class for each pixel:
    int16 (N, H, W). Boxes: float32 (N, M, 5), as many rows for each image as the fullest has. (`targets.py`)"""
    test_inputs: Tensor
    test_targets: Tensor
    classes: tuple[str, ...]
    vocabulary: tuple[str, ...] = ()
    """What each token stands for, the first one for padding; empty unless inputs are tokens."""
    separator: str = " "
    """What stands between tokens in the text: nothing between characters."""


@dataclass(frozen=True, kw_only=True)
class PreparedData:
    """A folder of arrays and the SHA-256 of their content."""

    folder: Path
    fingerprint: str


def prepare(
    data_settings: Settings, *, data_dirs: Sequence[Path], cache_dir: Path, progress: Progress | None = None
) -> PreparedData:
    """The prepared data set, made now if this machine has none. Safe when many processes ask at once.

    `data_settings` are `data` and `data.*`. Raises DataError with the remedies; nothing half-written stays behind.
    """
    name = str(data_settings["data"])
    key = json.dumps([_LAYOUT, sorted(data_settings.items())])
    folder = cache_dir / "data" / f"{name.replace('.', '-')}-{hashlib.sha256(key.encode()).hexdigest()[:12]}"
    found = _read(folder)
    if found:
        return found
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(f"{folder}.lock"):
            return _read(folder) or _make(data_settings, folder, data_dirs, progress)
    except OSError as error:
        raise no_space(error, folder.parent) from error


@lru_cache(maxsize=4)
def load(prepared: PreparedData) -> Dataset:
    """The tensors, mapped and not read: processes on one machine share the memory. Raises DataError if they changed."""
    changed = DataError(
        f"{prepared.folder}: changed since it was prepared; delete the folder, it is made again by itself"
    )
    try:
        arrays = {name: np.load(prepared.folder / f"{name}.npy", mmap_mode="c") for name in _ARRAYS}
        meta = json.loads((prepared.folder / "meta.json").read_text())
    except (OSError, ValueError):
        raise changed from None
    if _fingerprint(arrays, meta["classes"], meta["vocabulary"]) != prepared.fingerprint:
        raise changed
    tensors = {name: torch.from_numpy(array) for name, array in arrays.items()}
    classes, vocabulary = tuple(meta["classes"]), tuple(meta["vocabulary"])
    return Dataset(**tensors, classes=classes, vocabulary=vocabulary, separator=meta["separator"])


def _read(folder: Path) -> PreparedData | None:
    """None if it is not there, or not whole."""
    try:
        meta = json.loads((folder / "meta.json").read_text())
        whole = all((folder / f"{name}.npy").stat().st_size == meta["bytes"][name] for name in _ARRAYS)
        fingerprint = str(meta["fingerprint"])
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return PreparedData(folder=folder, fingerprint=fingerprint) if whole else None


def _make(data_settings: Settings, folder: Path, data_dirs: Sequence[Path], progress: Progress | None) -> PreparedData:
    """Built in a temporary folder beside, then moved into place in one step. The caller holds the folder's lock."""
    staging = Path(f"{folder}.making")
    shutil.rmtree(staging, ignore_errors=True)  # of a process that was killed
    staging.mkdir()
    try:
        fetch = Fetch(folders=tuple(data_dirs), staging=staging, progress=progress)
        name = str(data_settings["data"])
        module = importlib.import_module(name if "." in name else f"suite.training.data.{name}")
        dataset: Dataset = module.build(fetch, **arguments(data_settings, "data"))
        ready = staging / "ready"
        ready.mkdir()
        arrays = {name: np.ascontiguousarray(getattr(dataset, name).numpy()) for name in _ARRAYS}
        for array_name, array in arrays.items():
            np.save(ready / f"{array_name}.npy", array)
        fingerprint = _fingerprint(arrays, dataset.classes, dataset.vocabulary)
        sizes = {name: (ready / f"{name}.npy").stat().st_size for name in _ARRAYS}
        meta = {"fingerprint": fingerprint, "bytes": sizes, "classes": dataset.classes}
        meta |= {"vocabulary": dataset.vocabulary, "separator": dataset.separator}
        (ready / "meta.json").write_text(json.dumps(meta))
        shutil.rmtree(folder, ignore_errors=True)
        ready.rename(folder)
    finally:
        shutil.rmtree(staging, ignore_errors=True)
    return PreparedData(folder=folder, fingerprint=fingerprint)


def _fingerprint(arrays: dict[str, np.ndarray], classes: Sequence[str], vocabulary: Sequence[str]) -> str:
    names = [list(classes), list(vocabulary)] if vocabulary else list(classes)
    digest = hashlib.sha256(json.dumps(names).encode())
    for name in _ARRAYS:
        digest.update(f"{name} {arrays[name].dtype} {arrays[name].shape}".encode())
        digest.update(np.ascontiguousarray(arrays[name]).data)
    return digest.hexdigest()
