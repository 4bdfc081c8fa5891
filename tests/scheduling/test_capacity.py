"""What a cluster can give, and what each trial takes of it. Pure: nodes are written down, not started."""

from pathlib import Path

import pytest
from stand_ins import design_of

from suite.errors import ClusterError
from suite.scheduling.capacity import Capacity, Node
from suite.scheduling.demand import Cluster, Demand
from suite.scheduling.placement import placement
from suite.spec.design import Design

SPEC = """
tip: A tip
quote: a tip
source: test
workloads: {quick: [digits_cnn, glyphs_cnn]}
arms:
  plain: {model.norm: none}
  bn: {model.norm: batch}
  dropout: {model.norm: none, model.dropout: 0.5}
claims:
  bn_costs_time: {variant: bn, reference: plain, metric: train_seconds, expect: worse, primary: true}
  dropout_helps: {variant: dropout, reference: plain, metric: test_accuracy, expect: better}
"""


def machine(name: str = "a", **resources: float) -> Node:
    return Node(id=name, name=name, resources={key.replace("__", ":"): amount for key, amount in resources.items()})


A100 = {"CPU": 16, "GPU": 2, "accelerator_type__A100": 1}
T4 = {"CPU": 8, "GPU": 1, "accelerator_type__T4": 1}


@pytest.fixture
def design(tmp_path: Path) -> Design:
    return design_of(SPEC, tmp_path, device="cuda")


def test_slots_are_counted_node_by_node() -> None:
    capacity = Capacity(nodes=[machine("a", CPU=3), machine("b", CPU=3)])
    assert capacity.slots(Demand(cpus=2)) == 2, "not three: no trial runs on two machines"
    assert Capacity(nodes=[machine(CPU=8, GPU=1)]).slots(Demand(cpus=1, gpus=0.1)) == 8
    assert Capacity(nodes=[machine(CPU=32, GPU=1)]).slots(Demand(cpus=1, gpus=0.1)) == 10


def test_what_no_node_will_ever_have_is_refused_with_what_there_is() -> None:
    capacity = Capacity(nodes=[machine("a", CPU=2), machine("b", CPU=2)])
    with pytest.raises(
        ClusterError,
        match=r"--cpus-per-trial 4: no node has 4 CPU for a trial: the most that one has is 2 CPU; .* --slots",
    ):
        capacity.slots(Demand(cpus=4))
    with pytest.raises(ClusterError, match=r"1 CPU and 1 GPU .* is 2 CPU and 0 GPU"):
        capacity.slots(Demand(gpus=1))
    with pytest.raises(ClusterError, match=r"of type H100 .* of type A100"):
        Capacity(nodes=[machine(**A100)]).slots(Demand(gpus=1, accelerator="H100"))


def test_what_an_autoscaler_is_said_to_add_is_not_refused() -> None:
    capacity = Capacity(nodes=[machine("head", CPU=2)], promised=8)
    assert capacity.slots(Demand(gpus=0.5)) == 8
    assert not capacity.is_there(Demand(gpus=0.5))
    assert capacity.is_there(Demand(cpus=1))


def test_a_trial_whose_time_is_claimed_has_one_type_of_gpu_to_itself(design: Design) -> None:
    capacity = Capacity(nodes=[machine("a", **A100), machine("b", **T4)])
    demands = placement([design], Cluster(gpus_per_trial=0.25), capacity)
    timed, shared = (design.evaluation_trial("digits_cnn", arm, (), 0) for arm in ("bn", "dropout"))
    assert demands[timed.id] == Demand(gpus=1, accelerator="A100"), "where most of the GPUs are"
    assert demands[shared.id] == Demand(gpus=0.25)
    reference = design.evaluation_trial("glyphs_cnn", "plain", (), 3)
    assert demands[reference.id] == Demand(gpus=1, accelerator="A100"), (
        "the other claim's reference too: it is one trial"
    )


def test_on_cpus_time_takes_no_device(design: Design) -> None:
    demands = placement([design], Cluster(), Capacity(nodes=[machine(CPU=2)]))
    assert {demands[entry.trial.id] for entry in design.roster()} == {Demand()}


def test_a_workload_can_have_its_own_type_of_gpu(design: Design) -> None:
    capacity = Capacity(nodes=[machine("a", **A100), machine("b", **T4)])
    cluster = Cluster(gpus_per_trial=1, accelerators={"": "T4", "glyphs_cnn": "A100"})
    demands = placement([design], cluster, capacity)
    assert demands[design.evaluation_trial("glyphs_cnn", "dropout", (), 0).id].accelerator == "A100"
    assert demands[design.evaluation_trial("digits_cnn", "bn", (), 0).id].accelerator == "T4"
    with pytest.raises(ClusterError, match="of type H100"):
        placement([design], Cluster(gpus_per_trial=1, accelerators={"glyphs_cnn": "H100"}), capacity)


def test_demands_in_rays_words_and_back() -> None:
    demand = Demand(cpus=2, gpus=0.5, accelerator="A100")
    assert demand.resources == {"CPU": 2, "GPU": 0.5, "accelerator_type:A100": 0.001}
    assert Demand.from_text(demand.to_text()) == demand
    assert str(demand) == "2 CPU and 0.5 GPU of type A100"
    assert demand.whole().gpus == 1
