"""A run as a job on a Ray cluster that listens elsewhere: sent, followed over bad connections, stopped."""

import asyncio
import json
import logging
import secrets
import shlex
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from suite.errors import ClusterError
from suite.recording.provenance import COMMIT_VARIABLE, checkout
from suite.scheduling.parcel import pack

_REQUEST_SECONDS = 20.0
_SILENCE_SECONDS = 60.0
"""A run says something every ten seconds; after this long without a word the connection is made anew."""
_LOST_SECONDS = 120.0
"""How long the cluster may stay out of reach before following it is given up. The job goes on regardless."""
_RESULTS_THERE = "${SUITE_RESULTS:-$HOME/suite-results}"
"""On the cluster's head: outlives the job, so that the next one goes on where this one ended."""
_NOT_READY, _READY_SECONDS = "No available agent", 60.0
_OVER = ("SUCCEEDED", "FAILED", "STOPPED")


class UnreachableError(ClusterError):
    """The cluster does not answer."""


@dataclass(frozen=True, kw_only=True)
class JobState:
    """`asked` is what `Jobs.submit` was given to remember."""

    status: str
    message: str
    asked: Mapping[str, Any]

    @property
    def is_over(self) -> bool:
        """It will say nothing more."""
        return self.status in _OVER


class Jobs:
    """Of the cluster whose dashboard answers at `address` (`http://HOST:8265`). Raises ClusterError, in one line."""

    def __init__(self, address: str) -> None:
        from ray.job_submission import JobSubmissionClient

        for name in ("dashboard.modules.dashboard_sdk", "dashboard.modules.job.sdk", "_private.runtime_env.packaging"):
            logging.getLogger(f"ray.{name}").setLevel(logging.ERROR)  # what they say is for who debugs Ray

        class Impatient(JobSubmissionClient):  # type: ignore[misc]
            """Ray's own waits for ever for a host that has gone."""

            def _do_request(self, *arguments: Any, **options: Any) -> Any:
                return super()._do_request(*arguments, **{"timeout": _REQUEST_SECONDS, **options})

        self.address = address
        self._client = self._call(Impatient, address)

    def submit(
        self,
        arguments: Sequence[str],
        asked: Mapping[str, Any],
        specs: Mapping[str, Path],
        workloads: Iterable[str],
        *,
        foreign_code: bool,
    ) -> str:
        """`suite run` with these arguments, on these specs (id -> file), which name these workloads; the job's id."""
        job = f"suite-{secrets.token_hex(4)}"
        commit, dirty = checkout()
        environment = {COMMIT_VARIABLE: f"{commit}{'+' * bool(dirty)}"} if commit else {}
        run = ["python", "-m", "suite", "run", *(f"ablations/{name}.yaml" for name in specs), *arguments]
        with tempfile.TemporaryDirectory(prefix="suite-parcel-") as folder:
            pack(Path(folder), specs, workloads, foreign_code=foreign_code)
            try:
                self._patiently(
                    self._client.submit_job,
                    entrypoint=f'{shlex.join(run)} --address auto --results "{_RESULTS_THERE}"',
                    submission_id=job,
                    runtime_env={"working_dir": folder, "env_vars": environment},
                    metadata={"suite": json.dumps(dict(asked))},
                )
            except UnreachableError as error:
                raise UnreachableError(f"{error}; if {job} arrived all the same, --attach {job} follows it") from None
        return job

    def state(self, job: str) -> JobState:
        """How it stands."""
        info = self._call(self._client.get_job_info, job)
        try:
            asked = json.loads((info.metadata or {})["suite"])
        except (KeyError, ValueError):
            raise ClusterError(f"{job}: not a job that `suite submit` sent") from None
        return JobState(status=str(info.status), message=(info.message or "").strip(), asked=asked)

    def stop(self, job: str) -> bool:
        """Ask it to end; whether it was still running."""
        return bool(self._call(self._client.stop_job, job))

    def lines(self, job: str, *, lost: Callable[[str], None]) -> Iterator[str]:
        """The job's log from its first line to its last, without the line ends, each once, however often the connection
        breaks (`lost` is told why). Raises UnreachableError if it stays broken."""
        seen, good = 0, time.monotonic()
        while True:
            try:
                over = self.state(job).is_over  # asked before: only a reading that began after the end is whole
                for number, line in enumerate(self._tail(job)):
                    if number >= seen:
                        seen, good = seen + 1, time.monotonic()
                        yield line
                if over:
                    return
            except (ConnectionError, UnreachableError) as error:
                if time.monotonic() - good > _LOST_SECONDS:
                    raise UnreachableError(f"--address {self.address}: no connection ({error})") from None
                lost(str(error))
            time.sleep(1.0)

    def _tail(self, job: str) -> Iterator[str]:
        """One connection's worth of whole lines, from the log's beginning: half a line at its end is read again with
        the next. Raises ConnectionError."""
        rest = ""
        with asyncio.Runner() as runner:
            chunks = self._client.tail_job_logs(job)
            while True:
                try:
                    chunk = runner.run(asyncio.wait_for(anext(chunks), _SILENCE_SECONDS))
                except StopAsyncIteration:
                    break
                except TimeoutError:
                    raise ConnectionError(f"nothing heard for {_SILENCE_SECONDS:.0f} s") from None
                except Exception as error:  # aiohttp's, Ray's, the operating system's: all mean the same here
                    raise ConnectionError(_first_line(error)) from None
                *whole, rest = (rest + chunk).split("\n")
                yield from whole

    def _patiently(self, method: Callable[..., Any], **options: Any) -> Any:
        """As `_call`, but a head that has only just been started is given the time to become ready."""
        begin = time.monotonic()
        while True:
            try:
                return self._call(method, **options)
            except ClusterError as error:
                if _NOT_READY not in str(error) or time.monotonic() - begin > _READY_SECONDS:
                    raise
            time.sleep(1.0)

    def _call(self, method: Callable[..., Any], *arguments: Any, **options: Any) -> Any:
        """Of Ray's client, with what it raises in one line."""
        import requests
        from ray.exceptions import AuthenticationError

        try:
            return method(*arguments, **options)
        except AuthenticationError:
            raise ClusterError(
                f"--address {self.address}: the cluster refuses us: set RAY_AUTH_MODE=token and RAY_AUTH_TOKEN (or "
                "RAY_AUTH_TOKEN_PATH) to the token that it was started with"
            ) from None
        except (ConnectionError, requests.RequestException) as error:
            raise UnreachableError(
                f"--address {self.address}: no Ray dashboard answers ({_first_line(error)})"
            ) from None
        except (RuntimeError, ValueError) as error:
            raise ClusterError(f"--address {self.address}: {_first_line(error)}") from None


def _first_line(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return lines[0] if lines else type(error).__name__
