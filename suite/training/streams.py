"""Randomness by name: every use has its own generator, so that a change to one leaves the others as they were."""

import hashlib

import torch


def number(seed: int, name: str) -> int:
    """63 bits that depend on the trial's seed and the stream's name only."""
    digest = hashlib.sha256(f"{seed}/{name}".encode()).digest()
    return int.from_bytes(digest[:8], "big") >> 1


def stream(seed: int, name: str) -> torch.Generator:
    """A generator on the CPU, whatever the trial's device: the draws are the same everywhere."""
    return torch.Generator().manual_seed(number(seed, name))
