"""How the driver bears many trials: time per scheduling decision, memory, size of the store. Trials do next to nothing.

    .venv/bin/python benchmarks/driver_scale.py [--trials 1000 5000 20000] [--slots 2]

Everything is real (Ray, queue, workers, store) but the trials' work: one epoch on ten digits. Each size runs in a
process of its own. Ray is told of as many CPUs as `--slots` says, so that more workers than cores can be tried.
"""

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")

from scheduling_overhead import Keep

from suite.cli.prepare import prepare_data
from suite.cli.study import data_places
from suite.recording.store import Store
from suite.scheduling.cluster import connected
from suite.scheduling.demand import Cluster
from suite.scheduling.queue import Attempt, TrialQueue
from suite.spec.ablation import load_ablation
from suite.spec.design import Design
from suite.spec.trials import Trial
from suite.spec.workload import load_workload

TRIVIAL = {"engine.epochs": 1, "engine.train_examples": 10, "engine.validation_examples": 10, "engine.batch_size": 10}


class TimedQueue(TrialQueue):
    """Counts the decisions and the seconds that they take."""

    decisions, seconds = 0, 0.0

    def next_batch(self) -> tuple[Attempt, ...]:
        """As the queue's own."""
        begin = time.perf_counter()
        batch = super().next_batch()
        self.decisions, self.seconds = self.decisions + 1, self.seconds + time.perf_counter() - begin
        return batch


def trials_of(count: int) -> list[Trial]:
    """Each with its own seed."""
    fingerprints = prepare_data([load_workload("digits_cnn")], None, *data_places(None))
    design = Design(
        ablation=load_ablation("bn_vs_dropout"),
        scale="quick",
        workloads=(load_workload("digits_cnn"),),
        device="cpu",
        fingerprints=fingerprints,
    )
    example = design.tuning_trial("digits_cnn", "bn", (), 1)
    settings = {**example.settings, **TRIVIAL}
    return [
        Trial(settings=settings, seed=seed, purpose="tuning", data_fingerprint=example.data_fingerprint)
        for seed in range(count)
    ]


def measure(count: int, slots: int) -> str:
    """One row of the table."""
    trials, places = trials_of(count), data_places(None)
    os.environ["RAY_OVERRIDE_RESOURCES"] = f'{{"CPU": {slots}}}'
    with tempfile.TemporaryDirectory() as folder:
        store = Store(Path(folder))
        store.open()
        queue = TimedQueue(
            lambda results: (trial for trial in trials if trial.id not in results),
            {},
            listener=Keep(store),
            estimate=lambda trial: 0.1,
        )
        with connected(Cluster()) as capacity:
            from suite.scheduling import tune_runner

            queue.slots = capacity.slots(Cluster().demand())
            begin, cpu = time.perf_counter(), time.process_time()
            tune_runner.run(queue, slots=queue.slots, data_dirs=places[0], cache_dir=places[1], tick=lambda: None)
            wall, cpu = time.perf_counter() - begin, time.process_time() - cpu
        assert len(queue.results) == count
        size = sum(path.stat().st_size for path in store.root.rglob("*.json"))
        begin = time.perf_counter()
        assert len(store.load()) == count
        load = time.perf_counter() - begin
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return (
        f"| {count:,} | {queue.slots} | {wall:.0f} s | {1000 * cpu / count:.1f} ms | "
        f"{1000 * queue.seconds / queue.decisions:.2f} ms | {peak:.0f} MB | {size / 2**20:.0f} MB | {load:.1f} s |"
    )


def main() -> None:
    """Prints a table in Markdown."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--trials", type=int, nargs="+", default=[1000, 5000, 20_000])
    parser.add_argument("--slots", type=int, default=2)
    parser.add_argument("--row", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.row:
        print(measure(arguments.trials[0], arguments.slots))
        return
    print("| trials | slots | wall | driver CPU per trial | per decision | driver memory | store | read back |")
    print("| ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |", flush=True)
    for count in arguments.trials:
        words = [sys.executable, __file__, "--row", "--trials", str(count), "--slots", str(arguments.slots)]
        print(subprocess.run(words, check=True, stdout=subprocess.PIPE, text=True).stdout.strip(), flush=True)


if __name__ == "__main__":
    main()
