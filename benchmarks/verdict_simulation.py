"""False verdicts and power of the shipped verdict procedure, next to what its design promised.

    python benchmarks/verdict_simulation.py [--claims 20000]

Every claim is judged by the functions of suite/verdict that judge real ones (see suite/verdict/operating.py).
"""

import argparse
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

import numpy as np
import numpy.typing as npt

from suite.verdict import claims, looks
from suite.verdict.operating import decide
from suite.verdict.pooling import seed_variance, test_set_variance
from suite.verdict.units import CLAMP, Floats

Codes = npt.NDArray[np.int8]
THREE_LOOKS = looks.plan((5, 10, 20), 2)
PLANS = {workloads: looks.plan((5, 10, 20), workloads) for workloads in (1, 2, 4)}
CELLS = 1_000_000
"""Pairs by examples made at a time: memory."""


def share(codes: Codes, *wanted: int) -> float:
    """Per cent of claims with one of these verdicts."""
    return 100 * float(np.isin(codes, wanted).mean())


def false_verdicts(codes: Codes, effect: float) -> float:
    """Per cent: no difference where there is a margin, a direction where there is none or the other one, mixed."""
    wrong = [claims.MIXED]
    wrong += [claims.NO_DIFFERENCE] if abs(effect) >= 1 else []
    wrong += [claims.HELPS] if effect <= 0 else []
    wrong += [claims.HURTS] if effect >= 0 else []
    return share(codes, *wrong)


def normal(rng: np.random.Generator, shape: tuple[int, ...]) -> Floats:
    return rng.standard_normal(shape)


def row(*cells: object) -> None:
    print("| " + " | ".join(str(cell) for cell in cells) + " |", flush=True)


def heading(title: str, *columns: str) -> None:
    print(f"\n### {title}\n")
    row(*columns)
    row(*("---" for _ in columns))


# --- 1. what was promised ---------------------------------------------------------------------------------------------


def promises(count: int, rng: np.random.Generator) -> None:
    """The operating points of the design."""
    single = tuple(looks.PlannedLook(pairs=n, weight=w) for n, w in looks.SHARES.items())
    points = [
        ("J = 1, r = 1, looks 5/10/20", 1, 1.0, single, 87, 99),
        ("J = 1, r = 1, looks 10/20 (shipped)", 1, 1.0, PLANS[1], None, None),
        ("J = 2, r = 1", 2, 1.0, PLANS[2], 99.9, 100),
        ("J = 4, r = 2", 4, 2.0, PLANS[4], 92, 99),
    ]
    heading(
        "Power",
        "claims",
        "`no practical difference` at effect 0",
        "promised",
        "`helps` at 1.5 margins",
        "promised",
        "`helps` at 2 margins",
    )
    for label, workloads, r, plan, none, helps in points:
        codes = {e: decide(e + r * normal(rng, (count, workloads, 20)), plan) for e in (0.0, 1.5, 2.0)}
        row(
            label,
            f"{share(codes[0.0], claims.NO_DIFFERENCE):.1f} %",
            f"{none} %" if none else "–",
            f"{share(codes[1.5], claims.HELPS):.1f} %",
            f"{helps} %" if helps else "–",
            f"{share(codes[2.0], claims.HELPS):.1f} %",
        )


def worst_case(count: int, rng: np.random.Generator) -> None:
    """Every spread, at the two effects where a false verdict is likeliest."""
    spreads = (0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0)
    heading("False verdicts, per cent (promised: at most 1)", "J", "effect", *(f"r = {r:g}" for r in spreads))
    for workloads in (1, 2, 4):
        for effect in (0.0, 1.0):
            rates = [
                false_verdicts(decide(effect + r * normal(rng, (count, workloads, 20)), PLANS[workloads]), effect)
                for r in spreads
            ]
            row(workloads, f"{effect:g} margins", *(f"{rate:.2f}" for rate in rates))


# --- 2. test-set noise ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Records:
    """Two arms equally good over all examples, but on a test set of N each has examples of its own that it gets right.

    On a share `contested` of the examples one arm, either by chance, alone is right in 97.5 % of the pairs and
    alone wrong in the rest. Elsewhere a pair differs at random on `noise` of them, and seeds shift the difference.
    """

    examples: int
    contested: float = 0.05
    noise: float = 0.02
    seed_sd: float = 0.006
    """Fraction of the examples."""
    margin: float = 0.5
    """Points."""
    effect: float = 0.0
    """Margins."""

    def draw(self, rng: np.random.Generator, count: int, pairs: int) -> Floats:
        """Differences in margins, shape (count, pairs, N): one arm alone right is 100 points, by the margin."""
        kind = rng.random((count, 1, self.examples))
        side = np.where(kind < self.contested / 2, 0.95, np.where(kind < self.contested, -0.95, 0.0))
        either = np.where(side == 0, self.noise, 1.0)
        limit = self.noise * 0.999
        shift = self.seed_sd * rng.standard_normal((count, pairs, 1)) + self.effect * self.margin / 100
        mean = np.where(side == 0, np.clip(shift / (1 - self.contested), -limit, limit), side)
        up = (65536 * (either + mean) / 2).astype(np.uint16)
        down = (65536 * (either - mean) / 2).astype(np.uint16)
        drawn = rng.integers(0, 65536, (count, pairs, self.examples), dtype=np.uint16)
        difference = (drawn < up).astype(np.int8) - (drawn >= np.uint16(65535) - down + 1).astype(np.int8)
        return difference * (100 / self.margin)


def plain_t_test(effects: Floats, extra: Floats | float) -> float:
    """Per cent of two-sided t-tests at 5 % on effects of shape (count, n) that reject."""
    seeds = seed_variance(effects, 0.0)[:, None]
    judged = claims.assess(effects.mean(axis=-1)[:, None], seeds + extra, seeds, effects.shape[-1], 0.05)
    return 100 * float((judged.p_difference <= 0.05).mean())


def t_tests(records: Records, pairs: int, count: int, rng: np.random.Generator) -> tuple[float, float]:
    """Without and with the test-set term."""
    effects, extra = [], []
    for size in blocks(count, CELLS // (pairs * records.examples)):
        drawn = records.draw(rng, size, pairs)
        effects.append(drawn.mean(axis=-1))
        extra.append(test_set_variance(drawn))
    stacked, noise = np.concatenate(effects), np.concatenate(extra)
    return plain_t_test(stacked, 0.0), plain_t_test(stacked, noise[:, None])


def procedures(records: Records, count: int, rng: np.random.Generator) -> tuple[Codes, Codes]:
    """Two workloads, looks 5/10/20: the verdicts without and with the test-set term."""
    without, shipped = [], []
    for size in blocks(count, CELLS // (40 * records.examples)):
        drawn = records.draw(rng, 2 * size, 20)
        effects = drawn.mean(axis=-1).reshape(size, 2, 20)
        drawn *= (CLAMP / np.maximum(CLAMP, np.abs(effects))).reshape(2 * size, 20, 1)
        without.append(decide(effects, THREE_LOOKS))
        shipped.append(decide(effects, THREE_LOOKS, test_set_variances=partial(noise_at, drawn)))
    return np.concatenate(without), np.concatenate(shipped)


def noise_at(drawn: Floats, pairs: int) -> Floats:
    return test_set_variance(drawn[:, :pairs]).reshape(-1, 2)


def blocks(count: int, size: int) -> Iterator[int]:
    size = max(1, size)
    yield from [size] * (count // size) + ([count % size] if count % size else [])


def luck(count: int, rng: np.random.Generator) -> None:
    """A plain t-test that ignores the test set's own luck, and one that does not."""
    heading(
        "Test-set noise, two arms equally good: false differences at a nominal 5 %",
        "N",
        "pairs",
        "claims",
        "ignoring it",
        "promised",
        "with T - C",
    )
    promised = {(10_000, 5): "9 %", (10_000, 20): "25 %", (10_000, 100): "57 %", (1000, 5): "34 %", (1000, 100): "85 %"}
    for examples, pairs, used in (
        (10_000, 5, min(count, 8000)),
        (10_000, 20, min(count, 4000)),
        (10_000, 100, min(count, 1000)),
        (1000, 5, count),
        (1000, 20, count),
        (1000, 100, min(count, 8000)),
    ):
        without, with_noise = t_tests(Records(examples=examples), pairs, used, rng)
        row(examples, pairs, used, f"{without:.1f} %", promised.get((examples, pairs), "–"), f"{with_noise:.1f} %")


def luck_in_the_procedure(count: int, rng: np.random.Generator) -> None:
    """The same for the whole procedure."""
    heading(
        "Test-set noise, the whole procedure on two workloads",
        "records",
        "claims",
        "effect",
        "false verdicts ignoring it",
        "false verdicts, shipped",
        "shipped: undecided",
    )
    small = Records(examples=360, contested=0.01, noise=0.01, seed_sd=0.002, margin=0.2)
    for label, records, cap in (
        ("N = 1000", Records(examples=1000), count),
        ("N = 10 000", Records(examples=10_000), 2000),
        ("N = 360, 1 % errors, margin 0.2 points", small, count),
    ):
        for effect in (0.0, 1.0):
            used = min(count, cap)
            at = Records(**{**records.__dict__, "effect": effect})
            without_codes, codes = procedures(at, used, rng)
            row(
                label,
                used,
                f"{effect:g}",
                f"{false_verdicts(without_codes, effect):.2f} %",
                f"{false_verdicts(codes, effect):.2f} %",
                f"{share(codes, claims.GO_ON):.1f} %",
            )


# --- 3. where the assumptions fail ------------------------------------------------------------------------------------


def assumptions(count: int, rng: np.random.Generator) -> None:
    """Spreads that are not normal, not equal, and runs that diverge."""
    shapes: dict[str, Callable[[tuple[int, ...]], Floats]] = {
        "normal": partial(normal, rng),
        "heavy tails (t, 3 degrees of freedom)": lambda shape: rng.standard_t(3, shape) / np.sqrt(3),
        "skewed (exponential)": lambda shape: rng.exponential(1, shape) - 1,
        "skewed the other way": lambda shape: 1 - rng.exponential(1, shape),
        "one workload 4 times as noisy": lambda shape: normal(rng, shape) * np.array([1.0, 4.0])[:, None],
        "one workload 32 times as noisy": lambda shape: normal(rng, shape) * np.array([1.0, 32.0])[:, None],
    }
    heading(
        "Where the normal model does not hold (J = 2, r = 1)", "differences", "false at effect 0", "false at 1 margin"
    )
    for label, draw in shapes.items():
        rates = [false_verdicts(decide(e + draw((count, 2, 20)), THREE_LOOKS), e) for e in (0.0, 1.0)]
        row(label, *(f"{rate:.2f} %" for rate in rates))
    heading(
        "The variant diverges now and then, and is otherwise equal (J = 2, r = 0.3)",
        "diverges in",
        "true effect",
        "`no practical difference`",
        "`hurts`",
        "undecided",
    )
    for rate in (0.02, 0.05, 0.1, 0.2, 0.5):
        effects = np.where(rng.random((count, 2, 20)) < rate, -CLAMP, 0.3 * normal(rng, (count, 2, 20)))
        codes = decide(effects, THREE_LOOKS)
        row(
            f"{100 * rate:g} % of runs",
            f"{-CLAMP * rate:g} margins",
            f"{share(codes, claims.NO_DIFFERENCE):.1f} %",
            f"{share(codes, claims.HURTS):.1f} %",
            f"{share(codes, claims.GO_ON):.1f} %",
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--claims", type=int, default=20_000, help="simulated claims per row")
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    rng = np.random.default_rng(arguments.seed)
    start = time.perf_counter()
    for part in (promises, worst_case, luck, luck_in_the_procedure, assumptions):
        part(arguments.claims, rng)
    print(f"\n{arguments.claims} claims per row unless it says otherwise; {time.perf_counter() - start:.0f} s.")


if __name__ == "__main__":
    main()
