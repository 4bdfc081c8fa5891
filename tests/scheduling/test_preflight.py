"""What is said of a cluster's nodes before anything starts: asked of a real Ray, of one node."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from suite.errors import ClusterError
from suite.recording.provenance import versions
from suite.scheduling.capacity import Node
from suite.scheduling.preflight import NodeReport, refuse_unfit

ASK = """
import json, sys
from pathlib import Path
from suite.scheduling.cluster import connected
from suite.scheduling.demand import Cluster
from suite.spec.workload import load_workload

settings = load_workload("digits_cnn").data_settings
with connected(Cluster()) as capacity:
    from suite.scheduling.preflight import inspect_nodes

    (report,) = inspect_nodes(
        capacity,
        {"digits_cnn": (settings, "0" * 64), "missing": ({"data": "digits", "data.no_such": 1}, "0" * 64)},
        data_dirs=(),
        cache_dir=Path(sys.argv[1]),
    )
json.dump([report.cpus, report.differing(), report.problems], sys.stdout)
"""


def test_a_node_is_asked_for_its_versions_and_its_data(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", ASK, str(tmp_path)], capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, done.stderr
    cpus, differing, problems = json.loads(done.stdout)
    assert cpus == os.cpu_count()
    assert differing == {}
    other, wrong = problems
    assert other == "digits_cnn: its data have other content than the driver's"
    assert wrong.startswith("missing: ")


def report_of(**changes: object) -> NodeReport:
    node = Node(id="a", name="gpu-3", resources={"CPU": 8, "GPU": 2, "accelerator_type:A100": 1})
    return NodeReport(**{"node": node, "versions": versions(), "problems": (), **changes})  # type: ignore[arg-type]


def test_versions_that_differ_are_named() -> None:
    report = report_of(versions={**versions(), "torch": "1.0"})
    assert report.differing() == {"torch": ("1.0", versions()["torch"])}
    assert (report.gpus, report.accelerator) == (2, "A100")


def test_a_node_on_which_trials_would_fail_is_named_with_the_reason() -> None:
    refuse_unfit([report_of()])
    with pytest.raises(ClusterError, match=r"^node gpu-3: it does not answer$"):
        refuse_unfit([report_of(), report_of(problems=("it does not answer",))])
