"""Runs that diverged or never got there: exact bounds on their share, and an exact test between arms."""

from scipy import special

from suite.verdict.models import FailureCount, Interval


def clopper_pearson(count: float, runs: int, level: float = 0.95) -> Interval:
    """Exact bounds on a share from `count` of `runs`; `count` may be fractional where ties count half.

    Clopper and Pearson (1934), Biometrika 26, 404-413. Without any run the bounds are 0 and 1.
    """
    tail = (1 - level) / 2
    low = 0.0 if count <= 0 else float(special.betaincinv(count, runs - count + 1, tail))
    high = 1.0 if count >= runs else float(special.betaincinv(count + 1, runs - count, 1 - tail))
    return Interval(low=low, high=high)


def failure_count(failures: int, runs: int) -> FailureCount:
    """The count with its 95 % bounds: 0 of 10 still allows 31 % (26 % one-sided)."""
    return FailureCount(failures=failures, runs=runs, share_95=clopper_pearson(failures, runs))


def mcnemar(variant_only: int, reference_only: int) -> float:
    """Exact two-sided p that both arms fail equally often, from the pairs in which one run alone failed.

    McNemar (1947), Psychometrika 12, 153-157; binomial with probability one half.
    """
    pairs = variant_only + reference_only
    return min(1.0, 2 * float(special.bdtr(min(variant_only, reference_only), pairs, 0.5))) if pairs else 1.0
