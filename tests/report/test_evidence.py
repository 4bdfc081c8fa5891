"""What the page asks of the stored trials."""

from dataclasses import replace

import report_study

from suite.report.evidence import Evidence
from suite.verdict.judge import judge


def evidence(*, primary: str) -> Evidence:
    """Trials of which half are selected by macro-F1."""
    claims = {name: dict(claim) for name, claim in report_study.CLAIMS.items()}
    claims["bn_is_faster"]["metric"] = primary
    design = report_study.design({"claims": claims}, max_pairs=2)
    results = {
        trial_id: replace(
            result,
            metric_name="macro_f1" if result.settings["model.norm"] == "batch" else "accuracy",
            measurements={**result.measurements, "test_macro_f1": 0.5},
        )
        for trial_id, result in report_study.results(design).items()
    }
    return Evidence(design, judge(design, results), results)


def test_arms_that_are_selected_by_different_metrics_are_named_after_both() -> None:
    assert evidence(primary="epochs_to_target").metric_name("digits_cnn") == "accuracy or macro f1"


def test_all_arms_are_compared_by_one_metric_of_the_test_set() -> None:
    assert evidence(primary="test_macro_f1").test_metric("digits_cnn") == "test_macro_f1"
    assert evidence(primary="epochs_to_target").test_metric("digits_cnn") == "test_accuracy"
