"""What scheduling costs: wall time of 100 trials of about 2 s over the pure training time divided by the slots.

    .venv/bin/python benchmarks/scheduling_overhead.py [--trials 100] [--seconds 2.0]

Prints two ratios: with Ray's start and end counted, and without. Run it on an otherwise idle machine.
"""

import argparse
import os
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")

from suite.cli.prepare import prepare_data
from suite.cli.study import data_places
from suite.recording.store import Store
from suite.scheduling.cluster import connected
from suite.scheduling.demand import Cluster
from suite.scheduling.queue import TrialQueue
from suite.spec.ablation import load_ablation
from suite.spec.design import Design
from suite.spec.trials import Trial
from suite.spec.workload import load_workload
from suite.trial_result import TrialResult


class Keep:
    """Stores results as a run does, and nothing else."""

    def __init__(self, store: Store) -> None:
        self.store = store

    def finished(self, trial: Trial, result: TrialResult) -> None:
        """Part of what scheduling costs."""
        assert result.status == "completed", result.reason
        self.store.put(result)

    def retried(self, trial: Trial, attempt: int, reason: str) -> None:
        """Would falsify the figure."""
        raise AssertionError(reason)


def trials_of(count: int, seconds: float, fingerprints: dict[str, str]) -> list[Trial]:
    """Trials of the glyphs workload with as many epochs as take `seconds` here, each with its own seed."""
    from suite.training import data_cache, engine

    ablation, workload = load_ablation("bn_vs_dropout"), load_workload("glyphs_cnn")
    design = Design(ablation=ablation, scale="quick", workloads=(workload,), device="cpu", fingerprints=fingerprints)
    probe = design.tuning_trial("glyphs_cnn", "bn", (), 1)
    prepared = data_cache.prepare(workload.data_settings, data_dirs=(), cache_dir=data_places(None)[1])
    dataset = data_cache.load(prepared)
    for _ in range(2):  # the first pays for imports
        begin = time.perf_counter()
        for _record in engine.train(probe, dataset=dataset):
            pass
        took = time.perf_counter() - begin
    epochs = max(1, round(int(probe.settings["engine.epochs"]) * seconds / took))
    settings = {**probe.settings, "engine.epochs": epochs}
    return [
        Trial(settings=settings, seed=seed, purpose="tuning", data_fingerprint=probe.data_fingerprint)
        for seed in range(count)
    ]


@dataclass(frozen=True, kw_only=True)
class Timing:
    """Results by trial id, and seconds: of everything, and without Ray's start and end."""

    results: dict[str, TrialResult]
    slots: int
    everything: float
    running: float


def run_all(trials: Sequence[Trial], seconds: float, places: tuple[tuple[Path, ...], Path]) -> Timing:
    """As `suite run` does it: Ray, queue, workers, every result stored. `seconds`: what a trial is expected to take."""
    with tempfile.TemporaryDirectory() as folder:
        store = Store(Path(folder))
        store.open()
        queue = TrialQueue(
            lambda results: (trial for trial in trials if trial.id not in results),
            {},
            listener=Keep(store),
            estimate=lambda trial: seconds,
        )
        cluster = Cluster()
        begin = time.perf_counter()
        with connected(cluster) as capacity:
            from suite.scheduling import tune_runner

            slots = queue.slots = capacity.slots(cluster.demand())
            ready = time.perf_counter()
            tune_runner.run(queue, slots=slots, data_dirs=places[0], cache_dir=places[1], tick=lambda: None)
            done = time.perf_counter()
        end = time.perf_counter()
    return Timing(results=queue.results, slots=slots, everything=end - begin, running=done - ready)


def main() -> None:
    """Prints the ratios."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--trials", type=int, default=100)
    parser.add_argument("--seconds", type=float, default=2.0)
    arguments = parser.parse_args()
    places = data_places(None)
    fingerprints = prepare_data([load_workload("glyphs_cnn")], None, *places)
    timing = run_all(trials_of(arguments.trials, arguments.seconds, fingerprints), arguments.seconds, places)
    training = sum(result.measurements["total_seconds"] for result in timing.results.values())
    ideal = training / timing.slots
    each = training / len(timing.results)
    print(f"{len(timing.results)} trials, {each:.2f} s each, on {timing.slots} slots: ideal {ideal:.1f} s")
    print(f"wall time over ideal, everything counted: {timing.everything / ideal:.3f}  ({timing.everything:.1f} s)")
    print(f"the same without Ray's start and end:     {timing.running / ideal:.3f}  ({timing.running:.1f} s)")


if __name__ == "__main__":
    main()
