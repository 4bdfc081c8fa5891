"""What the catalogue would cost from an empty store, by the workloads' own guesses for one CPU core.

    .venv/bin/python benchmarks/planned_cost.py [--scale standard]

Trials and hours from every claim decided at its first look to every claim at its last (docs/scale.md).
"""

import argparse
import math
import tempfile
from pathlib import Path

from suite.cli import study
from suite.recording.store import Store
from suite.scheduling.estimate import seconds_per_trial
from suite.spec.trials import Trial
from suite.verdict.needs import trials_left


def main() -> None:
    """Prints one line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scale", default="standard")
    scale = parser.parse_args().scale
    with tempfile.TemporaryDirectory() as folder:
        opened = study.open_study(study.load_at(scale, None), Store(Path(folder)), scale=scale)
    estimate = seconds_per_trial(opened.designs, {})
    least, most = dict[str, Trial](), dict[str, Trial]()
    for design in opened.designs:
        for wanted, trials in zip((least, most), trials_left(design, {}), strict=True):
            wanted |= {trial.id: trial for trial in trials}
    hours = [math.fsum(estimate(trial) or math.nan for trial in wanted.values()) / 3600 for wanted in (least, most)]
    trials = f"{len(least):,} to {len(most):,} trials"
    print(f"{scale}: {len(opened.designs)} ablations, {trials}, {hours[0]:,.0f} to {hours[1]:,.0f} hours on one core")


if __name__ == "__main__":
    main()
