"""What is published in results/reference is of the specs that stand beside it."""

import json
from pathlib import Path
from typing import Any

import pytest

from suite.cli.study import draft
from suite.report.reference import is_of
from suite.spec.ablation import load_ablation

ROOT = Path(__file__).parents[1]
PUBLISHED = [
    pytest.param(record["scale"], entry, id=f"{record['scale']}-{entry['id']}")
    for path in sorted((ROOT / "results" / "reference").glob("*.json"))
    for record in [json.loads(path.read_text(encoding="utf-8"))]
    for entry in record["ablations"]
]


@pytest.mark.parametrize(("scale", "entry"), PUBLISHED)
def test_a_published_verdict_is_of_the_present_spec(scale: str, entry: dict[str, Any]) -> None:
    design = draft(load_ablation(str(ROOT / "ablations" / f"{entry['id']}.yaml")), scale=scale)
    assert is_of(entry, design), "run it again and publish it, or take it out: suite report --publish results/reference"
