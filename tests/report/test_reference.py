"""Published verdicts: what they say, and where the numbers come from."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import report_study

from suite.errors import StoreError
from suite.report.reference import write_reference
from suite.spec.ablation import Ablation
from suite.spec.design import Design
from suite.verdict.judge import judge


def test_every_claim_is_there_in_a_sentence_with_what_it_was_made_from(tmp_path: Path) -> None:
    design = report_study.design()
    found = report_study.results(design)
    provenance = {"commit": "abcdef0123", "torch": "2.8.0", "cpu": "a | processor", "command": "suite run"}
    results = {name: replace(result, provenance=provenance) for name, result in found.items()}
    stranger = replace(next(iter(results.values())), provenance={"torch": "1.0"})
    write_reference([(design, judge(design, results))], {**results, "0": stranger}, tmp_path / "new", scale="quick")
    path = tmp_path / "new" / "quick.md"
    text = path.read_text(encoding="utf-8")
    assert "1 ablation. The primary claims: 1 supported, 0 contradicted, 0 undecided." in text
    assert f"- {len(results)} trials, " in text
    assert "(commit abcdef0; torch 2.8.0; processor a \\| processor)." in text, "only trials that were used"
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


def test_a_verdict_in_doubt_is_published_as_one(tmp_path: Path) -> None:
    design = report_study.design()
    results = report_study.results(design)
    verdict = judge(design, results)
    first, *others = verdict.claims
    doubted = replace(verdict, claims=(replace(first, in_doubt=True), *others))
    write_reference([(design, doubted)], results, tmp_path, scale="quick")
    lines = (tmp_path / "quick.md").read_text(encoding="utf-8").splitlines()
    told = [line for line in lines if "In doubt: it rests on a choice" in line]
    assert len(told) == 2, "among the tips and among all claims"
    assert all("“bn” clearly helps" in line for line in told)


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match=r"--publish .*file/x: cannot be written"):
        write_reference([], {}, tmp_path / "file" / "x", scale="quick")


def test_what_was_published_earlier_stays_until_it_is_published_anew(tmp_path: Path) -> None:
    design = report_study.design()
    other = replace(design, ablation=design.ablation.model_copy(update={"id": "another"}))
    results = report_study.results(design)
    verdict = judge(design, results)

    def publish(which: Design, commit: str, **more: Any) -> dict[str, Any]:
        made = {name: replace(result, provenance={"commit": commit}) for name, result in results.items()}
        gone = write_reference([(which, verdict)], made, tmp_path, scale="quick", **more)
        record: dict[str, Any] = json.loads((tmp_path / "quick.json").read_text(encoding="utf-8"))
        return {**record, "gone": gone}

    alone = publish(design, "first11")
    both = publish(other, "second2")
    assert [entry["id"] for entry in both["ablations"]] == ["another", "bn_vs_dropout"]
    assert [study["ablations"] for study in both["studies"]] == [["bn_vs_dropout"], ["another"]]
    assert [study["made_from"]["commit"] for study in both["studies"]] == [["first11"], ["second2"]]
    one, two = (record["ablations"][-1]["claims"][0] for record in (alone, both))
    assert two["adjusted_p"] == one["p"], "two claims of the same p: no correction is left"
    assert one["sentence"] in (tmp_path / "quick.md").read_text(encoding="utf-8")
    again = publish(design, "third33")
    assert [study["made_from"]["commit"] for study in again["studies"]] == [["second2"], ["third33"]]
    write_reference([(design, judge(design, {}))], {}, tmp_path, scale="quick")
    unchanged = json.loads((tmp_path / "quick.json").read_text(encoding="utf-8"))
    assert {**unchanged, "gone": []} == again, "of what was not measured nothing is published"
    renamed = other.ablation.model_copy(update={"claims": {"new": design.ablation.claims["bn_is_faster"]}})
    last = publish(design, "fourth4", catalogue=[replace(other, ablation=renamed), design])
    assert [entry["id"] for entry in last["ablations"]] == ["bn_vs_dropout"], "the other makes other claims now"
    assert [study["ablations"] for study in last["studies"]] == [["bn_vs_dropout"]]
    assert last["gone"] == ["another"]
    changed = design.ablation.model_copy(update={"claims": {"new": design.ablation.claims["bn_is_faster"]}})
    assert publish(design, "fifth55", catalogue=[replace(design, ablation=changed)])["gone"] == [], "published anew"


def test_verdicts_of_other_trainings_than_the_spec_s_are_taken_out(tmp_path: Path) -> None:
    design = report_study.design()
    other = replace(design, ablation=design.ablation.model_copy(update={"id": "another"}))
    results = report_study.results(design)
    for each in (design, other):
        write_reference([(each, judge(design, results))], results, tmp_path, scale="quick")
    wider = other.ablation.model_copy(update={"sweep": {"optimizer.lr": (0.01, 0.02)}})
    further = other.ablation.model_copy(update={"arms": {**other.ablation.arms, "new": {"optimizer.lr": 0.5}}})
    per_pair = other.ablation.model_copy(update={"tuning": "per_pair"})
    name, claim = next(iter(other.ablation.claims.items()))
    turned = claim.model_copy(update={"variant": claim.reference, "reference": claim.variant})
    asking = other.ablation.model_copy(update={"claims": {**other.ablation.claims, name: turned}})
    wide = claim.model_copy(update={"margin": 0.123})
    judging = other.ablation.model_copy(update={"claims": {**other.ablation.claims, name: wide}})
    longer = other.ablation.model_copy(update={"claims": dict(other.ablation.claims), "tip": "in other words"})

    def gone(ablation: Ablation, **more: Any) -> list[str]:
        present = [design, replace(other, ablation=ablation, **more)]
        return write_reference([], {}, tmp_path, scale="quick", catalogue=present)

    before = (tmp_path / "quick.json").read_bytes()
    assert gone(longer, device="cuda", max_pairs=7, fingerprints={}) == []
    for changed in (wider, further, per_pair, asking, judging):
        (tmp_path / "quick.json").write_bytes(before)
        assert gone(changed) == ["another"]


@pytest.mark.parametrize("content", ["", "[]", '{"scale": "quick", "studies": [], "ablations": [{"id": "a"}]}'])
def test_a_file_of_something_else_is_not_written_over(tmp_path: Path, content: str) -> None:
    (tmp_path / "quick.json").write_text(content)
    with pytest.raises(StoreError, match=r"quick.json: cannot be read as published verdicts"):
        write_reference([], {}, tmp_path, scale="quick")
    assert (tmp_path / "quick.json").read_text() == content
