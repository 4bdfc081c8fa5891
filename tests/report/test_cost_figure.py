"""What the cost figure says in words: no more than the runs' scatter allows."""

import math
from types import SimpleNamespace
from typing import Any

import pytest

from suite.report.figures import cost, labels, style

CLAIM = SimpleNamespace(variant="bn", reference="none", primary=True, metric="test_accuracy")


def evidence(bn: list[float], none: list[float], metric: str = "test_accuracy") -> Any:
    runs = {
        arm: tuple(SimpleNamespace(seed=seed, measurements={"train_seconds": each}) for seed, each in enumerate(times))
        for arm, times in (("bn", bn), ("none", none))
    }
    return SimpleNamespace(
        verdict=SimpleNamespace(claims=(CLAIM,)),
        workloads=("digits_cnn",),
        completed=lambda workload, arm: runs[arm],
        test_metric=lambda workload: metric,
    )


@pytest.mark.parametrize(
    ("bn", "none", "said"),
    [
        ([1.2, 1.21, 1.19], [1.0, 1.0, 1.0], "“bn” takes 20\N{NO-BREAK SPACE}% more time to train than “none”"),
        (
            [1.03, 1.03, 1.031],
            [1.0, 1.0, 1.0],
            "“bn” and “none” take about as long to train, within 5",
        ),
        ([1.0, 2.0, 0.9], [1.0, 1.0, 1.0], "“bn” and “none” cannot be told apart in training time"),
    ],
)
def test_a_difference_in_time_is_said_if_it_exceeds_the_scatter(bn: list[float], none: list[float], said: str) -> None:
    assert cost._message(evidence(bn, none)).startswith(said)


def test_times_are_compared_seed_by_seed() -> None:
    """A machine that slows down over the seeds slows both arms down."""
    assert "10\N{NO-BREAK SPACE}% more" in cost._message(evidence([1.1, 2.2, 4.4], [1.0, 2.0, 4.0]))


def test_the_better_corner_is_below_where_less_is_better() -> None:
    assert cost._better(evidence([1.0], [1.0])) == "Up and to the left"
    assert cost._better(evidence([1.0], [1.0], "test_perplexity")) == "Down and to the left"
    assert style.percent_axis("test_perplexity") == (1.0, "")
    assert style.percent_axis("inverse perplexity") == (100.0, " (%)")


def test_the_mean_of_perplexities_is_geometric_as_claims_compare_them() -> None:
    runs: Any = [SimpleNamespace(measurements={"test_perplexity": value}) for value in (10.0, 1000.0)]
    mean, below, above = cost._height(runs, "test_perplexity", 1.0)
    assert mean == pytest.approx(100)
    assert (mean + above) * (mean - below) == pytest.approx(mean**2), "the bar is as long upwards on a logarithmic axis"


def test_perplexities_beyond_all_bounds_can_be_drawn_beside_small_ones() -> None:
    pairs: list[Any] = [[SimpleNamespace(measurements={"test_perplexity": each})] * 2 for each in (5.0, math.exp(700))]
    heights = [cost._height(runs, "test_perplexity", 1.0) for runs in pairs]
    with style.drawing():
        _, axes = style.canvas(2.5)
        for place, (y, below, above) in enumerate(heights):
            axes.errorbar([place], [y], yerr=[[below], [above]])
        cost._frame(axes, [y for y, _, _ in heights], is_ratio=True)
        points = [labels.Point(name, float(place), heights[place][0]) for place, name in enumerate(("low", "high"))]
        labels.label_points(axes, style.Arms(["low", "high"]), points)
        axes.figure.canvas.draw()
        names = {text.get_text(): text.get_window_extent().y0 for text in axes.texts}
        assert axes.get_yscale() == "log"
    assert names["low"] < names["high"]
    assert math.isnan(cost._height([], "test_perplexity", 1.0)[0])
