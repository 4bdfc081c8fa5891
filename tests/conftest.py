"""For all tests: one thread per process (set before torch is imported), and where data sets come from."""

import os

os.environ["OMP_NUM_THREADS"] = "1"

from pathlib import Path

import pytest
from hypothesis import settings

settings.register_profile("repeatable", derandomize=True)  # a failure must mean the change, not the draw
settings.load_profile("repeatable")


@pytest.fixture(scope="session")
def data_root() -> Path:
    """A folder with the files of the real data sets."""
    named, shared = os.environ.get("SUITE_DATA"), Path(__file__).parents[2] / "shared" / "data"
    if named is None and not shared.is_dir():
        pytest.skip("no folder with data sets: SUITE_DATA is not set and ../shared/data does not exist")
    return Path(named) if named is not None else shared


@pytest.fixture(scope="session")
def cache_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Prepared data sets, shared by a session's tests."""
    return tmp_path_factory.mktemp("suite-cache")
