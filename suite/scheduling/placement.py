"""What each trial of some ablations takes of the cluster that they run on."""

from collections.abc import Iterable

from suite.scheduling.capacity import Capacity
from suite.scheduling.demand import Cluster, Demand
from suite.spec.design import Design
from suite.spec.metrics import METRICS


def timed_on(cluster: Cluster, capacity: Capacity) -> str | None:
    """The type of GPU on which times are measured; None where there are no GPUs to choose from."""
    types = capacity.accelerators()
    return capacity.commonest_accelerator() if cluster.gpus_per_trial and len(types) > 1 else None


def placement(designs: Iterable[Design], cluster: Cluster, capacity: Capacity) -> dict[str, Demand]:
    """By trial id. Raises ClusterError if the cluster will never be able to run one of them.

    A trial that any claim about time looks at has its GPU to itself, on GPUs of one type, whoever else asks for it.
    """
    fastest = timed_on(cluster, capacity)
    demands: dict[str, Demand] = {}
    for design in designs:
        claims = design.ablation.claims.values()
        timed = {arm for claim in claims if METRICS[claim.metric].timed for arm in (claim.variant, claim.reference)}
        for entry in sorted(design.roster(), key=lambda entry: entry.arm in timed):
            demand = cluster.demand(entry.workload, timed=entry.arm in timed, timed_on=fastest)
            if entry.arm in timed or entry.trial.id not in demands:
                demands[entry.trial.id] = demand
    for demand in set(demands.values()):
        capacity.slots(demand)
    return demands
