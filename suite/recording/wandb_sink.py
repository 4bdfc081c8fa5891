"""W&B: one run per trial and one per ablation, recorded offline and, where wanted, uploaded.

Runs are written by a process of their own (wandb_writer), fed from a thread, so that nothing here ever blocks a run or
makes it fail: what goes wrong is counted, and `close` says it in a line. Uploading is `wandb sync` on what was written,
in the background (`online`) or later (`suite sync`); what cannot be uploaded stays.

    <results>/wandb/offline-run-*/      the runs
    <results>/wandb/recorded.txt        their keys, one a line, each written once its run is complete
"""

import contextlib
import os
import queue
import shutil
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

from suite.errors import InputError
from suite.recording import files, wandb_processes
from suite.recording.wandb_processes import Uploader, Writer
from suite.recording.wandb_runs import WandbRun, ablation_run, trial_run
from suite.trial_result import TrialResult, Value

Mode = Literal["offline", "online", "off"]

_UPLOAD_EVERY_SECONDS = 30.0
_KILLED_SECONDS = 2.0
_DEATHS = 3
"""So many writers that die one after another are enough."""


class WandbSink:
    """Records runs in the background. Every method returns at once but `close`; none raises."""

    def __init__(self, root: Path, *, mode: Mode | str = "offline", project: str = "suite") -> None:
        self._root = root.absolute()
        self._lines: list[str] = []
        if mode == "online" and not wandb_processes.has_key():
            self._lines.append(
                "W&B: no API key (WANDB_API_KEY), so runs are recorded offline; `suite sync` uploads them"
            )
            mode = "offline"
        self._online = mode == "online"
        self._writer = Writer(self._root, project)
        self._uploader = Uploader(self._root)
        self._queue: queue.SimpleQueue[Callable[[], WandbRun] | None] = queue.SimpleQueue()
        self._thread = None if mode == "off" else threading.Thread(target=self._work, name="wandb", daemon=True)
        self._seen = self._handled = self._failed = self._deaths = 0
        self._reason = ""
        self._stopping = False
        self._written: list[str] = []
        self._uploaded_at = time.monotonic()

    def log_trial(
        self,
        result: TrialResult,
        *,
        ablation: str,
        workload: str,
        arm: str,
        swept: Mapping[str, Value],
        scale: str,
    ) -> None:
        """Record a trial, unless that was done before."""
        self._put(
            lambda: trial_run(result, ablation=ablation, workload=workload, arm=arm, swept=swept, scale=str(scale))
        )

    def log_ablation(
        self,
        *,
        ablation: str,
        scale: str,
        columns: Sequence[str],
        rows: Sequence[Sequence[Any]],
        figures: Sequence[Path] = (),
    ) -> None:
        """Record an ablation's table of verdicts (plain values) and its figures (PNG), unless that was done before."""
        self._put(
            lambda: ablation_run(ablation=ablation, scale=str(scale), columns=columns, rows=rows, figures=figures)
        )

    def close(self, timeout: float = 60.0) -> list[str]:
        """Wait for what is waiting, at most `timeout` seconds; what there is to say, a line each."""
        if self._thread and self._thread.is_alive():
            self._queue.put(None)
            self._thread.join(timeout)
            self._stopping = True
            self._writer.kill()
            self._uploader.kill()
            self._thread.join(_KILLED_SECONDS)
        lines, self._lines = [*self._lines, *self._complaints()], []
        self._failed = 0
        return lines

    def _complaints(self) -> list[str]:
        left = self._seen - self._handled
        self._handled = self._seen
        lines = []
        if self._failed:
            lines.append(f"W&B: {self._failed} of {self._seen} runs could not be recorded ({self._reason})")
        if left:
            lines.append(f"W&B: {left} of {self._seen} runs were still waiting and are not recorded")
        if self._online and self._written:
            lines.append(f"W&B: {len(self._written)} runs are recorded but not uploaded; `suite sync` tries again")
            self._written = []
        return lines

    def _put(self, make: Callable[[], WandbRun]) -> None:
        if self._thread is None or self._stopping:
            return
        self._seen += 1
        self._queue.put(make)
        if not self._thread.ident:
            self._thread.start()

    def _work(self) -> None:
        """The thread. Whatever happens to one run, the next is tried."""
        known: set[str] | None = None
        while (make := self._queue.get()) and not self._stopping:
            try:
                known = _recorded(self._root) if known is None else known
                self._record(make(), known)
            except Exception as error:
                self._failed += 0 if self._stopping else 1
                self._reason = self._reason or f"{type(error).__name__}: {error}"
            self._handled += 0 if self._stopping else 1
            self._upload(now=False)
        self._writer.finish()
        self._upload(now=True)
        shutil.rmtree(self._root / "wandb" / ".cache" / "wandb" / "logs", ignore_errors=True)

    def _record(self, run: WandbRun, known: set[str]) -> None:
        if run.key in known:
            return
        verb, _, rest = self._ask(run.to_line()).partition(" ")
        if verb != "ok":
            raise OSError(rest)
        _remember(self._root, run.key)
        known.add(run.key)
        self._written.append(rest)

    def _ask(self, line: str) -> str:
        """The writer's answer; one that dies (out of memory, say) is replaced, but not for ever."""
        while self._deaths < _DEATHS and not self._stopping:
            if not self._writer.alive:
                (self._root / "wandb").mkdir(parents=True, exist_ok=True)
                files.probe(self._root / "wandb")
            answer = self._writer.ask(line)
            if answer:
                self._deaths = 0
                return answer
            self._deaths += 1
        raise OSError("W&B's process ended unexpectedly")

    def _upload(self, *, now: bool) -> None:
        """Those not uploaded yet; after a failure no more is tried until the end of the run."""
        due = now or time.monotonic() - self._uploaded_at > _UPLOAD_EVERY_SECONDS
        if not (self._online and self._written and due) or self._stopping:
            return
        with contextlib.suppress(OSError):
            self._written = self._uploader.upload(self._written, quiet=True)
        self._uploaded_at = float("inf") if self._written else time.monotonic()


def sync(root: Path) -> int:
    """Upload what was recorded offline and is not uploaded yet; W&B says on the terminal what it does.

    Returns the number of runs uploaded. Raises InputError without a key, or if runs could not be uploaded.
    """
    recorded = {key.partition(":")[0] for key in _recorded(root)}
    waiting = [
        folder.name
        for folder in sorted((root / "wandb").glob("offline-run-*-*"))
        if folder.name.split("-", 3)[-1] in recorded and not wandb_processes.is_synced(folder)
    ]
    if not waiting:
        return 0
    if not wandb_processes.has_key():
        raise InputError(
            f"{len(waiting)} W&B runs wait in {root / 'wandb'}, but there is no API key: "
            "set WANDB_API_KEY (https://wandb.ai/authorize) or run `wandb login`, then `suite sync` again"
        )
    left = Uploader(root.absolute()).upload(waiting, quiet=False)
    if left:
        raise InputError(
            f"{len(left)} of {len(waiting)} W&B runs could not be uploaded (W&B says above why); they are kept, "
            "`suite sync` tries them again"
        )
    return len(waiting)


def _recorded(root: Path) -> set[str]:
    """Keys of the runs that are complete; a line cut short by a crash does not count."""
    try:
        text = (root / "wandb" / "recorded.txt").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return set()
    return {line.strip() for line in text.splitlines(keepends=True) if line.endswith("\n")}


def _remember(root: Path, key: str) -> None:
    """One small append, which no other process on this folder can split."""
    number = os.open(root / "wandb" / "recorded.txt", os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
    try:
        os.write(number, f"{key}\n".encode())
    finally:
        os.close(number)
