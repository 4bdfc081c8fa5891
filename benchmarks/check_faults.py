"""What `suite check` says of planted faults and of healthy set-ups: the tables of docs/check.md.

    python benchmarks/check_faults.py [--family sequences] [--workload NAME] [--data-dir FOLDER] [--seeds 3] [--write]

Quick workloads of a family; with --data-dir also the real ones, at scale standard; or only those that are named.
`--write` puts the family's tables into docs/check.md. Exit code 1 if a fault was not named, or something else was.
"""

import argparse
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from suite.cli.study import data_places
from suite.spec import slots
from suite.spec.workload import load_workload
from suite.training import data_cache
from suite.training.checkup import Checkup, check_parts
from suite.training.data_cache import Dataset
from suite.training.loaded import Kind, Loaded, load_examples
from suite.training.overfit import Make, Parts, make_parts
from suite.trial_result import Settings

QUICK = {
    "images": ("digits_cnn", "glyphs_cnn"),
    "sequences": ("mnist1d_lstm", "digits_rows_lstm", "docstrings_lstm", "topics_lm"),
}
REAL = {"images": ("fashion_cnn", "cifar10_cnn"), "sequences": ("vowels_lstm", "trec_lstm", "shakespeare_lm")}
LABELLED: tuple[Kind, ...] = ("images", "series", "tokens")
SEQUENCES: tuple[Kind, ...] = ("series", "tokens", "text")
PAGE = Path(__file__).parents[1] / "docs" / "check.md"
BEGIN = {
    "images": "<!-- tables: made by benchmarks/check_faults.py -->",
    "sequences": "<!-- tables of sequences: made by benchmarks/check_faults.py -->",
}
END = "<!-- end of tables -->"


@dataclass(frozen=True, kw_only=True)
class Case:
    """A set-up and the one fault that is to be named (none: a healthy one)."""

    title: str
    expected: str | None = None
    of: tuple[Kind, ...] = (*LABELLED, "text")
    """Where it can happen."""
    changes: Mapping[str, Any] = ()  # type: ignore[assignment]
    rate: float = 1.0
    spoil_data: Callable[[Loaded], Loaded] = lambda loaded: loaded
    spoil_parts: Callable[[Parts], Parts] = lambda parts: parts


def rolled(loaded: Loaded) -> Loaded:
    """The loader hands out the label of the example before; the data set is as it should be."""
    held = loaded.held_targets.roll(1, dims=0)
    return replace(loaded, targets=loaded.targets.roll(1, dims=0), held_targets=held)


def too_far(loaded: Loaded) -> Loaded:
    """Targets of a text are the symbols after the next."""
    parts = (loaded.targets, loaded.held_targets, loaded.stored)
    moved = [part.flatten().roll(-1).view(part.shape) for part in parts]
    return replace(loaded, targets=moved[0], held_targets=moved[1], stored=moved[2])


def as_measured(loaded: Loaded) -> Loaded:
    """Series in the units of some meter: 100, give or take 50."""
    parts = (loaded.inputs, loaded.held_inputs, loaded.batch)
    inputs, held, batch = (100 + 50 * part for part in parts)
    return replace(loaded, inputs=inputs, held_inputs=held, batch=batch)


def mixed(loaded: Loaded) -> Loaded:
    """Labels in an order of their own."""
    order = torch.randperm(len(loaded.stored), generator=torch.Generator().manual_seed(7))
    stored = loaded.stored[order]
    held = loaded.held_targets
    held = held[torch.randperm(len(held), generator=torch.Generator().manual_seed(8))]
    return replace(loaded, stored=stored, targets=stored[loaded.rows], held_targets=held)


def wrong_axis(parts: Parts, axis: int = 0) -> Parts:
    def loss(outputs: Tensor, targets: Tensor) -> Tensor:
        return -outputs.float().log_softmax(dim=axis).gather(-1, targets[..., None]).mean()

    return replace(parts, criterion=loss)


def frozen_layer(parts: Parts) -> Parts:
    first = next(layer for layer in parts.model.children() if list(layer.parameters()))
    for parameter in first.parameters():
        parameter.requires_grad_(False)
    return parts


def forgotten_layer(parts: Parts) -> Parts:
    """The optimiser is not given the last layer."""
    for group in parts.optimizer.param_groups:
        group["params"] = group["params"][:-2]
    return parts


def no_zero_grad(parts: Parts) -> Parts:
    def step(parts: Parts, inputs: Tensor, targets: Tensor) -> Tensor:
        loss = parts.criterion(parts.model(inputs), targets)
        loss.backward()
        parts.optimizer.step()
        return loss.detach()

    return replace(parts, step=step)


FAULTS = (
    Case(
        title="labels shifted by one row in the data set",
        expected="labels",
        of=LABELLED,
        changes={"labels": "misaligned"},
    ),
    Case(title="labels shifted by one in the loader", expected="labels", spoil_data=rolled),
    Case(title="labels shuffled without their inputs", expected="labels", spoil_data=mixed),
    Case(title="targets that are the inputs", expected="labels", of=("text",), changes={"labels": "misaligned"}),
    Case(title="targets two places on", expected="labels", of=("text",), spoil_data=too_far),
    Case(title="loss over the wrong axis", expected="loss_axis", spoil_parts=wrong_axis),
    Case(title="loss over the places", expected="loss_axis", of=("text",), spoil_parts=partial(wrong_axis, axis=1)),
    Case(title="first layer frozen", expected="frozen", spoil_parts=frozen_layer),
    Case(title="last layer not given to the optimiser", expected="frozen", spoil_parts=forgotten_layer),
    Case(title="inputs from 0 to 255", expected="input_scale", of=("images",), changes={"preprocess": "raw"}),
    Case(title="series of 100 ± 50", expected="input_scale", of=("series",), spoil_data=as_measured),
    Case(title="zero_grad forgotten in the step", expected="zero_grad", spoil_parts=no_zero_grad),
    Case(
        title="gradients never zeroed (the suite's own slot)",
        expected="zero_grad",
        changes={"gradients": "never_zeroed"},
    ),
    Case(title="rate 100 times too high", expected="rate", rate=100.0),
)
_NETWORKS = {
    "batch normalisation": {"model.norm": "batch"},
    "dropout 0.5": {"model.dropout": 0.5},
    "four convolutions": {"model.convs": 2},
    "sigmoid": {"model.activation": "sigmoid"},
    "20 layers, plain": {"model": "deep_cnn", "model.connections": "plain", "model.depth": 20},
}
_RECURRENT = {
    "layer normalisation": {"model.norm_at": ("output",)},
    "dropout 0.5 before the output": {"model.dropout": 0.5, "model.dropout_at": ("output",)},
    "two layers": {"model.layers": 2},
    "GRU": {"model.cell": "gru"},
    "plain recurrent cell": {"model.cell": "tanh"},
}
HEALTHY = (
    Case(title="as the workload is"),
    Case(title="inputs from 0 to 1", of=("images",), changes={"preprocess": "unit_range"}),
    Case(title="batches of 4", changes={"engine.batch_size": 4}),
    Case(title="batches of 1", changes={"engine.batch_size": 1}),
    *(Case(title=title, of=("images",), changes=changes) for title, changes in _NETWORKS.items()),
    *(Case(title=title, of=SEQUENCES, changes=changes) for title, changes in _RECURRENT.items()),
    Case(title="both directions", of=("series", "tokens"), changes={"model.bidirectional": True}),
    Case(title="windows in random order", of=("text",), changes={"order": "shuffled"}),
    Case(title="AdamW", changes={"optimizer": "adamw"}),
    Case(title="a fifth of the labels wrong", of=LABELLED, changes={"labels": "wrong"}),
)


def fitting(cases: Iterable[Case], kind: Kind) -> list[Case]:
    """Those that can happen with such inputs."""
    return [case for case in cases if kind in case.of]


def examine(case: Case, settings: Mapping[str, Any], dataset: Dataset, seed: int) -> Checkup:
    """The check of a set-up with the case's fault planted."""
    changed = slots.override(settings, {"engine.device": "cpu"})
    changed = slots.override(changed, dict(case.changes))
    changed["optimizer.lr"] = slots.complete(changed)["optimizer.lr"] * case.rate  # type: ignore[operator]
    full = slots.complete(changed)
    loaded = case.spoil_data(_loaded(tuple(full.items()), _Same(dataset), seed))
    return check_parts(spoilt(make_parts(full, loaded, seed), case), loaded, seed)


def spoilt(make: Make, case: Case) -> Make:
    return lambda: case.spoil_parts(make())


class _Same:
    """A data set as a key: by identity."""

    def __init__(self, dataset: Dataset) -> None:
        self.dataset = dataset

    def __hash__(self) -> int:
        return id(self.dataset.inputs)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and other.dataset.inputs is self.dataset.inputs


_USED = ("classes", "split", "labels", "balance", "preprocess", "order", "augment", "engine")


def _loaded(settings: tuple[tuple[str, Any], ...], same: _Same, seed: int) -> Loaded:
    used = tuple(item for item in settings if item[0].split(".")[0] in _USED)
    return _load(used, same, seed)


@lru_cache(maxsize=4)
def _load(settings: tuple[tuple[str, Any], ...], same: _Same, seed: int) -> Loaded:
    plain: Settings = dict(settings)
    return load_examples(plain, same.dataset, seed)


# --- tables -----------------------------------------------------------------------------------------------------------

Outcome = tuple[str, str, int, tuple[str, ...]]
"""Workload, case, seed, kinds of the faults named."""


def outcomes(workload: str, seeds: int, data_dir: Path | None) -> list[Outcome]:
    torch.set_num_threads(1)
    spec = load_workload(workload)
    folders, cache = data_places([data_dir] if data_dir else None)
    dataset = data_cache.load(data_cache.prepare(spec.data_settings, data_dirs=folders, cache_dir=cache))
    settings = spec.at(next(scale for scale in ("quick", "standard", "full") if scale in spec.scales))
    plain = slots.complete(slots.override(settings, {"engine.device": "cpu"}))
    kind = load_examples(plain, dataset, 0).kind
    found = []
    for seed in range(seeds):
        for case in fitting((*FAULTS, *HEALTHY), kind):
            kinds = tuple(finding.kind for finding in examine(case, settings, dataset, seed).wrong)
            if kinds != expected(case):
                print(f"{workload}, seed {seed}: {case.title}: {', '.join(kinds) or 'nothing'} named", file=sys.stderr)
            found.append((workload, case.title, seed, kinds))
    return found


def row(*cells: object) -> str:
    return "| " + " | ".join(str(cell) for cell in cells) + " |"


def confusion(found: list[Outcome], seeds: int) -> Iterator[str]:
    """Planted x named, then the share of right answers by workload."""
    workloads = list(dict.fromkeys(item[0] for item in found))
    titles = {item[1] for item in found}
    cases = [case for case in (*FAULTS, *HEALTHY) if case.title in titles]
    kinds = list(dict.fromkeys(str(case.expected) for case in cases if case.expected))
    named = {kind for item in found for kind in item[3]}
    columns = [*kinds, *sorted(named - set(kinds))]
    yield row("planted", "times", *(f"`{kind}`" for kind in columns), "nothing")
    yield row("---", *("---:" for _ in range(len(columns) + 2)))
    for case in cases:
        mine = [item for item in found if item[1] == case.title]
        counts = Counter(kind for item in mine for kind in item[3])
        cells = [f"**{counts[kind]}**" if kind == case.expected else counts[kind] or "" for kind in columns]
        silent = sum(not item[3] for item in mine)
        yield row(case.title, len(mine), *cells, f"**{silent}**" if case.expected is None else silent or "")
    yield ""
    yield row(f"exactly the right answer, of {seeds} seeds", *workloads)
    yield row("---", *("---:" for _ in workloads))
    for case in cases:
        yield row(case.title, *(_right(found, workload, case) for workload in workloads))


def _right(found: list[Outcome], workload: str, case: Case) -> int | str:
    """A dash where the case cannot happen."""
    mine = [item for item in found if item[:2] == (workload, case.title)]
    return sum(item[3] == expected(case) for item in mine) if mine else "–"


def expected(case: Case) -> tuple[str, ...]:
    return (case.expected,) if case.expected else ()


def asked_for() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--family", choices=list(QUICK), default="images")
    parser.add_argument("--workload", action="append", help="only this one of the family; may be given again")
    parser.add_argument("--data-dir", type=Path)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--write", action="store_true", help="put the tables into docs/check.md")
    return parser.parse_args()


def write(tables: str, begin: str) -> None:
    head, _, rest = PAGE.read_text(encoding="utf-8").partition(begin)
    PAGE.write_text(f"{head}{begin}\n{tables}\n{END}{rest.partition(END)[2]}", encoding="utf-8")


def chosen(asked: argparse.Namespace) -> Sequence[str]:
    """The longest first."""
    quick, real = QUICK[asked.family], REAL[asked.family]
    return asked.workload or ((*real[::-1], *quick) if asked.data_dir else quick)


def main() -> None:
    asked = asked_for()
    begin = time.perf_counter()
    with ProcessPoolExecutor(asked.processes) as pool:
        work = partial(outcomes, seeds=asked.seeds, data_dir=asked.data_dir)
        found = [item for part in pool.map(work, chosen(asked)) for item in part]
    order = (*QUICK[asked.family], *REAL[asked.family])
    tables = "\n".join(confusion(sorted(found, key=lambda item: order.index(item[0])), asked.seeds))
    print(tables)
    print(f"\n{len(found)} checks in {time.perf_counter() - begin:.0f} s", file=sys.stderr)
    if asked.write:
        write(tables, BEGIN[asked.family])
    answers = {case.title: expected(case) for case in (*FAULTS, *HEALTHY)}
    sys.exit(any(kinds != answers[title] for _, title, _, kinds in found))


if __name__ == "__main__":
    main()
