"""What the page asks of the stored trials."""

from dataclasses import replace

import report_study

from suite.report.evidence import Evidence
from suite.verdict.judge import judge


def evidence(*, primary: str) -> Evidence:
    """Trials of which half are selected by macro-F1, which selects the same settings."""
    claims = {name: dict(claim) for name, claim in report_study.CLAIMS.items()}
    claims["bn_is_faster"]["metric"] = primary
    design = report_study.design({"claims": claims}, max_pairs=2)
    results = {
        trial_id: replace(
            result,
            metric_name="macro_f1" if result.settings["model.norm"] == "batch" else "accuracy",
            measurements={
                **result.measurements,
                "test_macro_f1": 0.5,
                "val_macro_f1": result.measurements.get("val_accuracy", 0.0),
            },
        )
        for trial_id, result in report_study.results(design).items()
    }
    return Evidence(design, judge(design, results), results)


def test_arms_that_are_selected_by_different_metrics_are_named_after_both() -> None:
    assert evidence(primary="epochs_to_target").metric_name("digits_cnn") == "accuracy or macro-F1"


def test_all_arms_are_compared_by_one_metric_of_the_test_set() -> None:
    assert evidence(primary="test_macro_f1").test_metric("digits_cnn") == "test_macro_f1"
    assert evidence(primary="epochs_to_target").test_metric("digits_cnn") == "test_accuracy"


def test_means_are_taken_over_the_seeds_that_all_arms_have() -> None:
    """Claims stop at looks of their own: an arm with 20 seeds beside one with 5 would be another mean."""
    found = evidence(primary="epochs_to_target")
    runs = {seed: replace(next(iter(found.results.values())), seed=seed) for seed in range(5)}
    found.__dict__["selected_runs"] = {
        "digits_cnn": {"many": tuple(runs.values()), "few": (runs[1], runs[3])},
        "glyphs_cnn": {"one": (runs[0],), "other": (runs[1],)},
    }
    seeds = {
        (workload, arm): [run.seed for run in kept]
        for workload, by_arm in found.shared_runs.items()
        for arm, kept in by_arm.items()
    }
    assert seeds["digits_cnn", "many"] == seeds["digits_cnn", "few"] == [1, 3]
    assert seeds["glyphs_cnn", "one"] == [0], "where no seed is shared, all are kept"


def test_tuning_is_told_of_only_where_an_arm_was_tuned_and_arms_differ_without() -> None:
    alike = {"claims": {"alike": {**report_study.CLAIMS["bn_is_faster"], "variant": "same", "reference": "neither"}}}
    alike |= {"arms": {"neither": {"model.norm": "none"}, "same": {"model.norm": "none"}}}
    told = [
        Evidence(design, judge(design, results), results).tuned_claims
        for changes in ({}, {"sweep": {}}, alike)
        for design in [report_study.design(changes, max_pairs=2)]
        for results in [report_study.results(design)]
    ]
    assert told[0]
    assert told[1] == (), "nothing was tuned"
    assert told[2] == (), "untuned they are one and the same"


def test_tuning_that_chose_what_arms_have_without_it_is_not_told_of() -> None:
    design = report_study.design({}, max_pairs=2)
    found = Evidence(design, judge(design, results := report_study.results(design)), results)
    assert found.tuned_claims
    untuned = replace(found.verdict, tunings=tuple(replace(t, selected=()) for t in found.verdict.tunings))
    assert Evidence(design, untuned, results).tuned_claims == ()
