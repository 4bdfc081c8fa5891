"""What it is worth that a worker keeps freed memory: steps of the standard workloads' networks with it and without.

    .venv/bin/python benchmarks/page_faults.py

Each measurement is a process of its own, on one thread; they take turns. Medians over the rounds.
"""

import json
import resource
import statistics
import subprocess
import sys

SHAPES = {"fashion_cnn": ((1, 28, 28), (8, 16)), "cifar10_cnn": ((3, 32, 32), (8, 16, 32))}
ROUNDS, STEPS, WARM = 5, 200, 20
BATCH = 64


def measure(workload: str, *, kept: bool) -> tuple[float, float]:
    """Milliseconds of CPU and page faults, per step."""
    import torch
    from torch.nn import functional

    from suite.training.heap import keep_freed_memory
    from suite.training.model import cnn

    torch.set_num_threads(1)
    if kept:
        keep_freed_memory()
    shape, widths = SHAPES[workload]
    model = cnn.build(shape, 10, widths=widths).to(memory_format=torch.channels_last)
    inputs = torch.randn(BATCH, *shape).contiguous(memory_format=torch.channels_last)
    targets = torch.randint(0, 10, (BATCH,))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01, momentum=0.9, fused=True)
    begin = resource.getrusage(resource.RUSAGE_SELF)
    for step in range(WARM + STEPS):
        if step == WARM:
            begin = resource.getrusage(resource.RUSAGE_SELF)
        functional.cross_entropy(model(inputs), targets).backward()
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
    end = resource.getrusage(resource.RUSAGE_SELF)
    seconds = (end.ru_utime - begin.ru_utime) + (end.ru_stime - begin.ru_stime)
    return 1000 * seconds / STEPS, (end.ru_minflt - begin.ru_minflt) / STEPS


def in_a_process(workload: str, kept: bool) -> tuple[float, float]:
    """`measure` where nothing has been allocated before."""
    told = subprocess.check_output([sys.executable, __file__, workload, str(int(kept))], text=True)
    milliseconds, faults = json.loads(told)
    return milliseconds, faults


def main() -> None:
    """Prints a row per workload."""
    if len(sys.argv) == 3:
        print(json.dumps(measure(sys.argv[1], kept=sys.argv[2] == "1")))
        return
    print("| workload | ms per step, given back | kept | ratio | faults per step, given back | kept |")
    print("| --- | ---: | ---: | ---: | ---: | ---: |")
    for workload in SHAPES:
        rounds = [[in_a_process(workload, kept) for kept in (False, True)] for _ in range(ROUNDS)]
        (given, given_faults), (held, held_faults) = (
            [statistics.median(pair[side][value] for pair in rounds) for value in (0, 1)] for side in (0, 1)
        )
        ratio = statistics.median(pair[0][0] / pair[1][0] for pair in rounds)
        row = (workload, f"{given:.1f}", f"{held:.1f}", f"{ratio:.2f}", f"{given_faults:,.0f}", f"{held_faults:,.0f}")
        print(f"| {' | '.join(row)} |")


if __name__ == "__main__":
    main()
