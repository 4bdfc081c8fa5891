"""What a process may take of a GPU that it shares, and that it computes there what it computed before."""

import os

import torch


def limit_memory(share: float) -> None:
    """At most this part of the GPU's memory for this process, 0 < share < 1; beyond it torch raises OutOfMemoryError.

    A scheduler's fractions of a GPU limit nothing by themselves. Without a GPU, or a neighbour, nothing is done.
    """
    if 0 < share < 1 and torch.cuda.is_available():
        torch.cuda.set_per_process_memory_fraction(share)


def repeat_exactly() -> None:
    """From now on, kernels on the GPU that give the same bits every time, as those on the CPU do.

    Where torch has none, it warns and goes on. https://docs.pytorch.org/docs/stable/notes/randomness.html
    """
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    torch.use_deterministic_algorithms(True, warn_only=True)
    torch.backends.cudnn.benchmark = False
