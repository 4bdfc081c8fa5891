import csv
import json
import math
import re
import subprocess
import sys
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import built_verdicts
import pytest
import report_study
import synthetic_trials
from synthetic_trials import Character

from suite.errors import StoreError
from suite.report import words
from suite.report.files import write_text
from suite.report.page import write_report
from suite.spec.design import Design
from suite.trial_result import TrialResult
from suite.verdict.judge import judge
from suite.verdict.models import AblationVerdict

Study = tuple[Design, AblationVerdict, dict[str, TrialResult]]


@pytest.fixture(scope="module")
def study() -> Study:
    design = report_study.design()
    results = report_study.results(design)
    return design, judge(design, results), results


@pytest.fixture(scope="module")
def folder(study: Study, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_report(*study, tmp_path_factory.mktemp("report")).parent


@pytest.fixture(scope="module")
def html(folder: Path) -> str:
    return (folder / "index.html").read_text(encoding="utf-8")


def written(design: Design, results: Mapping[str, TrialResult], folder: Path) -> str:
    """The page of a judged study."""
    return write_report(design, judge(design, results), results, folder).read_text(encoding="utf-8")


def text_of(html: str) -> str:
    """What a reader sees, on one line."""
    body = re.sub(r"<(style|svg)[^>]*>.*?</\1>", " ", html, flags=re.DOTALL)
    return re.sub(r"[ \n]+", " ", re.sub(r"<[^>]+>", "", body)).replace("&amp;", "&")


def test_points_that_went_out_after_the_first_seed_are_said_to(study: Study, html: str) -> None:
    """Their mean is of one seed: beside the others it may look like the better choice."""
    out = [point for tuning in study[1].tunings for point in tuning.points if point.out]
    assert out
    in_the_caption = 1
    assert text_of(html).count("out after the first seed") == len(out) + in_the_caption


def test_the_page_answers_first_and_shows_everything_in_order(study: Study, html: str) -> None:
    sections = re.findall(r'<section[^>]* id="(\w+)"', html)
    assert sections == [
        "answer", "effects", "curves", "pairs", "sensitivity", "cost", "tuning", "failures", "detectable", "settings",
        "environment", "reproduce", "trials",
    ]  # fmt: skip
    quote, answer = html.index(study[0].ablation.quote), html.index('id="answer"')
    assert html.index("<h1>") < quote < answer < html.index('id="effects"')
    assert f'<p lang="zh">{study[0].ablation.quote}' in html


def test_the_page_says_what_the_terminal_says(study: Study, html: str) -> None:
    seen = text_of(html)
    for claim in study[1].claims:
        parts = words.parts(claim)
        assert parts.lead in seen
        assert parts.finding in seen
        assert claim.verdict in seen


def test_every_pair_leads_to_the_rows_of_its_trials(study: Study, html: str) -> None:
    rows = set(re.findall(r'<tr id="trial-(\w+)"', html))
    assert rows == {*study[2]}
    links = set(re.findall(r'href="#trial-(\w+)"', html))
    for claim in study[1].claims:
        for effect in claim.workloads:
            assert {pair.variant_trial_id for pair in effect.pairs} <= links
    assert links <= rows
    anchors = re.findall(r'href="#([\w-]+)"', re.sub(r"<svg.*?</svg>", "", html, flags=re.DOTALL))
    assert set(anchors) <= set(re.findall(r' id="([\w-]+)"', html))


def test_the_table_of_trials_holds_what_was_stored(study: Study, folder: Path) -> None:
    with (folder / "trials.csv").open(encoding="utf-8", newline="") as file:
        rows = {row["trial_id"]: row for row in csv.DictReader(file)}
    assert rows.keys() == study[2].keys()
    for trial_id, result in study[2].items():
        assert float(rows[trial_id]["val_accuracy"]) == result.measurements["val_accuracy"]
        assert rows[trial_id]["seed"] == str(result.seed)
        assert rows[trial_id]["row"] == f"index.html#trial-{trial_id}"


def test_the_verdicts_can_be_read_by_a_program(study: Study, folder: Path) -> None:
    document = json.loads((folder / "verdict.json").read_text(encoding="utf-8"))
    assert [claim["verdict"] for claim in document["claims"]] == [claim.verdict for claim in study[1].claims]
    assert document["claims"][0]["effect"] == study[1].claims[0].effect
    assert document["tip"] == study[0].ablation.tip


def test_the_markdown_file_says_the_same_and_its_pictures_exist(study: Study, folder: Path) -> None:
    text = (folder / "report.md").read_text(encoding="utf-8")
    assert words.answer(study[1]) in text
    pictures = re.findall(r"!\[[^\]]*\]\(([^)]+)\)", text)
    assert len(pictures) >= 10
    assert all((folder / picture).is_file() for picture in pictures)
    assert {Path(picture).with_suffix(".svg").name for picture in pictures} <= {
        p.name for p in (folder / "figures").iterdir()
    }


def test_the_commands_to_reproduce_name_a_stored_trial(study: Study, html: str) -> None:
    assert "suite run ablations/bn_vs_dropout.yaml" in html
    found = re.search(r"suite repro (\w+)", html)
    assert found is not None
    assert found[1] in study[2]


def test_the_same_results_give_the_same_bytes(study: Study, folder: Path, tmp_path: Path) -> None:
    shuffled = dict(reversed(study[2].items()))
    again = write_report(study[0], judge(study[0], shuffled), shuffled, tmp_path).parent
    first = {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    second = {path.relative_to(again): path.read_bytes() for path in again.rglob("*") if path.is_file()}
    assert first.keys() == second.keys()
    assert [str(name) for name in first if first[name] != second[name]] == []


def test_nothing_of_an_earlier_report_stays_behind(study: Study, tmp_path: Path) -> None:
    write_report(*study, tmp_path)
    assert (tmp_path / "figures" / "forest-bn_is_faster.png").exists()
    written(study[0], {}, tmp_path)
    assert list((tmp_path / "figures").iterdir()) == []


HOSTILE = "<script>alert(1)</script>\"'&{{ 7 * 7 }}"


def test_nothing_in_a_spec_or_a_record_becomes_markup(study: Study, tmp_path: Path) -> None:
    design, verdict, results = study
    ablation = design.ablation
    evil = ablation.model_copy(
        update={
            "tip": HOSTILE, "quote": HOSTILE, "translation": HOSTILE, "source": HOSTILE, "remarks": HOSTILE,
            "references": ["javascript:alert(1)", f"https://example.org/{HOSTILE}"],
            "arms": {**ablation.arms, HOSTILE: {}},
        }
    )  # fmt: skip
    claims = [
        replace(claim, variant=HOSTILE, reason=HOSTILE, warnings=(HOSTILE,), name=f"{HOSTILE}{index}")
        for index, claim in enumerate(verdict.claims)
    ]
    bad = {
        trial_id: replace(result, reason=HOSTILE, provenance={HOSTILE: HOSTILE}) for trial_id, result in results.items()
    }
    judged = replace(verdict, claims=tuple(claims), trials_failed=((HOSTILE, HOSTILE),))
    page = write_report(replace(design, ablation=evil), judged, bad, tmp_path)
    html = page.read_text(encoding="utf-8")
    assert "<script" not in html
    assert "alert(1)&lt;/script&gt;" in html
    assert "{{ 7 * 7 }}" in html
    assert 'href="javascript' not in html
    assert "<script" not in (tmp_path / "report.md").read_text(encoding="utf-8")
    for drawing in (tmp_path / "figures").glob("*.svg"):
        assert "<script" not in drawing.read_text(encoding="utf-8")


def test_before_anything_is_measured_the_page_says_how_to_begin(tmp_path: Path) -> None:
    seen = text_of(written(report_study.design(), {}, tmp_path))
    assert "Nothing can be said yet" in seen
    assert "suite run ablations/bn_vs_dropout.yaml runs it" in seen
    assert "nan" not in seen.split()


@pytest.mark.parametrize("stored", [1, 30, 60, 95, 110])
def test_a_page_of_unfinished_work_holds_what_there_is(stored: int, tmp_path: Path) -> None:
    design = report_study.design()
    results = report_study.results(design, at_most=stored)
    html = written(design, results, tmp_path)
    assert set(re.findall(r'<tr id="trial-(\w+)"', html)) == set(results)
    assert not re.search(r"\b(nan|None|inf)\b", text_of(html))


def everything_diverges(_: Mapping[str, Any]) -> Character:
    return Character(diverges_above=0.0)


def bn_diverges(settings: Mapping[str, Any]) -> Character:
    return Character(diverges_above=0.0 if settings["model.norm"] == "batch" else math.inf)


@pytest.mark.parametrize("truth", [everything_diverges, bn_diverges])
def test_runs_that_diverge_are_counted_and_shown(truth: synthetic_trials.Truth, tmp_path: Path) -> None:
    design = report_study.design()
    html = written(design, report_study.results(design, truth), tmp_path)
    seen = text_of(html)
    assert "diverged" in seen
    assert "did not reach the target in 10 of 10 runs" in seen or "Nothing can be said" in seen
    assert not re.search(r"\b(nan|None|inf)\b", seen)


def test_one_workload_without_a_sweep_has_no_empty_sections(tmp_path: Path) -> None:
    design = report_study.design({"sweep": {}}, workloads=("digits_cnn",))
    html = written(design, report_study.results(design), tmp_path)
    assert 'id="sensitivity"' not in html
    assert 'id="figure-budget"' not in html
    assert "10 pairs on digits_cnn" in html.replace("20 pairs", "10 pairs")


def test_a_trial_that_could_not_be_run_is_named_with_its_reason(study: Study, tmp_path: Path) -> None:
    design, verdict, results = study
    trial_id = verdict.claims[0].workloads[0].pairs[0].variant_trial_id
    lost = replace(
        results[trial_id], status="failed", reason="killed three times", measurements={}, epochs=(), test_correct=None
    )
    seen = text_of(written(design, {**results, trial_id: lost}, tmp_path))
    assert "Trials that could not be run" in seen
    assert f"{trial_id} killed three times" in seen


def test_values_that_are_not_numbers_break_nothing(study: Study, tmp_path: Path) -> None:
    design, verdict, results = study
    broken = {
        trial_id: replace(
            result,
            measurements=dict.fromkeys(result.measurements, math.nan),
            epochs=tuple(replace(epoch, val_metric=math.nan, val_loss=math.inf) for epoch in result.epochs),
        )
        for trial_id, result in results.items()
    }
    empty = built_verdicts.claim(built_verdicts.workload([(math.nan, math.nan)] * 5))
    html = write_report(design, replace(verdict, claims=(empty,)), broken, tmp_path).read_text(encoding="utf-8")
    assert not re.search(r"\b(nan|None|inf)\b", text_of(html))


LONG = [f"an_arm_with_quite_a_long_name_to_print_number_{index}" for index in range(10)]


def test_ten_arms_with_long_names_and_nine_claims(tmp_path: Path) -> None:
    metrics = ("test_accuracy", "epochs_to_target", "parameters", "flops_per_example", "test_loss", "train_seconds")
    claims = {
        f"claim_{index}": {
            "variant": LONG[index + 1], "reference": LONG[0], "metric": metrics[index % 6], "expect": "better",
            "primary": index == 0,
        }
        for index in range(9)
    }  # fmt: skip
    arms = {name: {"model.dropout": index / 20} for index, name in enumerate(LONG)}
    design = report_study.design(
        {"arms": arms, "claims": claims, "sweep": {"optimizer.lr": [0.01, 0.03, 0.1]}}, max_pairs=5
    )

    def truth(settings: Mapping[str, Any]) -> Character:
        place = round(20 * settings["model.dropout"])
        return Character(accuracy=0.9 + 0.004 * place, seconds=2 + 0.3 * place, parameters=20_000 * (1 + 0.1 * place))

    html = written(design, report_study.results(design, truth), tmp_path)
    assert len(re.findall(r'<li class="\w+">', html)) == 8
    assert len(list((tmp_path / "figures").glob("forest-*.svg"))) == 9
    assert all(name in html for name in LONG)


def test_a_folder_that_cannot_be_written_is_the_user_s_problem_and_is_named(study: Study, tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("in the way")
    with pytest.raises(StoreError, match="file"):
        write_report(*study, blocked)


def test_reports_need_no_training_library() -> None:
    modules = "suite.report.page, suite.report.catalogue, suite.report.figures.every"
    program = f"import sys, {modules}; print('torch' in sys.modules, 'ray' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "False"]


def test_two_reports_of_one_ablation_at_once_get_in_no_one_s_way(tmp_path: Path) -> None:
    texts = ["one" * 9999, "two" * 9999]
    with ThreadPoolExecutor() as pool:
        list(pool.map(lambda turn: write_text(tmp_path / "index.html", texts[turn % 2]), range(400)))
    assert (tmp_path / "index.html").read_text() in texts
    assert len(list(tmp_path.iterdir())) == 1
