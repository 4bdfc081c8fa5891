"""The engine beside the loop that everyone writes: torchvision-style data set, PIL transforms, DataLoader.

    .venv/bin/python benchmarks/against_naive.py step               # images/s of training, whole machine
    .venv/bin/python benchmarks/against_naive.py trials [--trials 16]  # trials per hour, through Ray Tune

Both sides train the same network (3 convolutions with batch normalisation, 28x28 grey) by SGD with momentum on the same
images for the same epochs. The naive side is Ray Tune's PyTorch tutorial: a function trainable that reports every
epoch, one process per trial. Ratios are taken side by side in one run: rounds alternate and medians are compared. Run
it on an otherwise idle machine. `--fp32` leaves bf16 out: a processor without such instructions takes very long for it.
"""

import argparse
import multiprocessing
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")
sys.path.insert(0, str(Path(__file__).parent))

from suite.cli.study import data_places
from suite.spec.trials import Trial

BATCH, EXAMPLES, HELD_OUT, CLASSES = 128, 6400, 2000, 10
DATA = {
    "data": "glyphs", "data.pixels": 28, "data.pool_examples": EXAMPLES + HELD_OUT, "data.test_examples": 100,
    "data.noise": 0.08, "data.seed": 0,
}  # fmt: skip
SLOTS = os.cpu_count() or 1


def prepared() -> Any:
    """Letters of 28x28 pixels, made once per machine."""
    from suite.training import data_cache

    return data_cache.prepare(DATA, data_dirs=(), cache_dir=data_places(None)[1])


def naive_training(folder: Path, epochs: int, report: Callable[[float], object]) -> float:
    """The tutorial's loop on the images in `folder`; gives the accuracy on held-out ones."""
    import numpy as np
    import torch
    from torch import nn
    from torch.nn import functional
    from torch.utils.data import DataLoader, Dataset
    from torchvision import transforms

    class Images(Dataset):  # type: ignore[type-arg]
        """As torchvision.datasets.MNIST gives its items."""

        def __init__(self, rows: slice) -> None:
            self.data = torch.from_numpy(np.load(folder / "inputs.npy")[rows, ..., 0])
            self.targets = torch.from_numpy(np.load(folder / "targets.npy")[rows])
            self.transform = transforms.Compose([transforms.ToTensor(), transforms.Normalize((0.5,), (0.25,))])

        def __len__(self) -> int:
            return len(self.data)

        def __getitem__(self, index: int) -> tuple[Any, int]:
            from PIL import Image

            return self.transform(Image.fromarray(self.data[index].numpy(), mode="L")), int(self.targets[index])

    class Net(nn.Module):
        """The same layers, written as tutorials write them: activation, then pool."""

        def __init__(self) -> None:
            super().__init__()
            self.conv1, self.norm1 = nn.Conv2d(1, 16, 3, padding=1), nn.BatchNorm2d(16)
            self.conv2, self.norm2 = nn.Conv2d(16, 32, 3, padding=1), nn.BatchNorm2d(32)
            self.conv3, self.norm3 = nn.Conv2d(32, 64, 3, padding=1), nn.BatchNorm2d(64)
            self.hidden, self.hidden_norm = nn.Linear(64 * 3 * 3, 128), nn.BatchNorm1d(128)
            self.output = nn.Linear(128, CLASSES)

        def forward(self, x: Any) -> Any:
            x = functional.max_pool2d(functional.relu(self.norm1(self.conv1(x))), 2)
            x = functional.max_pool2d(functional.relu(self.norm2(self.conv2(x))), 2)
            x = functional.max_pool2d(functional.relu(self.norm3(self.conv3(x))), 2)
            x = functional.relu(self.hidden_norm(self.hidden(torch.flatten(x, 1))))
            return self.output(x)

    train = DataLoader(Images(slice(0, EXAMPLES)), batch_size=BATCH, shuffle=True)
    test = DataLoader(Images(slice(EXAMPLES, None)), batch_size=BATCH)
    net, criterion = Net(), nn.CrossEntropyLoss()
    optimizer = torch.optim.SGD(net.parameters(), lr=0.03, momentum=0.9)
    accuracy = 0.0
    for _ in range(epochs):
        net.train()
        for inputs, labels in train:
            optimizer.zero_grad()
            loss = criterion(net(inputs), labels)
            loss.backward()
            optimizer.step()
            loss.item()
        net.eval()
        correct = 0
        with torch.no_grad():
            for inputs, labels in test:
                correct += int((net(inputs).argmax(1) == labels).sum())
        accuracy = correct / HELD_OUT
        report(accuracy)
    return accuracy


def suite_settings(epochs: int, precision: str) -> dict[str, Any]:
    """The same training in the suite's words."""
    from suite.spec import slots
    from suite.spec.workload import load_workload

    changes = {
        "engine.device": "cpu", "engine.epochs": epochs, "engine.batch_size": BATCH, "engine.precision": precision,
        "engine.train_examples": EXAMPLES, "engine.validation_examples": HELD_OUT, "schedule": "constant",
        "model.widths": (16, 32, 64), "model.hidden": 128, "model.norm": "batch", "optimizer.lr": 0.03,
    }  # fmt: skip
    return dict(slots.complete(slots.override({**load_workload("fashion_cnn").at("standard"), **DATA}, changes)))


def suite_training(epochs: int, precision: str) -> float:
    """The engine on the same images; gives the accuracy on held-out ones."""
    from suite.scheduling.local import start

    *_, last = start(suite_trial(0, epochs, precision), (), data_places(None)[1])
    return last.val_metric


def suite_trial(seed: int, epochs: int, precision: str) -> Trial:
    """A tuning trial: it validates on as many images as the naive side tests on."""
    settings = suite_settings(epochs, precision)
    return Trial(settings=settings, seed=seed, purpose="tuning", data_fingerprint=prepared().fingerprint)


def _timed(side: str, epochs: int, precision: str, seconds: Any) -> None:
    """In a process of its own: imports and one epoch to warm up, then the clock."""
    import torch

    torch.set_num_threads(1)
    folder = prepared().folder

    def run(count: int) -> float:
        return suite_training(count, precision) if side == "suite" else naive_training(folder, count, lambda _: None)

    run(1)
    begin = time.perf_counter()
    run(epochs)
    seconds.put(time.perf_counter() - begin)


def step(rounds: int, epochs: int, precisions: Sequence[str]) -> None:
    """Images per second of training with evaluation, one process per core on both sides."""
    context = multiprocessing.get_context("spawn")
    sides = [("naive", "fp32"), *(("suite", precision) for precision in precisions)]
    rates: dict[tuple[str, str], list[float]] = {side: [] for side in sides}
    for _ in range(rounds):
        for side in sides:
            seconds = context.Queue()
            workers = [context.Process(target=_timed, args=(side[0], epochs, side[1], seconds)) for _ in range(SLOTS)]
            for worker in workers:
                worker.start()
            took = max(seconds.get() for _ in workers)
            for worker in workers:
                worker.join()
            rates[side].append(SLOTS * epochs * EXAMPLES / took)
    base = statistics.median(rates[sides[0]])
    for side in sides:
        rate = statistics.median(rates[side])
        print(f"{' '.join(side):12} {rate:8,.0f} images/s   {rate / base:.2f} x naive")


def naive_trials(count: int, epochs: int) -> tuple[float, list[float]]:
    """Seconds for all, and accuracies: Ray Tune as its tutorial uses it."""
    import ray
    from ray import tune

    here, folder = str(Path(__file__).parent), prepared().folder

    def trainable(config: dict[str, Any]) -> None:
        sys.path.insert(0, here)
        from against_naive import naive_training as training

        training(folder, epochs, lambda accuracy: tune.report({"accuracy": accuracy}))

    begin = time.perf_counter()
    ray.init(log_to_driver=False, include_dashboard=False, logging_level="ERROR")
    with tempfile.TemporaryDirectory() as storage:
        tuner = tune.Tuner(
            tune.with_resources(trainable, {"cpu": 1}),
            param_space={"seed": tune.grid_search(list(range(count)))},
            run_config=tune.RunConfig(storage_path=storage, verbose=0),
        )
        results = tuner.fit()
    ray.shutdown()
    return time.perf_counter() - begin, [result.metrics["accuracy"] for result in results]


def suite_trials(count: int, epochs: int, precision: str) -> tuple[float, list[float]]:
    """The same through the suite's queue, searcher and workers, every result stored."""
    from scheduling_overhead import run_all

    timing = run_all([suite_trial(seed, epochs, precision) for seed in range(count)], 4.0, data_places(None))
    return timing.everything, [result.epochs[-1].val_metric for result in timing.results.values()]


def _in_a_process(side: Callable[..., tuple[float, list[float]]], *arguments: Any) -> tuple[float, list[float]]:
    """A process of its own: Ray takes the suite's token or none for as long as a process lives."""
    spawned = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(max_workers=1, mp_context=spawned) as process:
        return process.submit(side, *arguments).result()


def trials(count: int, epochs: int, precisions: Sequence[str]) -> None:
    """Trials per hour, everything counted from the start of Ray to its end."""
    prepared()
    taken, naive = _in_a_process(naive_trials, count, epochs)
    print(f"naive       {3600 * count / taken:7,.0f} trials/h  accuracy {statistics.mean(naive):.3f}")
    for precision in precisions:
        ours, accuracy = _in_a_process(suite_trials, count, epochs, precision)
        rate, mean = 3600 * count / ours, statistics.mean(accuracy)
        print(f"suite {precision}  {rate:7,.0f} trials/h  accuracy {mean:.3f}  {taken / ours:.2f} x naive")


def main() -> None:
    """Prints one line per side."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("part", choices=["step", "trials"])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--trials", type=int, default=16)
    parser.add_argument("--epochs", type=int, default=4)
    parser.add_argument("--fp32", action="store_true", help="without bf16")
    arguments = parser.parse_args()
    precisions = ("fp32",) if arguments.fp32 else ("fp32", "bf16")
    if arguments.part == "step":
        step(arguments.rounds, arguments.epochs, precisions)
    else:
        trials(arguments.trials, arguments.epochs, precisions)


if __name__ == "__main__":
    main()
