"""What the curves' headline says: no arm ends best that the seeds do not tell apart from another."""

from types import SimpleNamespace
from typing import Any

from suite.report.figures import curves


def ending(**arms: list[float]) -> str:
    runs = {
        arm: tuple(
            SimpleNamespace(seed=seed, epochs=(SimpleNamespace(val_metric=value),)) for seed, value in enumerate(values)
        )
        for arm, values in arms.items()
    }
    evidence: Any = SimpleNamespace(shared_runs={"digits_cnn": runs}, metric_name=lambda workload: "accuracy")
    return curves._ending(evidence, "digits_cnn")


def test_the_best_arm_is_named_alone_if_it_is_better_seed_by_seed() -> None:
    assert ending(bn=[0.9, 0.8, 0.7], none=[0.89, 0.79, 0.691]) == "“bn” ends best"


def test_arms_within_the_scatter_are_named_together() -> None:
    said = ending(bn=[0.90, 0.91, 0.92], dropout=[0.91, 0.92, 0.899], none=[0.5, 0.51, 0.52])
    assert said == "“bn” and “dropout” end best"
    assert ending(bn=[0.90, 0.91], none=[0.90, 0.91]) == "All arms end alike, within the scatter of the seeds,"


def test_an_arm_whose_runs_all_diverged_is_none_of_the_best() -> None:
    assert ending(bn=[float("nan")], none=[0.5], dropout=[0.6]) == "“dropout” ends best"
    assert ending(bn=[0.5]) == "One arm to see"
