"""What the curves' headline says: no arm ends best that the seeds do not tell apart from another."""

from types import SimpleNamespace
from typing import Any

from suite.report.figures import curves


def ending(names: dict[str, str] | None = None, **arms: list[float | None]) -> str:
    """Last values by seed; None is a run that diverged, of which a last value is known all the same."""
    runs = {
        arm: tuple(
            SimpleNamespace(
                seed=seed,
                metric_name=(names or {}).get(arm, "accuracy"),
                status="diverged" if value is None else "completed",
                epochs=(SimpleNamespace(val_metric=0.1 if value is None else value),),
            )
            for seed, value in enumerate(values)
        )
        for arm, values in arms.items()
    }
    evidence: Any = SimpleNamespace(
        shared_runs={"digits_cnn": runs},
        completed=lambda workload, arm: tuple(run for run in runs[arm] if run.status == "completed"),
        metric_name=lambda workload: "accuracy",
    )
    return curves._ending(evidence, "digits_cnn")


def test_the_best_arm_is_named_alone_if_it_is_better_seed_by_seed() -> None:
    assert ending(bn=[0.9, 0.8, 0.7], none=[0.89, 0.79, 0.691]) == "“bn” ends best"


def test_arms_within_the_scatter_are_named_together() -> None:
    said = ending(bn=[0.90, 0.91, 0.92], dropout=[0.91, 0.92, 0.899], none=[0.5, 0.51, 0.52])
    assert said == "“bn” ends best (“dropout” within the scatter of the seeds)"
    alike = "At the end of training the seeds do not tell the arms apart"
    assert ending(bn=[0.90, 0.91], none=[0.90, 0.91]) == alike
    assert ending(bn=[0.9], none=[0.8]) == alike, "one seed says nothing"


def test_arms_are_compared_on_the_seeds_that_all_of_them_finished() -> None:
    said = ending(bn=[None, None, 0.80, 0.81, 0.82], none=[0.5, 0.5, 0.85, 0.86, 0.869])
    assert said == "“none” ends best", "those that are left are no better for being the lucky ones"
    assert ending(bn=[None, None], none=[0.5, 0.5], dropout=[0.6, 0.601]) == "“dropout” ends best"
    assert ending(bn=[None], none=[0.5]) == "No two arms to compare yet"


def test_arms_that_go_by_different_metrics_are_not_ranked() -> None:
    said = ending({"bn": "macro_f1"}, bn=[0.9, 0.91], none=[0.5, 0.51])
    assert said == "Each arm by its own metric"
