"""Word-level WikiText-2 with the settings of torch's own example of a word language model, beside what others report.

    .venv/bin/python benchmarks/wikitext2.py --data-dir DIR [--device cuda] [--threads 2] [--precision bf16]

One training of the workload wikitext2_lm at full: two tied layers of 200 units, 6 epochs of SGD at 20, clipped at 0.25.
Its schedule and selection are the example's, the rate being quartered after an epoch whose validation loss is no better
and the best epoch tested, or with `--schedule cosine` those of the workload.
The example's README says a test perplexity of 110.44, a figure from the time when its text was the Penn Treebank;
somebody who ran the same command on WikiText-2 had 130.32 (https://github.com/pytorch/examples/issues/415).
"""

import argparse
import os
import time
from pathlib import Path

from suite.cli.study import data_places
from suite.spec import slots
from suite.spec.trials import Trial
from suite.spec.workload import load_workload

REPORTED = (110.44, 130.32)


def main() -> None:
    """Prints one line per epoch and one for the test set."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data-dir", type=Path, action="append", default=[])
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--threads", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--precision", choices=["fp32", "bf16"], default="fp32")
    parser.add_argument("--schedule", choices=["example", "cosine"], default="example")
    arguments = parser.parse_args()
    os.environ["OMP_NUM_THREADS"] = str(arguments.threads)  # read when torch is imported
    from suite.training import data_cache, engine

    changes = {
        "engine.device": arguments.device, "engine.threads": arguments.threads, "engine.precision": arguments.precision,
    }  # fmt: skip
    if arguments.schedule == "example":
        changes |= {"schedule": "plateau", "schedule.gamma": 0.25, "selection": "best_val_loss"}
    settings = slots.complete(slots.override(load_workload("wikitext2_lm").at("full"), changes))
    data_dirs, cache = tuple(arguments.data_dir), data_places(None)[1]
    own = {key: value for key, value in settings.items() if key.split(".")[0] == "data"}
    data = data_cache.prepare(own, data_dirs=data_dirs, cache_dir=cache)
    trial = Trial(settings=settings, seed=0, purpose="evaluation", data_fingerprint=data.fingerprint)
    training, began = engine.train(trial, dataset=data_cache.load(data)), time.perf_counter()
    while True:
        try:
            record = next(training)
        except StopIteration as stop:
            result = stop.value
            break
        passed = time.perf_counter() - began
        scores = f"rate {record.learning_rate:g}, validation perplexity {1 / record.val_metric:.2f}"
        print(f"{passed:6.0f} s  epoch {record.epoch}: {scores}", flush=True)
    print(f"test perplexity {result.measurements['test_perplexity']:.2f}; reported by others: {REPORTED}")


if __name__ == "__main__":
    main()
