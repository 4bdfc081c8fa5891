"""How many trials the verdicts took beside a fixed design, which trains all seeds and shares nothing between ablations.

    .venv/bin/python benchmarks/trials_saved.py --results results [--scale quick]

Counts the trials of all ablations that are finished in the results folder:
`run` is what was trained, a trial that several ablations ask for counted once;
`fixed` is every point of each sweep on every tuning seed and the largest number of pairs for every arm, each ablation
by itself;
`every seed, every rate` is the largest number of pairs at each point of each sweep.
The default's pairs beside the tuned ones are in `run` only. The error rates of looking early are in docs/verdict.md.
"""

from stored_study import asked_for

from suite.spec.design import Design
from suite.trial_result import TrialResult
from suite.verdict.needs import needed_trials


def fixed(design: Design, *, every_rate: bool) -> int:
    """Trials of one ablation without looks."""
    pairs = design.looks[-1]
    tuning = len(dict.fromkeys(seed for pair in range(pairs) for seed in design.tuning_seeds(pair)))
    cells = [len(design.points(arm)) for arm in design.ablation.arms for _ in design.workloads]
    return sum(points * pairs if every_rate else pairs + points * tuning for points in cells)


def run(designs: list[Design], results: dict[str, TrialResult]) -> int:
    """Trials stored for any of them."""
    return len({entry.trial.id for design in designs for entry in design.roster()} & results.keys())


def main() -> None:
    """Prints one line per design."""
    stored = asked_for(__doc__)
    done = [design for design in stored.designs if not needed_trials(design, stored.results)]
    if not done:
        raise SystemExit(f"{stored.folder}: no ablation is finished at scale {stored.scale}")
    trained = run(done, stored.results)
    alone = sum(run([design], stored.results) for design in done)
    print(f"{len(done)} ablations: {trained:,} trials run, {alone:,} if none were shared")
    for name, every_rate in (("fixed", False), ("every seed, every rate", True)):
        trials = sum(fixed(design, every_rate=every_rate) for design in done)
        print(f"{name}: {trials:,} trials, {trials / trained:.2f} times as many")


if __name__ == "__main__":
    main()
