"""What a process may take of a GPU that it shares."""

import torch


def limit_memory(share: float) -> None:
    """At most this part of the GPU's memory for this process, 0 < share < 1; beyond it torch raises OutOfMemoryError.

    A scheduler's fractions of a GPU limit nothing by themselves. Without a GPU, or a neighbour, nothing is done.
    """
    if 0 < share < 1 and torch.cuda.is_available():
        torch.cuda.set_per_process_memory_fraction(share)
