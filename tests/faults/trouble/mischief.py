"""An augmentation that changes nothing, but does harm where a file in `flags/`, beside it, asks for some.

    pace      seconds to sleep at every batch, so that a trial lasts without computing
    once      the harm that the first trial does that comes by
    always    the harm that one trial does whenever it runs: the first that came by, named in `victim`
    diary     empty; a line is added for each batch of each trial, in order

Harm is `hang`, `stop` (the process stops itself, so that it hears no signal) or `leak BYTES`: take memory until the
host uses so much.
"""

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

import torch
from torch import Tensor

FLAGS = Path(__file__).parent / "flags"
_MOST_LEAKED, _STEP = 8 * 2**30, 2**26


def build(*, arm: str = "") -> Callable[[Tensor, Tensor, torch.Generator], tuple[Tensor, Tensor]]:
    """Maps both to themselves. `arm` tells the trials of a pair apart, which share all their seeds."""
    pace = float(_flag("pace") or 0)
    batches = 0

    def augment(inputs: Tensor, targets: Tensor, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        nonlocal batches
        batches += 1
        time.sleep(pace)
        trial = f"{arm} {generator.initial_seed()}"
        if (FLAGS / "diary").exists():
            with (FLAGS / "diary").open("a") as diary:
                diary.write(f"{trial}\n")
        if batches == 3:  # in mid-epoch
            _harm(_wanted_of(trial))
        return inputs, targets

    return augment


def _wanted_of(trial: str) -> str:
    if _flag("once"):
        try:
            done = (FLAGS / "once").rename(FLAGS / "done")  # only one process can
        except FileNotFoundError:
            return ""
        return done.read_text()
    harm = _flag("always")
    if harm:
        try:
            with (FLAGS / "victim").open("x") as file:
                file.write(trial)
        except FileExistsError:
            return harm if _flag("victim") == trial else ""
    return harm


def _flag(name: str) -> str:
    try:
        return (FLAGS / name).read_text()
    except FileNotFoundError:
        return ""


def _harm(harm: str) -> None:
    kind, _, amount = harm.partition(" ")
    if kind == "hang":
        while True:
            time.sleep(60)
    if kind == "stop":
        os.kill(os.getpid(), signal.SIGSTOP)
    if kind == "leak":
        _leak(int(amount))


def _leak(most_used: int) -> None:
    """Holds on for a while: whoever ends processes where memory is low needs a moment to notice."""
    leaked = []
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        if used_bytes() < most_used and len(leaked) * _STEP < _MOST_LEAKED:
            leaked.append(b"x" * _STEP)
        else:
            time.sleep(0.1)
    raise RuntimeError("nobody minded that the memory was used up")


def used_bytes() -> int:
    """Of the host."""
    lines = (line.split() for line in Path("/proc/meminfo").read_text().splitlines())
    amounts = {words[0]: int(words[1]) * 1024 for words in lines}
    return amounts["MemTotal:"] - amounts["MemAvailable:"]
