"""Read by every Python that starts with this folder on its path: sleeps that libfaketime can stand.

Python sleeps until an absolute time of the monotonic clock; libfaketime (0.9.10) takes that for the wall clock's and
answers `Invalid argument`, whatever FAKETIME_DONT_FAKE_MONOTONIC says. `select` waits for a length of time.
"""

import select
import time


def _sleep(seconds: float) -> None:
    if seconds < 0:
        raise ValueError("sleep length must be non-negative")
    select.select([], [], [], seconds)


time.sleep = _sleep
