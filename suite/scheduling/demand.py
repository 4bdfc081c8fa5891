"""What a task takes of a cluster, in Ray's words, and which trials take a device for themselves."""

import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace

ANY_WORKLOAD = ""
"""The key of `Cluster.accelerators` for workloads that have no entry of their own."""
_A_TOUCH = 0.001
"""Of the resource that names an accelerator's type: enough to be placed there, never so much that it runs out."""


@dataclass(frozen=True, kw_only=True)
class Demand:
    """The resources of one task."""

    cpus: float = 1
    gpus: float = 0
    """A fraction shares a device; the trial's process then gets that fraction of its memory."""
    accelerator: str | None = None
    """The device's type, as Ray names it (`H100`, `A100`, ...)."""

    @property
    def resources(self) -> dict[str, float]:
        """In Ray's words, without zeros."""
        wanted = {"CPU": self.cpus, "GPU": self.gpus}
        if self.accelerator:
            wanted[f"accelerator_type:{self.accelerator}"] = _A_TOUCH
        return {name: amount for name, amount in wanted.items() if amount}

    def whole(self) -> "Demand":
        """The same with no neighbour on its device."""
        return replace(self, gpus=math.ceil(self.gpus))

    def __str__(self) -> str:
        words = [f"{self.cpus:g} CPU"] + [f"{self.gpus:g} GPU"] * bool(self.gpus)
        return " and ".join(words) + (f" of type {self.accelerator}" if self.accelerator else "")

    def to_text(self) -> str:
        """Read back by `from_text`."""
        return json.dumps(asdict(self))

    @classmethod
    def from_text(cls, text: str) -> "Demand":
        """What `to_text` wrote."""
        return cls(**json.loads(text))


@dataclass(frozen=True, kw_only=True)
class Cluster:
    """Where trials run and what each of them takes."""

    address: str | None = None
    """An existing Ray cluster (`auto`, `HOST:PORT`, `ray://...`); None starts Ray on this machine alone."""
    slots: int = 0
    """Trials side by side to ask for: where an autoscaler adds nodes, more than there is room for now."""
    cpus_per_trial: float = 1
    gpus_per_trial: float = 0
    accelerators: Mapping[str, str] = field(default_factory=dict)
    """Type of accelerator by workload; of all others under ANY_WORKLOAD."""

    def demand(self, workload: str = ANY_WORKLOAD, *, timed: bool = False, timed_on: str | None = None) -> Demand:
        """Of a trial on that workload.

        `timed`: a claim is about its time, so on a GPU it has the whole device, of one type: the workload's, or
        `timed_on` if none is set.
        """
        accelerator = self.accelerators.get(workload, self.accelerators.get(ANY_WORKLOAD))
        demand = Demand(cpus=self.cpus_per_trial, gpus=self.gpus_per_trial, accelerator=accelerator)
        if not (timed and demand.gpus):
            return demand
        return replace(demand.whole(), accelerator=accelerator or timed_on)
