"""Sequences in the engine beside the loop that everyone writes: every text padded to the longest one, DataLoader.

    .venv/bin/python benchmarks/sequences_against_naive.py text --data-dir DIR     # IMDB
    .venv/bin/python benchmarks/sequences_against_naive.py language --data-dir DIR # Tiny Shakespeare

Both sides train the same network (embedding, LSTM, scores of the mean over places, or of every place) by Adam on as
many examples of the same data for the same epochs, and validate after each. What counts are tokens trained on that are
no padding, over all the time that passes. One process per core on both sides, rounds alternate, medians are compared.
Run it on an otherwise idle machine.
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
from suite.spec import slots
from suite.spec.trials import Trial
from suite.spec.workload import load_workload

SLOTS = os.cpu_count() or 1
WORKLOADS = {"text": "imdb_lstm", "language": "shakespeare_lm"}
EXAMPLES, HELD_OUT, BATCH = 2000, 500, 32


def settings(part: str, epochs: int, precision: str) -> dict[str, Any]:
    """The workload's own, nothing cut off, on few examples."""
    changes = {
        "engine.device": "cpu", "engine.epochs": epochs, "engine.batch_size": BATCH, "engine.precision": precision,
        "engine.train_examples": EXAMPLES, "engine.validation_examples": HELD_OUT, "preprocess.percentile": 100.0,
        "schedule": "constant",
    }  # fmt: skip
    return dict(slots.complete(slots.override(load_workload(WORKLOADS[part]).at("standard"), changes)))


def prepared(part: str, data_dirs: tuple[Path, ...]) -> Any:
    """The data set, made once per machine."""
    from suite.training import data_cache

    own = {key: value for key, value in settings(part, 1, "fp32").items() if key.split(".")[0] == "data"}
    return data_cache.prepare(own, data_dirs=data_dirs, cache_dir=data_places(None)[1])


def naive_parts(part: str, folder: Path) -> tuple[Any, Any, Any]:
    """The network, and loaders of training and validation examples."""
    import numpy as np
    import torch
    from torch import nn
    from torch.utils.data import DataLoader, Dataset

    class Texts(Dataset):  # type: ignore[type-arg]
        """Every example at the length of the longest."""

        def __init__(self, rows: Any) -> None:
            self.inputs, self.targets = (np.load(folder / f"{name}.npy")[rows] for name in ("inputs", "targets"))

        def __len__(self) -> int:
            return len(self.inputs)

        def __getitem__(self, index: int) -> tuple[Any, Any]:
            return torch.tensor(self.inputs[index], dtype=torch.long), torch.tensor(self.targets[index])

    class Net(nn.Module):
        """Embedding and LSTM; padding has no part in the mean."""

        def __init__(self, symbols: int, classes: int) -> None:
            super().__init__()
            self.embedding = nn.Embedding(symbols, 64, padding_idx=0)
            self.lstm = nn.LSTM(64, 128, batch_first=True)
            self.output = nn.Linear(128, classes)

        def forward(self, tokens: Any) -> Any:
            outputs, _ = self.lstm(self.embedding(tokens))
            if part == "language":
                return self.output(outputs).transpose(1, 2)
            there = (tokens != 0)[:, :, None]
            return self.output((outputs * there).sum(1) / there.sum(1))

    everything = np.load(folder / "inputs.npy", mmap_mode="r")
    rows = np.arange(len(everything))
    if part == "text":  # stored class by class
        np.random.default_rng(0).shuffle(rows)
    train, test = Texts(rows[:EXAMPLES]), Texts(rows[EXAMPLES : EXAMPLES + HELD_OUT])
    net = Net(int(everything.max()) + 1, int(np.load(folder / "targets.npy", mmap_mode="r").max()) + 1)
    return net, DataLoader(train, batch_size=BATCH, shuffle=True), DataLoader(test, batch_size=BATCH)


def naive_training(part: str, folder: Path, epochs: int) -> float:
    """The usual loop on the prepared examples; gives the validation accuracy."""
    import torch
    from torch.nn import functional

    net, train, test = naive_parts(part, folder)
    optimizer = torch.optim.Adam(net.parameters(), lr=0.003)
    right = total = 0
    for _ in range(epochs):
        net.train()
        for inputs, targets in train:
            optimizer.zero_grad()
            loss = functional.cross_entropy(net(inputs), targets)
            loss.backward()
            optimizer.step()
            loss.item()
        net.eval()
        right = total = 0
        with torch.no_grad():
            for inputs, targets in test:
                right += int((net(inputs).argmax(1) == targets).sum())
                total += targets.numel()
    return right / total


def suite_training(part: str, data: Any, epochs: int, precision: str) -> None:
    """The engine, on as many examples that it draws itself."""
    from suite.scheduling.local import start

    trial = Trial(
        settings=settings(part, epochs, precision), seed=0, purpose="tuning", data_fingerprint=data.fingerprint
    )
    *_, _ = start(trial, (), data_places(None)[1])


def _timed(part: str, side: str, data: Any, epochs: int, precision: str, seconds: Any) -> None:
    """In a process of its own: imports and one epoch to warm up, then the clock."""
    import torch

    torch.set_num_threads(1)

    def run(count: int) -> None:
        if side == "suite":
            suite_training(part, data, count, precision)
        else:
            naive_training(part, data.folder, count)

    run(1)
    begin = time.perf_counter()
    run(epochs)
    seconds.put(time.perf_counter() - begin)


def _tokens(part: str, data: Any) -> float:
    """Of an example, without padding: the mean over the data set."""
    import numpy as np

    return float((np.load(data.folder / "inputs.npy", mmap_mode="r") != 0).sum(axis=1).mean())


def compare(part: str, data_dirs: tuple[Path, ...], rounds: int, epochs: int) -> None:
    """Tokens trained on per second, validation included in the time, whole machine."""
    data, context = prepared(part, data_dirs), multiprocessing.get_context("spawn")
    sides = [("naive", "fp32"), ("suite", "fp32"), ("suite", "bf16")]
    rates: dict[tuple[str, str], list[float]] = {side: [] for side in sides}
    done = SLOTS * epochs * EXAMPLES * _tokens(part, data)
    for _ in range(rounds):
        for side in sides:
            seconds = context.Queue()
            arguments = (part, side[0], data, epochs, side[1], seconds)
            workers = [context.Process(target=_timed, args=arguments) for _ in range(SLOTS)]
            for worker in workers:
                worker.start()
            took = max(seconds.get() for _ in workers)
            for worker in workers:
                worker.join()
            rates[side].append(done / took)
    base = statistics.median(rates[sides[0]])
    for side in sides:
        rate = statistics.median(rates[side])
        print(f"{' '.join(side):12} {rate:10,.0f} tokens/s   {rate / base:.2f} x naive")


def main() -> None:
    """Prints one line per side."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("part", choices=list(WORKLOADS))
    parser.add_argument("--data-dir", type=Path, action="append", default=[])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--epochs", type=int, default=1)
    arguments = parser.parse_args()
    compare(arguments.part, tuple(arguments.data_dir), arguments.rounds, arguments.epochs)


if __name__ == "__main__":
    main()
