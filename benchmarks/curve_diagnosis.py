"""What `suite/verdict/diagnosis.py` says of real trainings in which a fault was planted.

    .venv/bin/python benchmarks/curve_diagnosis.py                   # this one and the next: docs/diagnosis.md
    .venv/bin/python benchmarks/curve_diagnosis.py --on sequences --first-seed 2000
    .venv/bin/python benchmarks/curve_diagnosis.py --first-seed 0    # the seeds that the thresholds were chosen on

Every case is trained on each workload of its family, once per seed, in two processes. Rows of the table are what was
planted, columns what the report says.
"""

import argparse
import multiprocessing
import os
import sys
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import product
from typing import Any, get_args

os.environ.setdefault("OMP_NUM_THREADS", "1")

from suite.cli.study import data_places
from suite.spec import slots
from suite.spec.trials import Trial
from suite.spec.workload import load_workload
from suite.trial_result import TrialResult
from suite.verdict.diagnosis import Kind, diagnose

PROCESSES = 2


def leaked(data: Any, settings: Mapping[str, Any], seed: int) -> Any:
    """Every validation example is one of the training examples too."""
    from suite.training.rows import split_rows

    train, held_out = int(settings["engine.train_examples"]), int(settings["engine.validation_examples"])
    assert settings["engine.train_share"] == settings["engine.validation_share"] == 1
    split = split_rows(settings, data, seed, train_examples=train, validation_examples=held_out)
    sources = split.train.repeat(-(-held_out // train))[:held_out]
    inputs, targets = data.inputs.clone(), data.targets.clone()
    inputs[split.validation] = data.inputs[sources]
    targets[split.validation] = data.targets[sources]
    return data._replace(inputs=inputs, targets=targets)


def misaligned(data: Any, settings: Mapping[str, Any], seed: int) -> Any:
    """Every example has the label of the one before it, every window of a text the symbols of the one before it."""
    return data._replace(targets=data.targets.roll(1, dims=0))


def wrong(data: Any, seed: int, share: float) -> Any:
    """About this share of the labels (or symbols) becomes another one, in training and validation alike."""
    import torch

    generator = torch.Generator().manual_seed(seed)
    other = data.targets + torch.randint(1, len(data.classes), data.targets.shape, generator=generator)
    chosen = torch.rand(data.targets.shape, generator=generator) < share
    return data._replace(targets=torch.where(chosen, other % len(data.classes), data.targets))


@dataclass(frozen=True)
class Case:
    """A planted fault: changed settings, changed data, and the diagnoses that are right."""

    right: tuple[str, ...]
    changes: Mapping[str, Any] = field(default_factory=dict)
    spoil: Callable[[Any, Mapping[str, Any], int], Any] | None = None


def a_fifth_wrong(data: Any, settings: Mapping[str, Any], seed: int) -> Any:
    """One label in five becomes one of the other classes."""
    return wrong(data, seed, 0.2)


def forty_percent_wrong(data: Any, settings: Mapping[str, Any], seed: int) -> Any:
    """Two labels in five become one of the other classes."""
    return wrong(data, seed, 0.4)


FEW_IMAGES = {"engine.train_examples": 150, "engine.epochs": 60, "schedule": "constant"}
TINY = {"model.widths": [2, 2], "model.hidden": 2, "engine.epochs": 40}
NOT_LEARNT = ("suspected data fault", "overfitting", "plateau", "underfitting")
"""Nothing in a curve tells wrong labels from a hard task: right is any word that sends one to look."""
EVERYWHERE: Mapping[str, Case] = {
    "nothing: as the workload is": Case(("healthy",)),
    "labels one row off": Case(("suspected data fault",), {}, misaligned),
    "40 % wrong labels": Case(NOT_LEARNT, {}, forty_percent_wrong),
    "rate 1e-4, 5 epochs": Case(("underfitting",), {"optimizer.lr": 1e-4, "engine.epochs": 5}),
}
IMAGES: Mapping[str, Case] = {
    **EVERYWHERE,
    "rate 0.15": Case(("rate too high",), {"optimizer.lr": 0.15, "schedule": "constant"}),
    "rate 0.5": Case(("rate too high",), {"optimizer.lr": 0.5, "schedule": "constant"}),
    "rate 1000": Case(("diverged",), {"optimizer.lr": 1e3}),
    "2 hidden units, 40 epochs": Case(("plateau", "underfitting"), TINY),
    "150 examples, 60 epochs": Case(("overfitting",), FEW_IMAGES),
    "the same, a fifth of the labels wrong": Case(("overfitting",), FEW_IMAGES, a_fifth_wrong),
    "validation rows in training": Case(("leak suspected",), {}, leaked),
}
FEW = {"engine.train_examples": 160, "engine.batch_size": 32, "engine.epochs": 40, "schedule": "constant"}
SMALL = {"model.hidden": 1, "engine.epochs": 10}
SEQUENCES: Mapping[str, Case] = {
    **EVERYWHERE,
    "rate 1, 10 epochs": Case(("rate too high",), {"optimizer.lr": 1.0, "schedule": "constant", "engine.epochs": 10}),
    "rate 1000": Case(("diverged", "rate too high"), {"optimizer.lr": 1e3}),  # bounded cells cannot explode
    "1 hidden unit, 10 epochs": Case(("plateau", "underfitting"), SMALL),
    "160 examples, 40 epochs": Case(("overfitting",), FEW),
    "the same, a fifth of the labels wrong": Case(("overfitting",), FEW, a_fifth_wrong),
    "160 examples, 40 epochs, validation rows among them": Case(("leak suspected",), FEW, leaked),
}
FAMILIES = {
    "images": (("digits_cnn", "glyphs_cnn"), IMAGES),
    "sequences": (("digits_rows_lstm", "mnist1d_lstm", "docstrings_lstm", "topics_lm"), SEQUENCES),
}
"""Family -> workloads, and what is planted in each."""


Job = tuple[str, Case, int]
"""Workload, what is planted, seed."""


def trained(job: Job) -> TrialResult:
    """One planted training, from beginning to end."""
    from suite.training import data_cache, engine

    name, case, seed = job
    workload = load_workload(name)
    changed = slots.override(workload.at("quick"), {"engine.device": "cpu", **case.changes})
    settings = slots.complete(changed)
    prepared = data_cache.prepare(workload.data_settings, data_dirs=(), cache_dir=data_places(None)[1])
    data = data_cache.load(prepared)
    trial = Trial(settings=settings, seed=seed, purpose="tuning", data_fingerprint=prepared.fingerprint)
    training = engine.train(trial, dataset=data if case.spoil is None else case.spoil(data, settings, seed))
    while True:
        try:
            next(training)
        except StopIteration as stop:
            result: TrialResult = stop.value
            return result


Found = Mapping[tuple[str, str, int], TrialResult]
"""(what was planted, workload, seed) -> the training."""


def results(workloads: Sequence[str], cases: Mapping[str, Case], seeds: Sequence[int]) -> Found:
    """All trainings of a family."""
    keys = list(product(cases, workloads, seeds))
    jobs = [(workload, cases[case], seed) for case, workload, seed in keys]
    with multiprocessing.get_context("spawn").Pool(PROCESSES) as pool:
        return dict(zip(keys, pool.map(trained, jobs, chunksize=1), strict=True))


def table(found: Found, cases: Mapping[str, Case]) -> str:
    """Planted by diagnosed, in Markdown; what is right is bold."""
    said = {key: diagnose(run).kind for key, run in found.items()}
    kinds = [kind for kind in get_args(Kind) if kind in said.values()]
    lines = ["| planted | on | " + " | ".join(kinds) + " |", "| --- | --- |" + " ---: |" * len(kinds)]
    for case, workload in dict.fromkeys((case, workload) for case, workload, _ in found):
        counts = Counter(kind for (what, on, _), kind in said.items() if (what, on) == (case, workload))
        cells = [_cell(counts[kind], right=kind in cases[case].right) for kind in kinds]
        lines.append(f"| {case} | {workload} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def _cell(count: int, *, right: bool) -> str:
    return "" if not count else f"**{count}**" if right else str(count)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--on", choices=FAMILIES, default="images")
    parser.add_argument("--seeds", type=int, default=6)
    parser.add_argument("--first-seed", type=int, default=1000)
    arguments = parser.parse_args()
    begin = time.perf_counter()
    seeds = range(arguments.first_seed, arguments.first_seed + arguments.seeds)
    workloads, cases = FAMILIES[arguments.on]
    found = results(workloads, cases, seeds)
    print(table(found, cases))
    right, alone = (
        sum(diagnose(run).kind in cases[case].right for (case, _, _), run in those.items())
        for those in (found, {key: replace(run, measurements={}) for key, run in found.items()})
    )
    print(f"\n{right} of {len(found)} as planted; {alone} from the curves alone, without the number of classes")
    print(f"{time.perf_counter() - begin:.0f} s", file=sys.stderr)


if __name__ == "__main__":
    main()
