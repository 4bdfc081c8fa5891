"""What the stored trials of a results folder cost: each ablation by itself, and all of them with shared trials once.

    .venv/bin/python benchmarks/catalogue_cost.py --results results [--scale quick]

Seconds of training and evaluation over two workers; Ray, the queue and the reports come on top (docs/speed.md).
"""

from collections.abc import Iterable

from stored_study import asked_for, worker_seconds

from suite.spec.design import Design


def main() -> None:
    """Prints a line per ablation, the dearest first, then the whole."""
    stored = asked_for(__doc__)

    def trials(designs: Iterable[Design]) -> set[str]:
        return {entry.trial.id for design in designs for entry in design.roster()} & stored.results.keys()

    def seconds(designs: Iterable[Design]) -> float:
        return worker_seconds(stored.results[trial] for trial in trials(designs))

    for design in sorted(stored.designs, key=lambda design: -seconds([design])):
        print(f"{design.ablation.id:28} {len(trials([design])):6,} trials {seconds([design]):7.0f} s")
    print(f"{'all':28} {len(trials(stored.designs)):6,} trials {seconds(stored.designs):7.0f} s")


if __name__ == "__main__":
    main()
