"""What happens while trials run: each is stored and logged as it finishes, and the display follows."""

import time
from collections.abc import Mapping
from dataclasses import replace
from types import TracebackType
from typing import Self

from rich.console import Group
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from suite.cli.console import duration, err
from suite.cli.study import Study
from suite.errors import StoreError
from suite.recording.provenance import with_command
from suite.recording.storage import Storage
from suite.recording.stream import send_data, send_trial
from suite.recording.wandb_sink import WandbSink
from suite.report.words import standing
from suite.scheduling.queue import TrialQueue
from suite.spec.design import Design
from suite.spec.trials import Trial
from suite.trial_result import TrialResult
from suite.verdict.judge import judge
from suite.verdict.remembered import Remembered

_REDRAW_SECONDS, _JUDGE_SECONDS, _LINE_SECONDS = 0.25, 2.0, 10.0
_OTHER_LINES = 3  # on the display, beside the claims


class Recorder:
    """The queue's listener: the store first, then its copy elsewhere, W&B and whoever follows, then the counts.

    `storage`: the copy. `stream`: each record also goes to stdout, for who follows from afar (recording/stream.py).
    """

    def __init__(self, study: Study, sink: WandbSink, *, storage: Storage | None = None, stream: bool = False) -> None:
        self._study = study
        self._sink = sink
        self._storage = storage
        self._complained = False
        self.streams = stream
        self._labels = {
            entry.trial.id: (design, entry) for design in reversed(study.designs) for entry in design.roster()
        }
        self.finished_count = 0
        self.failed_count = 0
        self.diverged_count = 0

    def finished(self, trial: Trial, result: TrialResult) -> None:
        """Keeps the result; raises StoreError if that cannot be done."""
        result = replace(result, provenance=with_command(result.provenance))
        self._study.store.put(result)
        self._push(result)
        self.finished_count += 1
        self.failed_count += result.status == "failed"
        self.diverged_count += result.status == "diverged"
        self._log(result)
        if result.status == "failed":
            err.print(Text(f"{self._name(trial)} failed for good: {result.reason}"), style="red", soft_wrap=True)

    def _push(self, result: TrialResult) -> None:
        """What cannot be pushed now is pushed at the end of the run, or of the next."""
        if self._storage is None:
            return
        try:
            self._storage.push(self._study.store, result)
        except StoreError as error:
            if not self._complained:
                err.print(Text(f"{error}; the run goes on, and what is missing there follows"), style="yellow")
            self._complained = True

    def retried(self, trial: Trial, attempt: int, reason: str) -> None:
        """Says so."""
        err.print(Text(f"{self._name(trial)}: {reason}; attempt {attempt} follows"), style="yellow", soft_wrap=True)

    def log_stored(self) -> None:
        """To W&B too, in case an earlier run was stopped before it came to that; nothing is logged twice."""
        if self.streams:
            send_data(self._study.store.fingerprints())
        for trial_id in self._labels.keys() & self._study.results.keys():
            self._log(self._study.results[trial_id])

    def _log(self, result: TrialResult) -> None:
        if self.streams:
            send_trial(result)
        design, entry = self._labels[result.trial_id]
        self._sink.log_trial(
            result,
            ablation=design.ablation.id,
            workload=entry.workload,
            arm=entry.arm,
            swept=dict(entry.point),
            scale=design.scale,
        )

    def _name(self, trial: Trial) -> str:
        design, entry = self._labels[trial.id]
        return f"trial {trial.id} ({design.ablation.id}, {entry.workload}, {entry.arm}, seed {trial.seed})"


def _lines(design: Design, results: Mapping[str, TrialResult]) -> list[Text]:
    return [Text.assemble((claim.name, "bold"), "  ", standing(claim)) for claim in judge(design, results).claims]


class Progress:
    """A live display on a terminal, with what has just changed on top where not all claims fit.

    Anywhere else a summary every ten seconds, with the claims that stand elsewhere than before.
    """

    def __init__(self, study: Study, queue: TrialQueue, recorder: Recorder) -> None:
        self._study = study
        self._queue = queue
        self._recorder = recorder
        self._start = time.monotonic()
        self._drawn = self._judged = 0.0
        self._said = self._start
        self._standings: list[Text] = []
        self._lines = Remembered(_lines)
        self._live = (
            Live(console=err, transient=True, auto_refresh=False, redirect_stdout=False) if err.is_terminal else None
        )

    def __enter__(self) -> Self:
        if self._live:
            self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._live:
            self._live.stop()
        elif kind is None:
            err.print(self._summary(), soft_wrap=True)

    def tick(self) -> None:
        """Called often; draws rarely. Judging takes some 20 ms, so it is done rarer still."""
        now = time.monotonic()
        if self._live and now - self._drawn > _REDRAW_SECONDS:
            if now - self._judged > _JUDGE_SECONDS:
                news = self._judge()
                if len(self._standings) > err.height - _OTHER_LINES:
                    self._standings = [*news, *(line for line in self._standings if line not in news)]
                self._judged = time.monotonic()
            self._live.update(Group(self._bar(), self._summary(), *self._standings), refresh=True)
            self._drawn = now
        elif not self._live and now - self._said > _LINE_SECONDS:
            news = [] if self._recorder.streams else self._judge()  # who follows from afar judges there
            err.print(self._summary(), *news, sep="\n", soft_wrap=True)
            self._said = now

    def _judge(self) -> list[Text]:
        """One line per claim: where it stands. Returns those that say something new."""
        before, designs = self._standings, self._study.designs
        self._standings = [
            Text.assemble(
                "  ", f"{design.ablation.id} · " if len(designs) > 1 else "", line, overflow="ellipsis", no_wrap=True
            )
            for design in designs
            for line in self._lines(design, self._queue.results)
        ]
        return [line for line in self._standings if line not in before]

    def _bar(self) -> Table:
        done, left = self._recorder.finished_count, self._left
        grid = Table.grid(padding=(0, 1))
        grid.add_row(
            ProgressBar(total=max(1, done + left), completed=done, width=40),
            f"{done}/{done + left} trials known to be needed",
        )
        return grid

    @property
    def _left(self) -> int:
        """Trials known to be needed and not finished."""
        return self._queue.waiting + len(self._queue.handed_out)

    def _summary(self) -> Text:
        recorder, queue = self._recorder, self._queue
        # A worker is handed its next trials ahead, so as not to wait for them: these do not run yet.
        running = min(len(queue.handed_out), queue.slots)
        parts = [
            f"{recorder.finished_count} done",
            f"{running} running",
            f"{self._left - running} waiting",
            f"{recorder.diverged_count} diverged",
            f"{recorder.failed_count} failed",
            f"{duration(time.monotonic() - self._start)} so far",
        ]
        left = queue.seconds_left()
        if left is not None:
            parts.append(f"{duration(left)} to the end of this stage")
        return Text(" · ".join(parts))
