"""What it costs to ask which trials are still needed, after each trial, over all ablations that have results.

    .venv/bin/python benchmarks/decision_cost.py --results results [--scale quick]

Prints seconds per question: judging every ablation anew, and as a run does it, only those that the trial belongs to.
"""

import time

from stored_study import asked_for

from suite.verdict.needs import needed_trials
from suite.verdict.remembered import Remembered

_ASKED = 20


def main() -> None:
    """Prints one line."""
    stored = asked_for(__doc__)
    designs, results = stored.designs, stored.results
    needed = Remembered(needed_trials)

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
