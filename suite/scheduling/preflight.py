"""Before anything starts on a cluster: what every node is, and whether the data can be had there."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import ray
from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

from suite.errors import ClusterError
from suite.recording.provenance import versions
from suite.scheduling.capacity import Capacity, Node
from suite.trial_result import Settings

_ANSWER_SECONDS = 600.0
"""A node may have to download and unpack a data set first."""


@dataclass(frozen=True, kw_only=True)
class NodeReport:
    """What a node says of itself."""

    node: Node
    versions: Mapping[str, str | None]
    problems: tuple[str, ...]
    """Why trials cannot run there, a line each."""

    @property
    def cpus(self) -> float:
        """As Ray counts them."""
        return self.node.resources.get("CPU", 0)

    @property
    def gpus(self) -> float:
        """As Ray counts them."""
        return self.node.resources.get("GPU", 0)

    @property
    def accelerator(self) -> str:
        """Type of the GPUs, as far as Ray knows it."""
        return ", ".join(Capacity(nodes=[self.node]).accelerators())

    def differing(self) -> dict[str, tuple[str | None, str | None]]:
        """Package -> (version there, version here), where they are not the same."""
        ours = versions()
        return {name: (self.versions.get(name), ours[name]) for name in ours if self.versions.get(name) != ours[name]}


def inspect_nodes(
    capacity: Capacity,
    data: Mapping[str, tuple[Settings, str]],
    *,
    data_dirs: Sequence[Path],
    cache_dir: Path,
    seconds: float = _ANSWER_SECONDS,
) -> tuple[NodeReport, ...]:
    """Asks every node at once; what a node must download for the trials it downloads now.

    `data`: workload -> (its data settings, the fingerprint that the driver found).
    """
    places = [str(folder) for folder in data_dirs], str(cache_dir)
    wanted = json.dumps({name: [dict(settings), fingerprint] for name, (settings, fingerprint) in data.items()})
    asked = {_ask(node, wanted, *places): node for node in capacity.nodes}
    answered, _ = ray.wait(list(asked), num_returns=len(asked), timeout=seconds)
    return tuple(_report(asked[answer], answer if answer in answered else None) for answer in asked)


def refuse_unfit(reports: Sequence[NodeReport]) -> None:
    """Raises ClusterError with a line for each node on which trials would fail."""
    lines = [f"node {report.node.name}: {problem}" for report in reports for problem in report.problems]
    if lines:
        raise ClusterError("\n".join(lines))


def look_around(wanted: str, data_dirs: list[str], cache_dir: str) -> str:
    """On a node: its versions and problems, as JSON."""
    from suite.training import data_cache  # torch: where trials will run

    problems = []
    for name, (settings, fingerprint) in json.loads(wanted).items():
        try:
            prepared = data_cache.prepare(settings, data_dirs=tuple(map(Path, data_dirs)), cache_dir=Path(cache_dir))
        except Exception as error:  # whatever it is, the node cannot train on it
            problems.append(f"{name}: {(str(error).splitlines() or [type(error).__name__])[0]}")
        else:
            if prepared.fingerprint != fingerprint:
                problems.append(f"{name}: its data have other content than the driver's")
    return json.dumps({"versions": versions(), "problems": problems})


def _ask(node: Node, wanted: str, data_dirs: list[str], cache_dir: str) -> Any:
    there = NodeAffinitySchedulingStrategy(node.id, soft=False)
    return ray.remote(look_around).options(num_cpus=0, scheduling_strategy=there).remote(wanted, data_dirs, cache_dir)


def _report(node: Node, answer: Any) -> NodeReport:
    if answer is None:
        return NodeReport(node=node, versions={}, problems=("it does not answer",))
    try:
        said = json.loads(ray.get(answer))
    except ray.exceptions.RayError as error:
        return NodeReport(node=node, versions={}, problems=(f"nothing runs there: {_last_line(error)}",))
    return NodeReport(node=node, versions=said["versions"], problems=tuple(said["problems"]))


def _last_line(error: Exception) -> str:
    """Of a traceback, what was raised."""
    lines = [line for line in str(error).splitlines() if line.strip()]
    return lines[-1].strip() if lines else type(error).__name__
