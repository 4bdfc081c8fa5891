"""How many decided effects rest on a choice that tuning could not make (docs/verdict.md, decision 12).

    .venv/bin/python benchmarks/doubtful_verdicts.py --results DIR [DIR ...] [--scale quick]

Trains nothing: judges what the stores hold. Also of how many sweeps nothing can be asked.
"""

import argparse
import tempfile
from pathlib import Path

from suite.cli import study
from suite.recording.store import Store
from suite.spec.design import Design
from suite.verdict.judge import judge


def main() -> None:
    """Prints a line for each doubtful claim, then the counts."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--results", type=Path, nargs="+", required=True)
    parser.add_argument("--scale", default="quick")
    given = parser.parse_args()
    ablations = study.load_at(given.scale, None)
    judged, decided, doubtful = set[str](), set[tuple[str, str]](), set[tuple[str, str]]()
    for folder in given.results:
        opened = study.open_study(ablations, Store(folder), scale=given.scale)
        for design in opened.designs:
            for claim in judge(design, opened.results).claims:
                name = (design.ablation.id, claim.name)
                judged |= {design.ablation.id} if claim.pairs else set()
                decided |= {name} if claim.verdict in ("helps", "hurts") else set()
                if claim.in_doubt and name not in doubtful:
                    doubtful.add(name)
                    print(f"{' '.join(name)}{' (primary)' if claim.primary else ''}: {claim.warnings[0]}")
    print(f"{len(judged)} ablations, {len(decided)} effects decided, {len(doubtful)} in doubt")
    with tempfile.TemporaryDirectory() as folder_without_trials:
        designs = study.open_study(ablations, Store(Path(folder_without_trials)), scale=given.scale).designs
    asked = [can for design in designs if design.ablation.tuning != "per_pair" for can in _can_be_asked(design)]
    print(f"of {len(asked)} sweeps {asked.count(False)} do not have what the arm has untuned")


def _can_be_asked(design: Design) -> list[bool]:
    """Of each sweep with a choice whether the untuned setting is among its points."""
    found = []
    for workload in design.workloads:
        for arm in design.ablation.arms:
            if len(design.points(arm)) > 1:
                found.append(design.untuned(workload.id, arm) is not None)
    return found


if __name__ == "__main__":
    main()
