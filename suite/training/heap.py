"""What a process does with memory that is freed."""

import ctypes
import sys

_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3
"""`mallopt`'s names for them (malloc.h)."""


def keep_freed_memory() -> None:
    """From now on glibc's `malloc` keeps up to 1 GiB that was freed, and asks the system only for blocks above 32 MiB.

    A training step allocates and frees the same few blocks of some megabytes. By itself malloc gives such blocks back
    each time, and the next step pays for every page of them again (docs/speed.md). The results' bits are the same.
    Other C libraries are left alone.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None) if sys.platform == "linux" else None
    if mallopt is not None:
        mallopt(_TRIM_THRESHOLD, 1 << 30)
        mallopt(_MMAP_THRESHOLD, 32 << 20)
