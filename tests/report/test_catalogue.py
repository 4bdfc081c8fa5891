import re
from dataclasses import replace
from pathlib import Path

import pytest
import report_study
from built_verdicts import claim, open_claim, verdict, workload

from suite.errors import StoreError
from suite.report.catalogue import write_index
from suite.spec.design import Design
from suite.verdict.models import AblationVerdict

BETTER = [(0.940, 0.930), (0.942, 0.931), (0.939, 0.931), (0.941, 0.930), (0.940, 0.929)]


def entry(name: str, judged: AblationVerdict) -> tuple[Design, AblationVerdict]:
    design = report_study.design()
    ablation = design.ablation.model_copy(update={"id": name, "tip": f"The tip of {name}"})
    return replace(design, ablation=ablation), replace(judged, ablation=name)


def helps(p: float) -> AblationVerdict:
    return verdict(claim(workload(BETTER), p_verdict=p))


def test_each_tip_has_a_line_with_its_answer_badges_and_link(tmp_path: Path) -> None:
    hurts = verdict(claim(workload(BETTER), verdict="hurts", outcome="contradicted", p_verdict=0.002))
    path = write_index(
        [entry("one", helps(0.001)), entry("two", hurts), entry("three", verdict(open_claim()))], tmp_path
    )
    html = path.read_text(encoding="utf-8")
    assert re.findall(r'<td class="tip"><a href="([^"]+)">', html) == [
        f"{n}/quick/index.html" for n in ("one", "two", "three")
    ]
    assert re.findall(r'<span class="badge \w+">([^<]+)</span>', html) == ["helps", "hurts", "not decided yet"]
    assert "3 tips: 1 supported, 1 contradicted, 1 undecided" in html
    assert html.count("<circle") == 2


def test_the_mark_is_for_what_stands_after_correction_over_the_whole_catalogue(tmp_path: Path) -> None:
    entries = [entry("sure", helps(0.0001)), entry("lucky", helps(0.009))]
    alone = write_index(entries, tmp_path).read_text(encoding="utf-8")
    assert alone.count("✓ stands after correction") == 2
    crowded = write_index(entries, tmp_path, catalogue_size=48).read_text(encoding="utf-8")
    assert re.search(r'id="sure-quick".*?✓ stands.*?id="lucky-quick"', crowded, flags=re.DOTALL)
    assert crowded.count("✓ stands after correction") == 1
    assert "all 48 primary claims" in crowded


def test_an_undecided_claim_never_gets_the_mark(tmp_path: Path) -> None:
    html = write_index([entry("open", verdict(open_claim(p_verdict=1.0)))], tmp_path).read_text(encoding="utf-8")
    assert "✓ stands" not in html
    assert "Nothing can be said yet" in html


def test_tips_are_escaped_and_an_empty_catalogue_says_so(tmp_path: Path) -> None:
    design, judged = entry("one", helps(0.001))
    evil = design.ablation.model_copy(update={"tip": "<script>alert(1)</script>", "quote": "<b>"})
    html = write_index([(replace(design, ablation=evil), judged)], tmp_path).read_text(encoding="utf-8")
    assert "<script" not in html
    assert "There is no ablation to show yet" in write_index([], tmp_path).read_text(encoding="utf-8")


def test_an_index_that_cannot_be_written_is_the_user_s_problem(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StoreError, match="file"):
        write_index([], tmp_path / "file")
