"""What halving a sweep after its first tuning seed saves, how often it changes the choice, and what that costs.

    .venv/bin/python benchmarks/halved_sweeps.py --results results [--scale quick] [--train]

Replays every sweep of the results folder of which all points have all tuning seeds, once with each seed as the first:
which setting the whole sweep selects, which the halved one does, and how much worse that is on the validation data of
all seeds. A folder has whole sweeps where ablations share points; `--train` first trains what halving left out, here,
one trial after another.
"""

from collections.abc import Iterator

from stored_study import StoredStudy, asked_for

from suite.cli.study import data_places
from suite.recording.store import Store
from suite.scheduling.local import train_here
from suite.spec.design import Design
from suite.spec.metrics import METRICS
from suite.spec.trials import Trial
from suite.verdict.readings import Readings
from suite.verdict.selection import half, ranked
from suite.verdict.tuning import Tuned, tuned
from suite.verdict.units import margin_in_unit

Sweep = tuple[Design, str, str]
"""Design, workload and arm."""


def sweeps(stored: StoredStudy) -> Iterator[Sweep]:
    """Those that are halved, each once, however many ablations ask for the same trials."""
    seen = set[frozenset[str]]()
    for design in stored.designs:
        for workload in (item.id for item in design.workloads):
            for arm in design.ablation.arms:
                ids = frozenset(trial.id for trial in trials((design, workload, arm)))
                points = len(design.points(arm))
                if design.ablation.tuning == "shared" and half(points) < points and ids not in seen:
                    seen.add(ids)
                    yield design, workload, arm


def trials(sweep: Sweep) -> list[Trial]:
    """All points with all seeds."""
    design, workload, arm = sweep
    seeds = design.tuning_seeds(0)
    return [design.tuning_trial(workload, arm, point, seed) for point in design.points(arm) for seed in seeds]


def train(stored: StoredStudy) -> None:
    """What halving left out of sweeps that are otherwise complete."""
    store, (folders, cache) = Store(stored.folder), data_places(None)
    for design, workload, arm in sweeps(stored):
        readings = Readings(design, stored.results)
        if isinstance(tuned(readings, workload, arm, design.tuning_seeds(0)), Tuned):
            for trial in trials((design, workload, arm)):
                if trial.id not in stored.results:
                    stored.results[trial.id] = train_here(trial, folders, cache)
                    store.put(stored.results[trial.id])


def replay(stored: StoredStudy) -> None:
    """Prints what halving would have done to the sweeps that are whole."""
    asked = kept = count = 0
    losses = list[tuple[float, str]]()
    for design, workload, arm in sweeps(stored):
        ids = [trial.id for trial in trials((design, workload, arm))]
        if not all(trial_id in stored.results and stored.results[trial_id].status != "failed" for trial_id in ids):
            continue
        points, seeds = design.points(arm), design.tuning_seeds(0)
        runs = [stored.results[trial_id] for trial_id in ids]
        best, *others = ranked({p: runs[i * len(seeds) : (i + 1) * len(seeds)] for i, p in enumerate(points)})
        scores = {found.point: found.score for found in (best, *others)}
        count += 1
        for seed in seeds:
            order = (seed, *(other for other in seeds if other != seed))
            found = tuned(Readings(design, stored.results), workload, arm, order)
            assert isinstance(found, Tuned)
            asked, kept = asked + len(ids), kept + sum(len(point.scores) for point in found.points)
            if found.best.point != best.point:
                lost = 100 * (best.score - scores[found.best.point])
                margin = margin_in_unit(METRICS["test_accuracy"], None, 1 - best.score)
                losses.append((lost / margin, f"{lost:.2f} points: {design.ablation.id}, {workload}, {arm}"))
    if not count:
        raise SystemExit(f"{stored.folder}: no sweep there is whole (--train makes them so)")
    cases = count * len(seeds)
    print(f"{count} sweeps, each with every of its {len(seeds)} seeds as the first: {cases} cases")
    print(f"tuning trials: {kept / asked:.0%} of {asked // len(seeds):,}")
    mean = sum(lost for lost, _ in losses) / cases
    print(f"another setting selected: {len(losses)} cases ({len(losses) / cases:.1%}); on average over all cases it is")
    print(f"worse by {mean:.3f} margins of accuracy on validation data; the worst cases:")
    for lost, where in sorted(losses, reverse=True)[:5]:
        print(f"  {lost:.2f} margins, {where}")


def main() -> None:
    """Trains what is asked for, then replays."""
    stored = asked_for(__doc__, train="first train what halving left out")
    if "train" in stored.switched:
        train(stored)
    replay(stored)


if __name__ == "__main__":
    main()
