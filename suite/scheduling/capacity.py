"""What a Ray cluster can give: which demands it will ever meet, and how many at a time. Pure, but for `of_cluster`."""

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


@dataclass(frozen=True, kw_only=True)
class Capacity:
    """`nodes`: those that are there. `to_come`: what an autoscaler may add, each kind of node with how many of it."""

    nodes: Sequence[Node]
    to_come: Sequence[tuple[Resources, int]] = ()

    @classmethod
    def of_cluster(cls) -> "Capacity":
        """Of the cluster that this process is connected to."""
        import ray
        from ray._private.state import state  # what Ray Data asks too: there is no public way

        nodes = [
            Node(id=node["NodeID"], name=node["NodeManagerHostname"], resources=node["Resources"])
            for node in ray.nodes()
            if node["Alive"]
        ]
        config = state.get_cluster_config()
        groups = config.node_group_configs if config is not None else []
        return cls(nodes=nodes, to_come=[(dict(group.resources), _count(group.max_count)) for group in groups])

    def slots(self, demand: Demand) -> int:
        """Tasks of this demand side by side. Raises ClusterError if it can never be met."""
        now = sum(_fit(node.resources, demand) for node in self.nodes)
        later = sum(_fit(resources, demand) * count for resources, count in self.to_come)
        if not now and not later:
            raise ClusterError(f"no node will ever have {demand} for a trial: {self._largest(demand)}")
        return max(now, later)

    def is_there(self, demand: Demand) -> bool:
        """Whether a node has it now, so that nobody waits for the autoscaler."""
        return any(_fit(node.resources, demand) for node in self.nodes)

    def commonest_accelerator(self) -> str | None:
        """The type of GPU that most of them have; what is timed runs there. None where no type is known."""
        count: Counter[str] = Counter()
        for resources, times in (*((node.resources, 1) for node in self.nodes), *self.to_come):
            for name in resources:
                if name.startswith(_ACCELERATOR):
                    count[name.removeprefix(_ACCELERATOR)] += times * int(resources.get("GPU", 0))
        return max(sorted(count), key=lambda name: count[name]) if count else None

    def accelerators(self) -> set[str]:
        """Types of GPU in the cluster."""
        named = (*(node.resources for node in self.nodes), *(resources for resources, _ in self.to_come))
        return {
            name.removeprefix(_ACCELERATOR)
            for resources in named
            for name in resources
            if name.startswith(_ACCELERATOR)
        }

    def _largest(self, demand: Demand) -> str:
        """What there is of each resource that was asked for, on the node that has most of it."""
        have = [node.resources for node in self.nodes] + [resources for resources, _ in self.to_come]
        words = []
        for name in demand.resources:
            if name.startswith(_ACCELERATOR):
                words.append(f"of type {', '.join(sorted(self.accelerators())) or 'none that Ray knows'}")
            else:
                words.append(f"{max((resources.get(name, 0) for resources in have), default=0):g} {name}")
        return f"the most that one has is {' and '.join(words)}"


def _fit(resources: Resources, demand: Demand) -> int:
    """How many such tasks the node holds; a touch of a named accelerator limits nothing."""
    amounts = demand.resources
    if any(resources.get(name, 0) < amount for name, amount in amounts.items()):
        return 0
    counted = [name for name in amounts if not name.startswith(_ACCELERATOR)]
    return min(int(resources[name] / amounts[name] + 1e-9) for name in counted)


_MANY = 1000


def _count(most: int) -> int:
    """Ray writes -1 for no limit."""
    return _MANY if most < 0 else most
