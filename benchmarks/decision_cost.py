"""What it costs to ask which trials are still needed, after each trial, over all ablations that have results.

    .venv/bin/python benchmarks/decision_cost.py --results results [--scale quick]

Prints seconds per question: judging every ablation anew, and as a run does it, only those that the trial belongs to.
"""

import argparse
import time
from pathlib import Path

from suite.cli import study
from suite.recording.store import Store
from suite.verdict.needs import needed_trials
from suite.verdict.remembered import Remembered

_ASKED = 20


def main() -> None:
    """Prints one line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--results", type=Path, required=True)
    parser.add_argument("--scale", default="quick")
    arguments = parser.parse_args()
    opened = study.open_study(study.load_at(arguments.scale, None), Store(arguments.results), scale=arguments.scale)
    designs = [design for design in opened.designs if study.stored_count(design, opened.results)]
    needed, results = Remembered(needed_trials), dict(opened.results)

    def ask() -> float:
        begin = time.perf_counter()
        for design in designs:
            needed(design, results)
        return time.perf_counter() - begin

    ask()
    begin = time.perf_counter()
    for design in designs:
        needed_trials(design, results)
    anew = time.perf_counter() - begin
    seconds = []
    for name in list(results)[:: max(1, len(results) // _ASKED)]:
        result = results.pop(name)
        ask()
        results[name] = result
        seconds.append(ask())
    mean = sum(seconds) / len(seconds)
    print(f"{len(designs)} ablations, {len(results):,} trials: {anew:.2f} s anew, {mean:.3f} s as a run asks")


if __name__ == "__main__":
    main()
