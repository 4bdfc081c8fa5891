"""Numbers as a reader wants them: few digits, a real minus sign, a space that does not break before the unit."""

import math
from collections.abc import Mapping

from suite.spec.metrics import METRICS, Unit
from suite.verdict.models import Interval

SPACE = "\N{NO-BREAK SPACE}"
MINUS = "\N{MINUS SIGN}"
NOTHING = "\N{EN DASH}"
_COUNTED = frozenset({"epochs_to_target", "parameters", "flops_per_example"})
_PREFIXES = ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k"))


def signed(value: float, digits: int = 2) -> str:
    """`+0.42`, `−0.10`, `0.00`; an en dash for what is not a number."""
    if not math.isfinite(value):
        return NOTHING
    text = f"{value:+.{digits}f}"
    if float(text) == 0:
        return text[1:]
    return text.replace("-", MINUS)


def plain(value: float | None, digits: int = 2) -> str:
    """`0.42`, `−0.10`; an en dash for what is not a number."""
    if value is None or not math.isfinite(value):
        return NOTHING
    return f"{value:.{digits}f}".replace("-", MINUS)


def p_value(value: float) -> str:
    """`0.031`, `0.0004`, `< 0.0001`."""
    if not math.isfinite(value):
        return NOTHING
    if value < 1e-4:
        return f"<{SPACE}0.0001"
    return f"{value:.4f}" if value < 0.01 else f"{value:.3f}"


def percent(share: float, digits: int = 0) -> str:
    """A fraction as `38 %`."""
    return f"{100 * share:.{digits}f}{SPACE}%" if math.isfinite(share) else NOTHING


def large(value: float | None) -> str:
    """`1.234 M`, `45.67 k`, `812`: four significant digits with an SI prefix."""
    if value is None or not math.isfinite(value):
        return NOTHING
    for factor, prefix in _PREFIXES:
        if abs(value) >= factor:
            return f"{value / factor:.4g}{SPACE}{prefix}"
    return _significant(value)


def measured(metric: str, value: float | None) -> str:
    """One measurement as it was taken: accuracy in per cent, seconds, counts."""
    if value is None or not math.isfinite(value):
        return NOTHING
    known = METRICS.get(metric)
    if known is not None and known.unit == "points":
        return percent(value, 2)
    if metric.endswith("seconds"):
        return f"{_significant(value)}{SPACE}s"
    if metric.endswith("bytes"):
        return f"{large(value)}B" if abs(value) >= 1e3 else f"{large(value)}{SPACE}B"
    return large(value) if abs(value) >= 1e3 else _significant(value)


def change(value: float, metric: str) -> str:
    """One raw effect with its unit: `38 % fewer`, `+0.42 points`, `2.6 times as many`."""
    unit = METRICS[metric].unit
    if not math.isfinite(value):
        return NOTHING
    if unit == "log_ratio":
        amount, word = _ratio(value, metric)
        return f"{amount} {word}"
    return f"{signed(value, _digits(value, unit))}{SPACE}{unit}"


def interval(value: Interval, digits: int = 1) -> str:
    """In margins: `−0.3 to +1.2`; an en dash for what is not known."""
    if not (math.isfinite(value.low) and math.isfinite(value.high)):
        return NOTHING
    return f"{signed(value.low, digits)} to {signed(value.high, digits)}"


def change_interval(interval: Interval | None, metric: str) -> str:
    """`30 % to 45 % fewer`, `12 % fewer to 8 % more`, `+0.10 to +0.70`."""
    if interval is None or not (math.isfinite(interval.low) and math.isfinite(interval.high)):
        return "no interval"
    unit = METRICS[metric].unit
    if unit != "log_ratio":
        digits = max(_digits(interval.low, unit), _digits(interval.high, unit))
        return f"{signed(interval.low, digits)} to {signed(interval.high, digits)}"
    (low, low_word), (high, high_word) = _ratio(interval.low, metric), _ratio(interval.high, metric)
    if low_word != high_word:
        return f"{low} {low_word} to {high} {high_word}"
    ends = (high, low) if interval.high <= 0 else (low.removesuffix(" times"), high)
    return f"{ends[0]} to {ends[1]} {high_word}" if ends[0] != ends[1] else f"{ends[0]} {high_word}"


def size(value: float, metric: str) -> str:
    """The size of an effect without direction: `0.5 points`, `0.010 nats`, `5 %`."""
    unit = METRICS[metric].unit
    if not math.isfinite(value):
        return NOTHING
    if unit == "log_ratio":
        return _per_cent(math.expm1(abs(value)))
    return f"{plain(abs(value), _digits(value, unit))}{SPACE}{unit}"


def setting(value: object) -> str:
    """A setting's value as it would stand in YAML."""
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, float):
        return f"{value:g}"
    if isinstance(value, tuple):
        return f"[{', '.join(setting(item) for item in value)}]"
    return str(value)


def point(values: tuple[tuple[str, object], ...] | Mapping[str, object]) -> str:
    """The swept keys and their values on one line."""
    pairs = values.items() if isinstance(values, Mapping) else values
    return ", ".join(f"{key} = {setting(value)}" for key, value in pairs) or "the workload's own values"


def _ratio(value: float, metric: str) -> tuple[str, str]:
    counted = metric in _COUNTED
    ratio = math.exp(min(value, 700.0))
    if abs(ratio - 1) < 5e-5:
        return "no more", "and no fewer" if counted else "and no less"
    if ratio >= 2:
        return f"{_significant(ratio)} times", "as many" if counted else "as much"
    if ratio < 1:
        return _per_cent(1 - ratio), "fewer" if counted else "less"
    return _per_cent(ratio - 1), "more"


def _per_cent(share: float) -> str:
    if 0.995 <= share < 1:  # 99.7 %, since of 100 % nothing would be left
        return percent(min(share, 0.999999), min(4, math.ceil(-math.log10(1 - share)) - 2))
    return percent(share, 0 if share >= 0.0995 or share == 0 else 1)


def _digits(value: float, unit: Unit) -> int:
    if unit == "nats":
        return 3 if abs(value) < 1 else 2
    return 2 if abs(value) < 9.995 else 1


def _significant(value: float) -> str:
    if value == 0 or abs(value) >= 99.95:
        return f"{value:,.0f}".replace("-", MINUS).replace(",", SPACE)
    digits = 1 if abs(value) >= 9.995 else 2 if abs(value) >= 0.9995 else 3
    return f"{value:.{digits}f}".replace("-", MINUS)
