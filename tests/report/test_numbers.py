import math

import pytest

from suite.report import numbers
from suite.verdict.models import Interval

NBSP, MINUS = "\N{NO-BREAK SPACE}", "\N{MINUS SIGN}"


@pytest.mark.parametrize(
    ("raw", "metric", "said"),
    [
        (0.4249, "test_accuracy", f"+0.42{NBSP}points"),
        (-0.004, "test_accuracy", f"0.00{NBSP}points"),
        (-12.34, "test_accuracy", f"{MINUS}12.3{NBSP}points"),
        (-0.0213, "test_loss", f"{MINUS}0.021{NBSP}nats"),
        (math.log(0.62), "epochs_to_target", f"38{NBSP}% fewer"),
        (math.log(0.62), "train_seconds", f"38{NBSP}% less"),
        (math.log(1.077), "parameters", f"7.7{NBSP}% more"),
        (math.log(2.6), "parameters", "2.60 times as many"),
        (math.log(2.6), "peak_memory_bytes", "2.60 times as much"),
        (math.log(0.0027), "test_perplexity", f"99.7{NBSP}% less"),
        (math.log(3e-5), "test_perplexity", f"99.997{NBSP}% less"),
        (math.log(1e-9), "test_perplexity", f"99.9999{NBSP}% less"),
        (0.0, "flops_per_example", "no more and no fewer"),
        (math.nan, "test_accuracy", "–"),
        (1e9, "train_seconds", None),
    ],
)
def test_a_change_is_said_in_the_metric_s_unit_and_direction(raw: float, metric: str, said: str | None) -> None:
    text = numbers.change(raw, metric)
    assert text == said if said is not None else text.endswith("times as much")


@pytest.mark.parametrize(
    ("low", "high", "metric", "said"),
    [
        (math.log(0.55), math.log(0.70), "epochs_to_target", f"30{NBSP}% to 45{NBSP}% fewer"),
        (math.log(0.88), math.log(1.08), "epochs_to_target", f"12{NBSP}% fewer to 8.0{NBSP}% more"),
        (math.log(1.2), math.log(2.5), "train_seconds", f"20{NBSP}% more to 2.50 times as much"),
        (math.log(2.1), math.log(2.5), "train_seconds", "2.10 to 2.50 times as much"),
        (0.1, 0.7, "test_accuracy", "+0.10 to +0.70"),
        (-0.012, 0.004, "test_loss", f"{MINUS}0.012 to +0.004"),
        (math.nan, math.nan, "test_loss", "no interval"),
    ],
)
def test_an_interval_names_both_ends_smaller_change_first(low: float, high: float, metric: str, said: str) -> None:
    assert numbers.change_interval(Interval(low=low, high=high), metric) == said


@pytest.mark.parametrize(
    ("metric", "value", "said"),
    [
        ("test_accuracy", 0.93456, f"93.46{NBSP}%"),
        ("train_seconds", 2.345, f"2.35{NBSP}s"),
        ("parameters", 24_106.0, f"24.11{NBSP}k"),
        ("peak_memory_bytes", 3.1e8, f"310{NBSP}MB"),
        ("epochs_to_target", 3.217, "3.22"),
        ("epochs_to_target", None, "–"),
        ("test_accuracy", math.inf, "–"),
    ],
)
def test_a_measurement_is_shown_as_it_was_taken(metric: str, value: float | None, said: str) -> None:
    assert numbers.measured(metric, value) == said


def test_settings_read_as_in_yaml() -> None:
    assert [numbers.setting(v) for v in (True, None, 3e-4, 1, "sgd", (0.9, (1, False)))] == [
        "true", "null", "0.0003", "1", "sgd", "[0.9, [1, false]]",
    ]  # fmt: skip
    assert numbers.point(()) == "the workload's own values"


def test_a_tiny_p_value_is_not_rounded_to_zero() -> None:
    assert numbers.p_value(3e-7) == f"<{NBSP}0.0001"
    assert numbers.p_value(0.0004) == "0.0004"
