"""Trainings in memory of pages of 2 MiB, as trials run in, beside trainings in pages of 4 KiB.

    .venv/bin/python benchmarks/huge_pages.py [--workload cifar10_cnn --scale standard --data-dir DIR]

One training to warm up, then one on the clock, in a process of its own per side and round; rounds alternate, medians
are compared. As many at once as there are cores. Run it on an otherwise idle machine. Where the kernel uses huge pages
always (/sys/kernel/mm/transparent_hugepage/enabled), both sides are the same.
"""

import argparse
import multiprocessing
import os
import statistics
import time
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")

from suite.cli.study import data_places
from suite.scheduling.cluster import HUGE_PAGES
from suite.spec import slots
from suite.spec.trials import Trial
from suite.spec.workload import load_workload

SLOTS = os.cpu_count() or 1
SIDES = {"4 KiB": "", "2 MiB": HUGE_PAGES}


def _timed(settings: dict[str, Any], data_dirs: tuple[Path, ...]) -> tuple[float, float]:
    """Seconds of the second training, and its validation metric."""
    from suite.training import data_cache, engine

    own = {key: value for key, value in settings.items() if key.split(".")[0] == "data"}
    data = data_cache.prepare(own, data_dirs=data_dirs, cache_dir=data_places(None)[1])
    trial = Trial(settings=settings, seed=0, purpose="tuning", data_fingerprint=data.fingerprint)
    for _ in range(2):
        began = time.perf_counter()
        *_, last = engine.train(trial, dataset=data_cache.load(data))
        took = time.perf_counter() - began
    return took, last.val_metric


def main() -> None:
    """Prints one line per side."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--workload", default="glyphs_cnn")
    parser.add_argument("--scale", default="quick")
    parser.add_argument("--epochs", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--data-dir", type=Path, action="append", default=[])
    arguments = parser.parse_args()
    workload = load_workload(arguments.workload).at(arguments.scale)
    settings = dict(
        slots.complete(slots.override(workload, {"engine.device": "cpu", "engine.epochs": arguments.epochs}))
    )
    context = multiprocessing.get_context("spawn")
    times: dict[str, list[float]] = {side: [] for side in SIDES}
    metrics = set()
    for _ in range(arguments.rounds):
        for side in SIDES:
            os.environ["GLIBC_TUNABLES"] = SIDES[side]  # read when a process begins
            with context.Pool(SLOTS) as pool:
                found = pool.starmap(_timed, [(settings, tuple(arguments.data_dir))] * SLOTS, chunksize=1)
            times[side].append(max(took for took, _ in found))
            metrics |= {metric for _, metric in found}
    base = statistics.median(next(iter(times.values())))
    for side in SIDES:
        middle = statistics.median(times[side])
        print(f"{side:10} {middle:6.2f} s a training   {base / middle:.2f} times as fast")
    print("the numbers are the same" if len(metrics) == 1 else f"the numbers differ: {sorted(metrics)}")


if __name__ == "__main__":
    main()
