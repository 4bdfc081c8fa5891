"""What a cluster is, said before anything starts on it, and why nothing should."""

from collections.abc import Collection
from pathlib import Path

from rich.table import Table
from rich.text import Text

from suite.cli.console import err, note
from suite.cli.study import Study
from suite.scheduling.capacity import Capacity
from suite.scheduling.demand import Cluster, Demand
from suite.scheduling.placement import timed_on


def preflight(
    opened: Study,
    cluster: Cluster,
    capacity: Capacity,
    places: tuple[tuple[Path, ...], Path],
    demands: Collection[Demand],
) -> None:
    """Raises ClusterError if trials of these demands would fail on a node that may get them."""
    from suite.scheduling.preflight import inspect_nodes, refuse_unfit  # imports Ray

    data = {
        workload.id: (design.data_settings(workload.id), design.fingerprints[workload.id])
        for design in opened.designs
        for workload in design.workloads
    }
    reports = inspect_nodes(capacity, data, data_dirs=places[0], cache_dir=places[1])
    table = Table("node", "CPUs", "GPUs", "differs from here", box=None, pad_edge=False, header_style="dim")
    for report in reports:
        gpus = f"{report.gpus:g}" + (f" {report.accelerator}" if report.accelerator else "")
        differing = (f"{name} {there or 'missing'} (here {here})" for name, (there, here) in report.differing().items())
        words = ", ".join(differing) if report.versions else "unknown"
        table.add_row(Text(report.node.name), f"{report.cpus:g}", gpus, Text(words or "nothing"))
    err.print(table)
    refuse_unfit([report for report in reports if any(report.node.fit(demand) for demand in demands)])
    root = opened.store.root
    for demand in sorted(demands, key=str):
        wait = "" if capacity.is_there(demand) else ", once an autoscaler has started nodes, as --slots says"
        note(f"{capacity.slots(demand)} trials side by side, each on {demand}{wait}")
    note(f"this process writes the results, in {root}")
    if (chosen := timed_on(cluster, capacity)) is not None:
        note(f"trials that are timed run on whole GPUs of type {chosen}; --accelerator chooses another")
