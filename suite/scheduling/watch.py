"""Looks after the tasks that run: which actor has which, and which has not been heard of for too long."""

import time
from typing import Any

import ray

from suite.errors import ClusterError
from suite.scheduling import losses

STALL_SECONDS = 30 * 60.0


class Watch:
    """Tune's running trials: the actor that each is on, and when it was last heard of (by a clock that never jumps)."""

    def __init__(self, stall_seconds: float = STALL_SECONDS) -> None:
        self._limit = stall_seconds
        self._running: dict[str, Any] = {}
        self._heard: dict[str, float] = {}
        self._actors: dict[str, str] = {}
        self._stalled: set[str] = set()
        self._quiet_since = time.monotonic()

    def started(self, trial: Any) -> None:
        """One of Tune's trials is on an actor."""
        self._running[trial.trial_id] = trial
        self.heard(trial.trial_id)

    def heard(self, task: str) -> None:
        """It has reported."""
        self._heard[task] = self._quiet_since = time.monotonic()

    def over(self, task: str) -> str | None:
        """It has ended; the reason, if it was stopped here."""
        for known in (self._running, self._heard, self._actors):
            known.pop(task, None)
        self._quiet_since = time.monotonic()
        if task not in self._stalled:
            return None
        self._stalled.remove(task)
        return f"{losses.STALLED} {self._limit / 60:g} min, so it was stopped"

    def look(self) -> None:
        """Kill the actors that have been silent beyond the limit: who hangs in a system call hears nothing else.

        Raises ClusterError if no task has run for as long: nobody waits for ever for a node.
        """
        now = time.monotonic()
        if not self._running and now - self._quiet_since > self._limit:
            raise ClusterError(f"no node took a trial for {self._limit / 60:g} min; what has finished is kept")
        for task, trial in self._running.items():
            actor = trial.temporary_state.ray_actor
            if actor is None:
                continue
            self._actors[task] = actor._actor_id.hex()
            if now - self._heard[task] > self._limit and task not in self._stalled:
                self._stalled.add(task)
                ray.kill(actor)

    def named_in(self, text: str) -> set[str]:
        """The tasks whose actors an error text of Ray's names."""
        return {task for task, actor in self._actors.items() if actor in text}
