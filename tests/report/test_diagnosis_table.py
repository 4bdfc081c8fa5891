import math
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import report_study

from suite.report.diagnosis_table import curve_diagnosis
from suite.report.evidence import Evidence
from suite.report.page import write_report
from suite.spec.design import Design
from suite.trial_result import EpochRecord, TrialResult
from suite.verdict.judge import judge
from suite.verdict.models import AblationVerdict

Study = tuple[Design, AblationVerdict, dict[str, TrialResult]]


def with_losses(result: TrialResult, train: list[float], val: list[float], accuracy: float) -> TrialResult:
    """The same run with other curves."""
    epochs = tuple(
        EpochRecord(
            epoch=index + 1, train_loss=one, train_metric=accuracy, val_loss=other, val_metric=accuracy,
            learning_rate=0.1, gradient_norm=1.0, seconds=1.0, examples=1000,
        )
        for index, (one, other) in enumerate(zip(train, val, strict=True))
    )  # fmt: skip
    return replace(result, epochs=epochs)


def healthy(result: TrialResult) -> TrialResult:
    curve = 2.2 * np.exp(-0.6 * np.arange(10))
    return with_losses(result, list(0.1 + curve), list(0.3 + curve), 0.9)


def misaligned(result: TrialResult) -> TrialResult:
    return with_losses(result, list(2.3 - 0.05 * np.arange(10)), [2.31, 2.32] * 5, 0.1)


@pytest.fixture(scope="module")
def study() -> Study:
    design = report_study.design()
    results = {trial_id: healthy(result) for trial_id, result in report_study.results(design).items()}
    return design, judge(design, report_study.results(design)), results


def spoiled(study: Study, count: int) -> Evidence:
    """The first runs of bn on glyphs_cnn have labels that do not go with their inputs."""
    design, verdict, results = study
    runs = Evidence(design, verdict, results).selected_runs["glyphs_cnn"]["bn"]
    return Evidence(design, verdict, results | {run.trial_id: misaligned(run) for run in runs[:count]})


def test_where_all_is_healthy_there_is_a_line_and_no_table(study: Study) -> None:
    table, line = curve_diagnosis(Evidence(*study))
    runs = sum(len(runs) for by_arm in Evidence(*study).selected_runs.values() for runs in by_arm.values())
    assert not table.rows
    assert line == f"Curve diagnosis: the loss curves of all {runs} evaluation runs look healthy."


def test_faults_are_counted_per_arm_and_workload_and_the_worst_comes_first(study: Study) -> None:
    evidence = spoiled(study, 3)
    table, line = curve_diagnosis(evidence)
    first = dict(zip(table.columns, table.rows[0], strict=True))
    runs = evidence.selected_runs["glyphs_cnn"]["bn"]
    assert (first["workload"].text, first["arm"].text) == ("glyphs_cnn", "bn")
    assert (first["suspected data fault"].text, first["suspected data fault"].mark) == ("3", "warn")
    assert first["healthy"].text == str(len(runs) - 3)
    assert "labels that do not go with their inputs" in first["what the most frequent fault looks like"].text
    assert first["such a run"].trials == (runs[0].trial_id,)
    assert "3 of " in line
    assert len(table.rows) == sum(len(by_arm) for by_arm in evidence.selected_runs.values())
    assert {row[-1].trials for row in table.rows[1:]} == {()}


def test_the_page_and_the_markdown_file_show_both(study: Study, tmp_path: Path) -> None:
    evidence = spoiled(study, 2)
    html = write_report(evidence.design, evidence.verdict, evidence.results, tmp_path).read_text(encoding="utf-8")
    section = html[html.index('<section id="curves">') : html.index('<section id="pairs">')]
    plain = (tmp_path / "report.md").read_text(encoding="utf-8")
    part = plain[plain.index("## How the arms learn") : plain.index("## Seed by seed")]
    for shown in (section, part):
        assert "Curve diagnosis: 2 of" in shown
        assert "suspected data fault" in shown
        assert "labels that do not go with their inputs" in shown
    assert re.search(r'href="#trial-\w+"', section)


def test_a_healthy_page_says_so_in_one_line(study: Study, tmp_path: Path) -> None:
    html = write_report(*study, tmp_path).read_text(encoding="utf-8")
    section = html[html.index('<section id="curves">') : html.index('<section id="pairs">')]
    assert "evaluation runs look healthy." in section
    assert "<caption>Curve diagnosis</caption>" not in section
    assert "evaluation runs look healthy" in (tmp_path / "report.md").read_text(encoding="utf-8")


def test_without_any_run_nothing_is_said(study: Study, tmp_path: Path) -> None:
    design = study[0]
    assert curve_diagnosis(Evidence(design, judge(design, {}), {}))[1] == ""
    assert "Curve diagnosis" not in write_report(design, judge(design, {}), {}, tmp_path).read_text(encoding="utf-8")


def test_curves_of_three_epochs_are_not_judged(study: Study) -> None:
    design, verdict, results = study
    short = {trial_id: replace(result, epochs=result.epochs[:3]) for trial_id, result in results.items()}
    table, line = curve_diagnosis(Evidence(design, verdict, short))
    assert not table.rows
    assert "too few epochs to judge" in line


def test_a_diverged_run_is_a_fault_and_a_failed_one_is_not_counted(study: Study) -> None:
    design, verdict, results = study
    first, second = Evidence(design, verdict, results).selected_runs["digits_cnn"]["bn"][:2]
    not_finite = replace(first.epochs[4], train_loss=math.nan)
    diverged = replace(first, status="diverged", epochs=(*first.epochs[:4], not_finite))
    failed = replace(second, status="failed", epochs=())
    changed = results | {first.trial_id: diverged, second.trial_id: failed}
    table, line = curve_diagnosis(Evidence(design, verdict, changed))
    row = dict(zip(table.columns, table.rows[0], strict=True))
    assert (row["workload"].text, row["arm"].text, row["diverged"].text) == ("digits_cnn", "bn", "1")
    assert "epoch 5" in row["what the most frequent fault looks like"].text
    assert "1 of " in line
