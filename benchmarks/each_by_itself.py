"""The time on the clock of each ablation by itself, from an empty store: what somebody waits who runs only that one.

    .venv/bin/python benchmarks/each_by_itself.py --results DIR ablations/grad_clip*.yaml [options of suite run]

Each gets a folder of its own under DIR, where its trials and reports stay. From start to report; beside it its trials'
own time over two workers. Run it on an otherwise idle machine.
"""

import argparse
import subprocess
import sys
import time
from pathlib import Path

from stored_study import worker_seconds

from suite.recording.store import Store


def main() -> None:
    """Prints a line per ablation as soon as it is through; what `suite run` says goes to run.log beside its trials."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--results", type=Path, required=True)
    parser.add_argument("ablations", nargs="+", type=Path)
    asked, options = parser.parse_known_args()
    print(f"{'ablation':28} {'trials':>7} {'own time':>9} {'clock':>7}")
    suite = Path(sys.executable).with_name("suite")
    for ablation in asked.ablations:
        folder = asked.results / ablation.stem
        folder.mkdir(parents=True, exist_ok=False)
        command = [suite, "run", ablation, "--results", folder, "--wandb", "off", *options]
        begin = time.perf_counter()
        with (folder / "run.log").open("w") as log:
            subprocess.run(command, stdout=log, stderr=subprocess.STDOUT, check=True)
        clock = time.perf_counter() - begin
        stored = Store(folder).load()
        own = worker_seconds(stored.values())
        print(f"{ablation.stem:28} {len(stored):7,} {own:7.0f} s {clock:5.0f} s", flush=True)


if __name__ == "__main__":
    main()
