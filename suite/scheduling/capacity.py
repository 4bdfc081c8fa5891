"""What a Ray cluster can give: which demands it meets, and how many at a time. Pure, but for `of_cluster`."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from suite.errors import ClusterError
from suite.scheduling.demand import Demand

Resources = Mapping[str, float]
_ACCELERATOR = "accelerator_type:"


@dataclass(frozen=True, kw_only=True)
class Node:
    """A machine that belongs to the cluster now."""

    id: str
    name: str
    resources: Resources

    def fit(self, demand: Demand) -> int:
        """How many such tasks it holds; a touch of a named accelerator limits nothing."""
        amounts = demand.resources
        if any(self.resources.get(name, 0) < amount for name, amount in amounts.items()):
            return 0
        counted = [name for name in amounts if not name.startswith(_ACCELERATOR)]
        return min(int(self.resources[name] / amounts[name] + 1e-9) for name in counted)


@dataclass(frozen=True, kw_only=True)
class Capacity:
    """`nodes`: those that are there. `promised`: slots that an autoscaler will make room for, as the user says, for Ray
    does not tell what its autoscaler may add."""

    nodes: Sequence[Node]
    promised: int = 0

    @classmethod
    def of_cluster(cls, promised: int = 0) -> "Capacity":
        """Of the cluster that this process is connected to."""
        import ray

        nodes = [
            Node(id=node["NodeID"], name=node["NodeManagerHostname"], resources=node["Resources"])
            for node in ray.nodes()
            if node["Alive"]
        ]
        return cls(nodes=nodes, promised=promised)

    def slots(self, demand: Demand) -> int:
        """Tasks of this demand side by side. Raises ClusterError if it can never be met."""
        now = sum(node.fit(demand) for node in self.nodes)
        if not now and not self.promised:
            raise ClusterError(
                f"{self._option(demand)}: no node has {demand} for a trial: {self._largest(demand)}; if an autoscaler "
                "will add nodes, say how many trials they will hold with --slots"
            )
        return max(now, self.promised)

    def is_there(self, demand: Demand) -> bool:
        """Whether a node has it now, so that nobody waits for the autoscaler."""
        return any(node.fit(demand) for node in self.nodes)

    def commonest_accelerator(self) -> str | None:
        """The type of GPU that most of them have; what is timed runs there. None where no type is known."""
        count: Counter[str] = Counter()
        for node in self.nodes:
            for name in _types(node.resources):
                count[name] += int(node.resources.get("GPU", 0))
        return max(sorted(count), key=lambda name: count[name]) if count else None

    def accelerators(self) -> set[str]:
        """Types of GPU in the cluster."""
        return {name for node in self.nodes for name in _types(node.resources)}

    def _option(self, demand: Demand) -> str:
        """The one that asks for more than there is, with its value."""
        if all(node.resources.get("CPU", 0) < demand.cpus for node in self.nodes):
            return f"--cpus-per-trial {demand.cpus:g}"
        if all(node.resources.get("GPU", 0) < demand.gpus for node in self.nodes):
            return f"--gpus-per-trial {demand.gpus:g}"
        return f"--accelerator {demand.accelerator}" if demand.accelerator else "--cpus-per-trial, --gpus-per-trial"

    def _largest(self, demand: Demand) -> str:
        """What there is of each resource that was asked for, on the node that has most of it."""
        words = []
        for name in demand.resources:
            if name.startswith(_ACCELERATOR):
                words.append(f"of type {', '.join(sorted(self.accelerators())) or 'none that Ray knows'}")
            else:
                words.append(f"{max((node.resources.get(name, 0) for node in self.nodes), default=0):g} {name}")
        return f"the most that one has is {' and '.join(words)}"


def _types(resources: Resources) -> list[str]:
    return [name.removeprefix(_ACCELERATOR) for name in resources if name.startswith(_ACCELERATOR)]
