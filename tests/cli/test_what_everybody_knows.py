"""What the suite must find, on real runs of the catalogue's own ablations (the end of docs/catalogue.md's source)."""

import json
import math
import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml
from conftest import PROJECT, Suite

pytestmark = pytest.mark.slow

ANSWERS = [
    ("shuffle", "never_and_sorted_hurts", "hurts"),
    ("known_good_skeleton", "softmax_twice_hurts", "hurts"),
    ("known_good_skeleton", "forgotten_eval_hurts", "hurts"),
    ("activation", "sigmoid_is_worse", "hurts"),
    ("residual_dense", "residual_helps_at_20", "helps"),
    ("residual_dense", "plain_does_not_even_train", "hurts"),
    ("initial_lr", "larger_is_worse_without_bn", "hurts"),
    ("grad_clip_high_rate", "unclipped_suffers", "hurts"),
    ("grad_clip_high_rate", "tight_clipping_helps", "helps"),
    ("grad_clip_high_rate_lm", "unclipped_suffers", "hurts"),
    ("grad_clip_high_rate_lm", "clipping_helps", "helps"),
]
SHARED_RATE = {
    "settings": {"model.norm": "none"},
    "arms": {"raw": {"preprocess": "raw"}, "standardized": {"preprocess": "standardize"}},
    "claims": {
        "raw_hurts": {
            "variant": "raw",
            "reference": "standardized",
            "metric": "test_accuracy",
            "expect": "worse",
            "primary": True,
        }
    },
}


def only(path: Path, claims: list[str]) -> None:
    """Leaves of a spec what the claims need, so that nothing else is trained."""
    spec = yaml.safe_load(path.read_text(encoding="utf-8"))
    kept = {name: {**spec["claims"][name], "primary": name == claims[0]} for name in claims}
    arms = {claim[side] for claim in kept.values() for side in ("variant", "reference")}
    spec["claims"], spec["arms"] = kept, {arm: changes for arm, changes in spec["arms"].items() if arm in arms}
    spec["tuned_with"] = {arm: changes for arm, changes in spec.get("tuned_with", {}).items() if arm in arms}
    if any(isinstance(grid, dict) for grid in spec.get("sweep", {}).values()):
        spec["sweep"] = {arm: grid for arm, grid in spec["sweep"].items() if arm in arms}
    path.write_text(yaml.safe_dump(spec, allow_unicode=True), encoding="utf-8")


def judged(suite: Suite, name: str) -> list[dict[str, Any]]:
    done = suite("run", name, "--wandb", "off", "--json", timeout=1800)
    assert done.returncode == 0, done.stderr
    (ablation,) = json.loads(done.stdout)
    claims: list[dict[str, Any]] = ablation["claims"]
    return claims


def verdicts(suite: Suite, name: str) -> dict[str, str]:
    return {claim["name"]: claim["verdict"] for claim in judged(suite, name)}


@pytest.mark.parametrize(("name", "large"), [("gru_vs_lstm", 5.0), ("gru_vs_lstm_lm", math.log(1.1))])
def test_gru_against_lstm_is_no_large_effect(suite: Suite, folder: Path, name: str, large: float) -> None:
    """Five points of accuracy, or a tenth of the perplexity: what is smaller is nobody's reason to change the cell."""
    path = folder / "ablations" / f"{name}.yaml"
    shutil.copy(PROJECT / "ablations" / path.name, path)
    only(path, ["equally_many_parameters_do_as_well"])
    (claim,) = judged(suite, name)
    assert claim["pairs"] >= 5
    assert abs(claim["raw_effect"]) < large


@pytest.mark.parametrize("name", sorted({name for name, _, _ in ANSWERS}))
def test_what_everybody_knows_comes_out(suite: Suite, folder: Path, name: str) -> None:
    expected = {claim: verdict for ablation, claim, verdict in ANSWERS if ablation == name}
    path = folder / "ablations" / f"{name}.yaml"
    shutil.copy(PROJECT / "ablations" / path.name, path)
    only(path, list(expected))
    assert verdicts(suite, name) == expected


def test_raw_pixels_hurt_at_the_rate_that_suits_standardised_ones(suite: Suite, folder: Path) -> None:
    path = folder / "ablations" / "zero_center.yaml"
    spec = yaml.safe_load((PROJECT / "ablations" / path.name).read_text(encoding="utf-8"))
    del spec["sweep"]
    path.write_text(yaml.safe_dump({**spec, **SHARED_RATE}, allow_unicode=True), encoding="utf-8")
    assert verdicts(suite, "zero_center") == {"raw_hurts": "hurts"}
