"""What `suite check` says of planted faults and of healthy set-ups: the tables of docs/check.md.

    python benchmarks/check_faults.py [--family sequences] [--workload NAME] [--data-dir FOLDER] [--seeds 3] [--write]

All workloads of a family at quick; with --data-dir also the real ones, at standard; or only those that are named.
`--write` puts the family's tables into docs/check.md. Exit code 1 if a fault was not named, or something else was.
"""

import argparse
import sys
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

import torch
from planted_faults import FAULTS, HEALTHY, Case, fitting

from suite.cli.study import data_places
from suite.spec import slots
from suite.spec.workload import SCALES, Workload, find_workloads, load_workload
from suite.training import data_cache
from suite.training.checkup import Checkup, check_parts
from suite.training.data_cache import Dataset
from suite.training.loaded import Loaded, load_examples
from suite.training.overfit import Make, make_parts
from suite.trial_result import Settings

FAMILIES = ("images", "sequences", "objects")
PAGE = Path(__file__).parents[1] / "docs" / "check.md"
BEGIN = {
    "images": "<!-- tables: made by benchmarks/check_faults.py -->",
    "sequences": "<!-- tables of sequences: made by benchmarks/check_faults.py -->",
    "objects": "<!-- tables of objects: made by benchmarks/check_faults.py -->",
}
END = "<!-- end of tables -->"


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


_USED = ("classes", "split", "labels", "balance", "preprocess", "order", "augment", "task", "engine")


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


def outcomes(workload: str, seeds: range, data_dir: Path | None) -> list[Outcome]:
    torch.set_num_threads(1)
    spec = load_workload(workload)
    folders, cache = data_places([data_dir] if data_dir else None)
    dataset = data_cache.load(data_cache.prepare(spec.data_settings, data_dirs=folders, cache_dir=cache))
    settings = spec.at(scale_of(spec))
    plain = slots.complete(slots.override(settings, {"engine.device": "cpu"}))
    kind = load_examples(plain, dataset, 0).kind
    found = []
    for seed in seeds:
        for case in fitting((*FAULTS, *HEALTHY), kind, settings):
            kinds = tuple(finding.kind for finding in examine(case, settings, dataset, seed).wrong)
            if kinds != case.named:
                print(f"{workload}, seed {seed}: {case.title}: {', '.join(kinds) or 'nothing'} named", file=sys.stderr)
            found.append((workload, case.title, seed, kinds))
    return found


def scale_of(workload: Workload) -> str:
    """The smallest that it has."""
    return next(scale for scale in SCALES if scale in workload.scales)


def workloads(family: str, scale: str) -> list[str]:
    """Those of a family whose smallest scale it is."""
    every = [load_workload(path.stem) for path in find_workloads()]
    return [one.id for one in every if scale_of(one) == scale and family_of(one) == family]


def family_of(workload: Workload) -> str:
    if workload.settings["model"] == "rnn":
        return "sequences"
    return "images" if workload.settings["task"] == "classification" else "objects"


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
    return sum(item[3] == case.named for item in mine) if mine else "–"


def asked_for() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--family", choices=FAMILIES, default="images")
    parser.add_argument("--workload", action="append", help="only this one of the family; may be given again")
    parser.add_argument("--data-dir", type=Path)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--first-seed", type=int, default=0)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--write", action="store_true", help="put the tables into docs/check.md")
    return parser.parse_args()


def write(tables: str, begin: str) -> None:
    head, _, rest = PAGE.read_text(encoding="utf-8").partition(begin)
    PAGE.write_text(f"{head}{begin}\n{tables}\n{END}{rest.partition(END)[2]}", encoding="utf-8")


def chosen(asked: argparse.Namespace) -> Sequence[str]:
    real = workloads(asked.family, "standard") if asked.data_dir else []
    return asked.workload or [*workloads(asked.family, "quick"), *real]


def main() -> None:
    asked = asked_for()
    begin = time.perf_counter()
    with ProcessPoolExecutor(asked.processes) as pool:
        seeds = range(asked.first_seed, asked.first_seed + asked.seeds)
        work = partial(outcomes, seeds=seeds, data_dir=asked.data_dir)
        last_first = list(pool.map(work, reversed(chosen(asked))))  # real data take longest
    found = [item for part in reversed(last_first) for item in part]
    tables = "\n".join(confusion(found, asked.seeds))
    print(tables)
    print(f"\n{len(found)} checks in {time.perf_counter() - begin:.0f} s", file=sys.stderr)
    if asked.write:
        write(tables, BEGIN[asked.family])
    answers = {case.title: case.named for case in (*FAULTS, *HEALTHY)}
    sys.exit(any(kinds != answers[title] for _, title, _, kinds in found))


if __name__ == "__main__":
    main()
