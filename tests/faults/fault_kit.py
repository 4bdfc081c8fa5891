"""What the tests of faults share: a tiny ablation, a cluster to harm, a run to watch, and what must come out of it."""

import json
import os
import re
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, Any

from suite.recording.store import Store
from suite.trial_result import TrialResult

HERE = Path(__file__).parent
TINY = """
tip: A tiny ablation for the tests
quote: a tip
source: test
workloads: {quick: [digits_cnn]}
settings: {engine.epochs: 4, engine.train_examples: 320, augment: trouble.mischief}
arms:
  plain: {augment.arm: plain}
  slower: {augment.arm: slower, optimizer.lr: 0.003}
claims:
  slower_is_worse: {variant: slower, reference: plain, metric: test_accuracy, expect: worse, primary: true, margin: 1.0}
"""
SUITE = (sys.executable, "-m", "suite")
RUN = ("run", "tiny", "--seeds", "4", "--allow-code", "--json")
BATCHES = 40
"""Of a trial."""
PACE = 0.04
"""Seconds added to each of them: a trial lasts two seconds without computing for as long."""
TOKEN = secrets.token_hex(32)
RETRY = re.compile(
    r"trial ([0-9a-f]{16}) \(tiny, digits_cnn, (?:plain|slower), seed \d+\): (.+); attempt (\d+) follows"
)
FAILED = re.compile(r"trial ([0-9a-f]{16}) \(tiny, digits_cnn, (?:plain|slower), seed \d+\) failed for good: (.+)")
_NOISE = re.compile(r"Traceback|raylet|WARNING|ERROR|\bpid=|File \"")


def make_folder(folder: Path) -> Path:
    """Where a user would stand: the ablation, and beside it the mechanism that it names."""
    (folder / "ablations").mkdir()
    (folder / "ablations/tiny.yaml").write_text(TINY)
    (folder / "trouble/flags").mkdir(parents=True)
    shutil.copy(HERE / "trouble/mischief.py", folder / "trouble")
    return folder


def environment(folder: Path, cache: Path, **more: str) -> dict[str, str]:
    """The same for a cluster and for whoever joins it."""
    mine = {
        "SUITE_CACHE": str(cache),
        "OMP_NUM_THREADS": "1",
        "COLUMNS": "160",
        "NO_COLOR": "1",
        "PYTHONPATH": f"{folder}:{HERE.parents[1]}",
        "RAY_AUTH_MODE": "token",
        "RAY_AUTH_TOKEN": TOKEN,
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
    }
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("RAY_", "TUNE_"))}
    return {**inherited, **mine, **more}


def flag(folder: Path, name: str, content: object) -> None:
    """Asks for trouble (see trouble/mischief.py); whole or not at all, since somebody may be reading."""
    path = folder / "trouble/flags" / name
    path.with_suffix(".new").write_text(str(content))
    path.with_suffix(".new").rename(path)


def wait_until(true: Callable[[], Any], what: str, *, seconds: float = 120, running: "Run | None" = None) -> None:
    """Fails if it does not come true, or if the run that should bring it about has ended."""
    deadline = time.monotonic() + seconds
    while not true():
        assert running is None or running.process.poll() is None, f"the run ended before {what}: {running.said()}"
        assert time.monotonic() < deadline, f"in vain: {what}; {running.said() if running else ''}"
        time.sleep(0.1)


@dataclass(frozen=True)
class Outcome:
    """Of a run that has ended."""

    code: int
    verdict: Mapping[str, Any]
    said: str
    results: Mapping[str, TrialResult]

    @property
    def retries(self) -> list[tuple[str, str, int]]:
        """(trial, reason, attempt) of each line that says so."""
        found = [RETRY.fullmatch(line) for line in self.said.splitlines()]
        return [(match[1], match[2], int(match[3])) for match in found if match]

    @property
    def failures(self) -> dict[str, str]:
        """Trial -> reason, of each line that says so."""
        found = [FAILED.fullmatch(line) for line in self.said.splitlines()]
        return {match[1]: match[2] for match in found if match}


class Run:
    """`suite run tiny` in a process of its own."""

    def __init__(self, folder: Path, env: Mapping[str, str], *options: str, program: Sequence[str] = SUITE) -> None:
        self.folder = folder
        self._files: list[IO[str]] = [(folder / name).open("w+") for name in ("told.txt", "said.txt")]
        self.process = subprocess.Popen(
            [*program, *RUN, *options],
            cwd=folder,
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=self._files[0],
            stderr=self._files[1],
        )

    def said(self) -> str:
        """On stderr so far."""
        return (self.folder / "said.txt").read_text()

    def records(self) -> dict[str, bytes]:
        """Files stored so far."""
        return {path.name: path.read_bytes() for path in (self.folder / "results/trials").rglob("[0-9a-f]*.json")}

    def wait_for_records(self, count: int) -> None:
        wait_until(lambda: len(self.records()) >= count, f"{count} trials", seconds=240, running=self)

    def wait_for_word(self, word: str, *, seconds: float = 120) -> None:
        wait_until(lambda: word in self.said(), f"the word {word!r}", seconds=seconds, running=self)

    def kill(self) -> None:
        """And nobody hears of it."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def finish(self, *, seconds: float = 300) -> Outcome:
        """Its end."""
        try:
            code = self.process.wait(timeout=seconds)
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError(f"does not end; said so far: {self.said()}") from None
        told = (self.folder / "told.txt").read_text()
        return Outcome(
            code=code,
            verdict=json.loads(told)[0] if told else {},
            said=self.said(),
            results=Store(self.folder / "results").load(),
        )

    def close(self) -> None:
        if self.process.poll() is None:
            self.kill()
        for file in self._files:
            file.close()


def essence(results: Mapping[str, TrialResult]) -> dict[str, Any]:
    """Everything that must not depend on what befell the run: all but times, provenance and the attempt."""
    return {name: _timeless({**asdict(result), "provenance": {}, "attempt": 0}) for name, result in results.items()}


def _timeless(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _timeless(item) for key, item in value.items() if not str(key).endswith("seconds")}
    return [_timeless(item) for item in value] if isinstance(value, list | tuple) else repr(value)


def assert_as_if_nothing_had_happened(outcome: Outcome, undisturbed: Outcome, *, in_flight: int = 6) -> None:
    """Same records, same verdict, every trial once; only trials in flight were tried again, and a line says so of each.

    Two workers have at most three trials each.
    """
    assert outcome.code == 0, outcome.said
    assert essence(outcome.results) == essence(undisturbed.results)
    assert outcome.verdict == undisturbed.verdict
    assert outcome.verdict["trials_done"] == len(outcome.results)
    attempts = dict.fromkeys(outcome.results, 1)
    for trial, _, attempt in outcome.retries:
        assert attempt == attempts[trial] + 1, outcome.said
        attempts[trial] = attempt
    assert {name: result.attempt for name, result in outcome.results.items()} == attempts
    assert sum(attempt > 1 for attempt in attempts.values()) <= in_flight, outcome.said
    assert not outcome.failures
    assert_plain_words(outcome.said)


def assert_plain_words(said: str) -> None:
    """What happened is said by us, in lines; nothing of Ray's or Python's own gets through."""
    assert not [line for line in said.splitlines() if _NOISE.search(line)], said


def family(ancestor: int) -> dict[int, str]:
    """A process and all that it started, directly or not: pid -> command line."""
    listed = subprocess.run(["ps", "-eo", "pid=,ppid=,args="], capture_output=True, text=True, check=True).stdout
    rows = [(int(pid), int(parent), name) for pid, parent, name in map(_three, listed.splitlines())]
    members = {ancestor}
    for _ in range(5):  # as many generations as there can be
        members |= {pid for pid, parent, _ in rows if parent in members}
    return {pid: name for pid, _, name in rows if pid in members}


def _three(line: str) -> tuple[str, str, str]:
    pid, parent, *name = line.split(None, 2)
    return pid, parent, "".join(name)


class Nodes:
    """A cluster of a head without CPUs and as many workers as are added (see nodes.py)."""

    def __init__(self, env: Mapping[str, str], log: Path) -> None:
        self._log = log.open("w")
        self._folder = tempfile.mkdtemp(prefix="faults-", dir="/tmp")  # short: a socket's path has at most 107 letters
        self.process = subprocess.Popen(
            [sys.executable, str(HERE / "nodes.py"), self._folder],
            env=dict(env),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
            text=True,
        )
        self.address = self._answer()

    def add(self, cpus: int = 1) -> int:
        """The node's number, once it is there."""
        return int(self._ask(f"add {cpus}"))

    def remove(self, node: int) -> None:
        """At once, with all that runs there."""
        self._ask(f"remove {node}")

    def alive(self) -> int:
        """Nodes that the cluster counts, the head among them."""
        return int(self._ask("alive"))

    def workers(self) -> list[int]:
        """Processes that train."""
        return [pid for pid, name in family(self.process.pid).items() if "Trainable" in name]

    def close(self) -> None:
        """All nodes."""
        assert self.process.stdin is not None
        self.process.stdin.close()
        try:
            self.process.wait(timeout=60)
        finally:
            self.process.kill()  # then the reapers of its nodes end them
            self.process.wait()
            self._log.close()
            shutil.rmtree(self._folder, ignore_errors=True)

    def _ask(self, command: str) -> str:
        assert self.process.stdin is not None
        self.process.stdin.write(f"{command}\n")
        self.process.stdin.flush()
        return self._answer()

    def _answer(self) -> str:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            if line.startswith("@ "):
                return line[2:].strip()
        raise AssertionError(f"no cluster: {Path(self._log.name).read_text()}")


StartNodes = Callable[..., Nodes]
StartRun = Callable[..., Run]
"""What the fixtures of these names are."""
