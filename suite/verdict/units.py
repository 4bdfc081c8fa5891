"""From measurements to effects in margins: positive is good, 1 is the smallest difference anyone should care about.

e = sign (variant - reference) / delta, clamped to +-10; a run that failed counts as -10 or +10, never as missing.
"""

import math

import numpy as np
import numpy.typing as npt

from suite.spec.metrics import Metric, Unit

Floats = npt.NDArray[np.float64]

CLAMP = 10.0
"""B, in margins: effects are cut off here, and a run that failed stands here."""

SPREAD_CLAMP = 30.0
"""In margins: where effects are cut off for their spread. Wider than B, or else five noisy pairs that all happen to lie
beyond B on one side would look like five equal ones (docs/verdict.md)."""

SMALLEST_MARGIN = {"points": 0.01, "nats": 0.0, "log_ratio": 0.0}
"""In the unit; only keeps a default margin above zero where a reference arm makes no validation error at all."""

FINE_RESOLUTION = 1e-3
"""In margins, for metrics measured as real numbers (losses, times) or known exactly (parameters, FLOPs)."""


def margin_in_unit(metric: Metric, declared: float | None, reference_error: float | None) -> float:
    """One margin in the metric's unit.

    `declared` is the spec's: points, nats, or a relative change (0.05 is 5 %). `reference_error` is the reference arm's
    mean validation error, a fraction, on tuning seeds at its selected setting; None where none of those runs completed.
    The default for accuracies in points is min(0.5, 10 % of that error).
    """
    if declared is not None:
        return math.log1p(declared) if metric.unit == "log_ratio" else declared
    if metric.unit != "points" or metric.fixed_margin or reference_error is None:
        return metric.default_margin
    return max(min(metric.default_margin, 0.1 * 100 * reference_error), SMALLEST_MARGIN["points"])


def raw_differences(variant: Floats, reference: Floats, unit: Unit) -> Floats:
    """Variant against reference, signed as measured, in the unit; shape (n,). NaN where a run has no finite value."""
    usable = np.isfinite(variant) & np.isfinite(reference)
    if unit == "log_ratio":
        usable &= (variant > 0) & (reference > 0)
    v, r = np.where(usable, variant, 1.0), np.where(usable, reference, 1.0)
    difference = np.log(v / r) if unit == "log_ratio" else (100.0 if unit == "points" else 1.0) * (v - r)
    return np.where(usable, difference, np.nan)


def effects(variant: Floats, reference: Floats, *, metric: Metric, margin: float, clamp: float = CLAMP) -> Floats:
    """Effects in margins, shape (n,), each within +-`clamp`; positive is good. `margin` is in the metric's unit.

    A value that is not finite is a failed run: variant only -10, reference only +10, both 0. Never NaN.
    """
    sign = 1.0 if metric.higher_is_better else -1.0
    scaled = np.clip(sign * raw_differences(variant, reference, metric.unit) / margin, -clamp, clamp)
    variant_failed, reference_failed = ~np.isfinite(variant), ~np.isfinite(reference)
    failed = CLAMP * (reference_failed.astype(float) - variant_failed.astype(float))
    return np.where(variant_failed | reference_failed, failed, scaled)


def resolutions(metric: Metric, margin: float, *, test_examples: int, unresolved: npt.NDArray[np.bool_]) -> Floats:
    """r of each pair in margins, shape (n,): differences smaller than this cannot be measured.

    points: one test example, 100 / N; all of 100 where a run either has a property or not. `unresolved` marks pairs
    whose two runs both reached a target within the first epoch, the finest a validation curve goes: each could have
    needed half as long, so r = log 2.
    """
    steps = 1 if metric.yes_or_no else test_examples
    fine = 100 / steps / margin if metric.unit == "points" and steps else FINE_RESOLUTION
    return np.where(unresolved, math.log(2) / margin, fine)
