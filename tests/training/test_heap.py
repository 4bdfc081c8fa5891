"""Freed memory stays with the process: what is asked for again is not mapped anew, page by page."""

import ctypes
import subprocess
import sys

import pytest

PAGES = 64 * 256
"""Of 4 KiB, in the 64 MiB that are asked for."""
PROGRAM = """
import ctypes, resource
from suite.training.heap import keep_freed_memory
if {kept}:
    keep_freed_memory()
library = ctypes.CDLL(None)
library.malloc.restype = ctypes.c_void_p
for _ in range(3):
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    block = ctypes.c_void_p(library.malloc(64 << 20))
    library.memset(block, 1, 64 << 20)
    library.free(block)
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


@pytest.mark.skipif(
    not (sys.platform == "linux" and hasattr(ctypes.CDLL(None), "gnu_get_libc_version")), reason="another C library"
)
def test_what_was_freed_is_not_mapped_again() -> None:
    kept, given_back = (
        int(subprocess.run([sys.executable, "-c", PROGRAM.format(kept=each)], check=True, capture_output=True).stdout)
        for each in (True, False)
    )
    assert kept < PAGES / 100
    assert given_back > PAGES / 2
