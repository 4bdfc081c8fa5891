"""Every arm of every ablation, at every scale and on every workload, can be built at its real size and is an arm.

Nothing is trained here, and networks are built without weights.
"""

from pathlib import Path

import pytest
import torch
from test_contract import SHAPES

from suite.spec import slots
from suite.spec.ablation import find_ablations, load_ablation
from suite.spec.design import Design
from suite.spec.workload import load_workload
from suite.training.build import bind

SYMBOLS = {
    **{"docstrings": 4000, "imdb": 10_000, "movie_review": 10_000, "sst": 10_000, "trec": 5000},
    **{"tiny_shakespeare": 66, "topics": 100, "wikitext2": 33_279},
}
"""Vocabularies, padding included: of the topics about so many, it depends on the version of Python."""
CASES = [
    (path.stem, scale, workload)
    for path in find_ablations(Path(__file__).parents[2] / "ablations")
    for scale, workloads in load_ablation(str(path)).workloads.items()
    for workload in workloads
]


def design_of(ablation: str, scale: str, workload: str) -> Design:
    return Design(
        ablation=load_ablation(f"{Path(__file__).parents[2]}/ablations/{ablation}.yaml"),
        scale=scale,
        workloads=(load_workload(workload),),
        device="cpu",
        fingerprints={workload: ""},
    )


@pytest.mark.parametrize(("ablation", "scale", "workload"), CASES)
def test_the_network_of_every_arm_can_be_built_at_its_real_size(ablation: str, scale: str, workload: str) -> None:
    design = design_of(ablation, scale, workload)
    for arm in design.ablation.arms:
        settings = design.settings(workload, arm, ())
        data = str(settings["data"])
        symbols = SYMBOLS.get(data)
        shape = (symbols,) if symbols else (SHAPES[data][-1], *SHAPES[data][:-1])
        classes = symbols if symbols and settings["task"] == "continuation" else 20
        with torch.device("meta"):
            model = bind(settings, "model", shape, classes)
        for layer in model.modules():
            if isinstance(layer, torch.nn.Linear):
                assert layer.weight.shape == (layer.out_features, layer.in_features), f"{arm}: {layer}"


@pytest.mark.parametrize(("ablation", "scale", "workload"), CASES)
def test_the_arms_of_every_claim_differ(ablation: str, scale: str, workload: str) -> None:
    """In their settings, in what is swept or in what they are tuned with: else a trial is compared with itself."""
    design = design_of(ablation, scale, workload)

    def whole(arm: str) -> tuple[object, ...]:
        return design.settings(workload, arm, ()), design.swept(arm), design.ablation.tuned_with.get(arm)

    for name, claim in design.ablation.claims.items():
        assert whole(claim.variant) != whole(claim.reference), name


@pytest.mark.parametrize(("ablation", "scale", "workload"), CASES)
def test_a_sweep_that_all_arms_share_holds_the_rate_that_the_workload_is_trained_with(
    ablation: str, scale: str, workload: str
) -> None:
    """Where the optimizer is the workload's own: else all arms would be far from their best, and alike for that."""
    design = design_of(ablation, scale, workload)
    own = slots.override(load_workload(workload).at(scale), design.ablation.settings)
    grids = [design.swept(arm).get("optimizer.lr") for arm in design.ablation.arms]
    rate, grid = own.get("optimizer.lr"), grids[0]
    if rate is None or grid is None or any(other != grid for other in grids):
        return
    for arm in design.ablation.arms:
        if design.settings(workload, arm, ())["optimizer"] == own["optimizer"]:
            assert min(grid) <= rate <= max(grid), arm
