"""A command line run as a user runs it, in a folder of its own, with the real Ray, store and W&B."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[2]

SMALL = """
tip: A tiny ablation for the tests
quote: a tip
source: test
workloads: {quick: [digits_cnn, glyphs_cnn]}
settings: {engine.epochs: 2, engine.train_examples: 400}
arms:
  plain: {model.norm: none}
  twin: {model.norm: none}
  wild: {model.norm: none, optimizer.lr: 3.0}
claims:
  wild_is_worse: {variant: wild, reference: plain, metric: test_accuracy, expect: worse, primary: true, margin: 1.0}
  twin_is_the_same: {variant: twin, reference: plain, metric: test_accuracy, expect: same, margin: 1.0}
"""


@pytest.fixture(scope="session")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "ablations").mkdir()
    (tmp_path / "ablations" / "small.yaml").write_text(SMALL)
    return tmp_path


Suite = Callable[..., subprocess.CompletedProcess[str]]


def environment(cache: Path) -> dict[str, str]:
    return {**os.environ, "SUITE_CACHE": str(cache), "OMP_NUM_THREADS": "1", "COLUMNS": "160", "NO_COLOR": "1"}


@pytest.fixture
def suite(folder: Path, cache: Path) -> Suite:
    def run(*arguments: str, timeout: float = 240, **more: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "suite", *arguments],
            cwd=folder,
            env={**environment(cache), **more},
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )

    return run
