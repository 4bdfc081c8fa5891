"""What the report says about tuning: no move that the scatter explains, and the rates that arms have without tuning."""

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

from built_verdicts import claim, workload

from suite.report.figures import tuning
from suite.verdict.models import DefaultComparison, Interval

ADAM, SGD = "“adam” optimizer.lr 0.001", "“sgd” optimizer.lr 0.3"


def message(before: float, half: float) -> str:
    tuned = claim(workload([(0.91, 0.90), (0.912, 0.90), (0.91, 0.901)]))
    default = DefaultComparison(
        pairs=5, effect=before, raw_effect=before / 2, interval_95=Interval(low=before - half, high=before + half)
    )
    return tuning._message([replace(tuned, at_default=default)], of_their_own=False).replace("\N{MINUS SIGN}", "-")


def test_tuning_moves_an_effect_only_beyond_the_scatter() -> None:
    assert message(-8.0, 1.0) == "Tuning each arm moves “bn” against “neither” from -8.0 to +2.1 margins"
    assert message(1.5, 2.0).startswith("Tuning changes “bn” against “neither” by no more than the scatter")


def test_untuned_rates_are_told_where_arms_have_rates_of_their_own() -> None:
    rates = {"adam": 0.001, "sgd": 0.3, "none": None}
    point = SimpleNamespace(point=(("optimizer.lr", 0.01),))

    def untuned(*arms: str) -> str:
        evidence: Any = SimpleNamespace(
            verdict=SimpleNamespace(tunings=(SimpleNamespace(points=(point,)),)),
            arms=arms,
            workloads=("digits_cnn",),
            design=SimpleNamespace(
                default_point=(),
                settings=lambda workload, arm, at: {} if rates[arm] is None else {"optimizer.lr": rates[arm]},
            ),
        )
        sides: Any = SimpleNamespace(variant=arms[0], reference=arms[-1])
        return tuning._untuned(evidence, [sides])

    assert untuned("adam", "sgd") == f" Untuned: {ADAM}; {SGD}."
    assert untuned("adam", "adam") == "", "all have the same"
    assert "none" not in untuned("adam", "sgd", "none")
