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


class Noise:
    """The generators that dropout draws from are torch's global ones: ours for a block's length, then as they were."""

    def __init__(self, seed: int, device: str, name: str = "noise") -> None:
        self._cuda = device == "cuda"
        self._mine = stream(seed, name).get_state()
        self._mine_cuda: torch.Tensor | None = None
        self._seed = number(seed, name)

    def __enter__(self) -> None:
        self._theirs = torch.get_rng_state()
        torch.set_rng_state(self._mine)
        if self._cuda:
            self._theirs_cuda = torch.cuda.get_rng_state()
            if self._mine_cuda is None:
                torch.cuda.manual_seed(self._seed)
            else:
                torch.cuda.set_rng_state(self._mine_cuda)

    def __exit__(self, *_: object) -> None:
        self._mine = torch.get_rng_state()
        torch.set_rng_state(self._theirs)
        if self._cuda:
            self._mine_cuda = torch.cuda.get_rng_state()
            torch.cuda.set_rng_state(self._theirs_cuda)
