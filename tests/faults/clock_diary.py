"""`python clock_diary.py DIARY run ...`: `suite run ...` that writes down by how many hours its wall clock has jumped.

A line for each jump, seen against the clock that never jumps: the proof that this process saw them.
"""

import sys
import threading
import time
from pathlib import Path


def keep(diary: Path) -> None:
    start = time.time() - time.monotonic()
    last = 0
    while True:
        hours = round((time.time() - time.monotonic() - start) / 3600)
        if hours != last:
            with diary.open("a") as file:
                file.write(f"{hours}\n")
            last = hours
        time.sleep(0.05)


if __name__ == "__main__":
    threading.Thread(target=keep, args=[Path(sys.argv.pop(1))], daemon=True).start()
    from suite.cli.app import main

    main()
