"""The ablations that a results folder has something of: what benchmarks that train nothing start from."""

import argparse
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from suite.cli import study
from suite.recording.store import Store
from suite.spec.design import Design
from suite.trial_result import TrialResult

WORKERS = 2


@dataclass(frozen=True)
class StoredStudy:
    """Ablations at a scale, and every stored result that is no failure."""

    scale: str
    folder: Path
    designs: list[Design]
    results: dict[str, TrialResult]
    switched: frozenset[str]
    """Which of the benchmark's own switches are on."""


def asked_for(description: str | None, **switches: str) -> StoredStudy:
    """By the command line: `--results DIR`, `--scale` and the benchmark's own switches (name=help)."""
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--results", type=Path, required=True)
    parser.add_argument("--scale", default="quick")
    for name, meaning in switches.items():
        parser.add_argument(f"--{name}", action="store_true", help=meaning)
    asked = parser.parse_args()
    opened = study.open_study(study.load_at(asked.scale, None), Store(asked.results), scale=asked.scale)
    designs = [design for design in opened.designs if study.stored_count(design, opened.results)]
    if not designs:
        sys.exit(f"{asked.results}: holds no trials of the ablations here at scale {asked.scale}")
    switched = frozenset(name for name in switches if getattr(asked, name))
    return StoredStudy(asked.scale, asked.results, designs, dict(opened.results), switched)


def worker_seconds(results: Iterable[TrialResult]) -> float:
    """Training and evaluation of these trials, over two workers."""
    return sum(result.measurements.get("total_seconds", 0.0) for result in results) / WORKERS
