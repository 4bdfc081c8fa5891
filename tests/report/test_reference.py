"""Published verdicts: what they say, and where the numbers come from."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
import report_study

from suite.errors import StoreError
from suite.report.reference import write_reference
from suite.verdict.judge import judge


def test_every_claim_is_there_in_a_sentence_with_what_it_was_made_from(tmp_path: Path) -> None:
    design = report_study.design()
    found = report_study.results(design)
    provenance = {"commit": "abcdef0123", "torch": "2.8.0", "cpu": "a | processor", "command": "suite run"}
    results = {name: replace(result, provenance=provenance) for name, result in found.items()}
    stranger = replace(next(iter(results.values())), provenance={"torch": "1.0"})
    path = write_reference(
        [(design, judge(design, results))], {**results, "0": stranger}, tmp_path / "new", scale="quick"
    )
    text = path.read_text(encoding="utf-8")
    assert path.name == "quick.md"
    assert f"1 ablation, {len(results)} trials" in text
    assert "Made from commit abcdef0; torch 2.8.0; processor a \\| processor." in text, "only trials that were used"
    rows = [line for line in text.splitlines() if line.startswith("| [bn_vs_dropout]")]
    assert len(rows) == 2
    assert "bn_is_faster (primary) | **supported** | “bn” clearly helps" in rows[0]
    tips = text.split("## All claims")[0]
    (tip,) = (line for line in tips.splitlines() if "#bn_vs_dropout" in line)
    assert "| **supported** | “bn” clearly helps" in tip
    record = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
    (entry,) = record["ablations"]
    assert [(claim["name"], claim["verdict"]) for claim in entry["claims"]] == [
        ("bn_is_faster", "helps"),
        ("dropout_is_redundant", "no practical difference"),
    ]
    first, second = entry["claims"]
    assert first["effect_in_margins"] > 1
    assert first["interval_in_margins"][0] < first["effect_in_margins"] < first["interval_in_margins"][1]
    assert first["p"] <= first["adjusted_p"] < 0.05
    assert second["adjusted_p"] is None, "the correction is for primary claims"


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match=r"--publish .*file/x: cannot be written"):
        write_reference([], {}, tmp_path / "file" / "x", scale="quick")
