import math
from dataclasses import replace

import pytest
import report_study

from suite.report.evidence import Evidence
from suite.report.learning_table import along_the_way, reached
from suite.trial_result import TrialResult
from suite.verdict.judge import judge


def evidence(*, clipped: bool = False, collapse: bool = False, diverged: bool = False) -> Evidence:
    """Runs of `bn` collapse while tuning at one rate, all have gradients that grow from epoch to epoch."""
    arms = {"neither": {}, "bn": {"model.norm": "batch"}, "bn_dropout": {"model.norm": "batch", "model.dropout": 0.5}}
    if clipped:
        arms["neither"] = {"gradients": "clip_norm", "gradients.max_norm": 1.0}
    design = report_study.design({"arms": arms})
    found = report_study.results(design)

    def spoiled(result: TrialResult) -> TrialResult:
        epochs = tuple(replace(epoch, gradient_norm=float(epoch.epoch)) for epoch in result.epochs)
        measured = dict(result.measurements)
        if collapse:
            high = result.purpose == "tuning" and result.settings["optimizer.lr"] == 0.3
            part = "val" if result.purpose == "tuning" else "test"
            measured[f"{part}_collapsed"] = float(high and result.settings["model.norm"] == "batch")
        if diverged and result.settings["model.norm"] == "none":
            return replace(result, epochs=(replace(epochs[0], gradient_norm=math.nan),), status="diverged")
        return replace(result, epochs=epochs, measurements=measured)

    return Evidence(design, judge(design, found), {key: spoiled(result) for key, result in found.items()})


def test_what_arms_reached_in_training_stands_beside_what_they_reached_in_the_test() -> None:
    found = evidence()
    table = reached(found)
    rows = {
        (row[0].text, row[1].text): dict(zip(table.columns, (cell.text for cell in row), strict=True))
        for row in table.rows
    }
    kept = found.shared_runs["digits_cnn"]["bn"]
    told = rows["digits_cnn", "bn"]
    assert told["seeds"] == str(len(kept))
    for part, name in (("validation", "val_accuracy"), ("test", "test_accuracy")):
        mean = 100 * sum(float(run.measurements[name]) for run in kept) / len(kept)
        assert float(told[f"{part} accuracy"].split()[0]) == pytest.approx(mean, abs=0.006)


def test_means_of_what_arms_reached_say_how_many_runs_diverged() -> None:
    found = evidence(diverged=True)
    seeds = {(row[0].text, row[1].text): row[2].text for row in reached(found).rows}
    assert seeds["digits_cnn", "neither"].startswith("0 of ")
    assert "diverged" not in seeds["digits_cnn", "bn"]


def test_what_no_arm_is_about_is_no_table() -> None:
    assert not along_the_way(evidence()).rows


def test_clipped_gradients_are_told_before_clipping() -> None:
    table = along_the_way(evidence(clipped=True))
    assert table.columns[2:] == ("gradient norm before clipping: median over epochs", "the same: largest epoch")
    told = {(row[0].text, row[1].text): [cell.text for cell in row[2:]] for row in table.rows}
    assert told["digits_cnn", "bn"] == ["3.5", "6"]
    assert len(told) == 6


def test_gradients_of_runs_that_diverged_are_not_left_out() -> None:
    table = along_the_way(evidence(clipped=True, diverged=True))
    told = {(row[0].text, row[1].text): [cell.text for cell in row[2:]] for row in table.rows}
    assert told["digits_cnn", "neither"] == ["not finite", "not finite"]
    assert told["digits_cnn", "bn"] == ["3.5", "6"]


def test_collapses_are_counted_while_tuning_and_when_scored() -> None:
    table = along_the_way(evidence(collapse=True))
    told = {(row[0].text, row[1].text): [cell.text for cell in row[2:]] for row in table.rows}
    assert table.columns[2:] == ("collapsed while tuning", "collapsed when scored")
    assert told["glyphs_cnn", "neither"][0].startswith("0 of ")
    assert not told["glyphs_cnn", "bn"][0].startswith("0 of ")
    assert told["glyphs_cnn", "bn"][1].startswith("0 of ")
