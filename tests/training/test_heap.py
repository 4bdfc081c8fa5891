"""A process that trains does not ask the system for the same memory again at every step."""

import platform
import subprocess
import sys

import pytest

STEPS = """
import resource
from suite.training.heap import keep_freed_memory
import torch
torch.set_num_threads(1)
if {kept}:
    keep_freed_memory()
def step():
    held = [torch.ones(megabytes << 18) for megabytes in (2, 1, 3, 2, 4)]
    del held
for _ in range(5):
    step()
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(50):
    step()
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


def faults(*, kept: bool) -> int:
    environment = {"MALLOC_TRIM_THRESHOLD_": "131072", "MALLOC_MMAP_THRESHOLD_": "131072"}  # malloc's own, fixed
    return int(subprocess.check_output([sys.executable, "-c", STEPS.format(kept=kept)], text=True, env=environment))


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc's malloc is told")
def test_the_pages_of_freed_blocks_stay() -> None:
    given_back, kept = faults(kept=False), faults(kept=True)
    assert given_back > 50 * 1000, "else there is nothing to see here"
    assert kept < given_back / 10
