"""The C library's heap, told to keep what is freed."""

import ctypes
import sys
from functools import cache

_TRIM_THRESHOLD, _MMAP_MAX = -1, -4
"""Names of settings in glibc's malloc.h."""
_LARGEST = 2**31 - 1


@cache
def keep_freed_memory() -> None:
    """Once per process: large activations are not mapped and filled with zeros anew in every step.

    glibc maps blocks of 32 MiB and more one by one and gives them back when they are freed; so it does with the top of
    its heap. No number changes. Does nothing where the C library is another one. Measured by
    benchmarks/kept_memory.py.
    """
    library = ctypes.CDLL(None) if sys.platform == "linux" else None
    if library is not None and hasattr(library, "gnu_get_libc_version"):
        library.mallopt(_MMAP_MAX, 0)
        library.mallopt(_TRIM_THRESHOLD, _LARGEST)
