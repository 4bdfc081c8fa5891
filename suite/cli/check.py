"""`suite check`: is anything wrong with an arm, before an hour is spent on training it?"""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.text import Text

from suite.cli import check_examples, check_view, options, study
from suite.cli.console import note, out, print_json
from suite.cli.prepare import prepare_data
from suite.errors import InputError
from suite.recording.files import probe, refusal
from suite.spec import slots
from suite.spec.ablation import FOLDER as ABLATIONS
from suite.spec.ablation import find_ablations
from suite.spec.problems import shown, unknown
from suite.spec.workload import Workload, find_workloads, load_workload
from suite.spec.yaml_loader import existing
from suite.spec.yaml_loader import load as load_yaml
from suite.trial_result import Settings

if TYPE_CHECKING:  # torch is imported when something is about to be computed
    from suite.training.checkup import Checkup
    from suite.training.loaded import Loaded

_WORKLOAD_ONLY = {"scales", "licence"}
"""Keys that tell a workload's file from an ablation's."""


class _Subject:
    """A workload with an arm's settings."""

    def __init__(
        self, name: str, workload: Workload, scale: str, arm: str, settings: Settings, rates: tuple[float, ...]
    ) -> None:
        self.name, self.workload, self.scale, self.arm = name, workload, scale, arm
        self.settings, self.rates = settings, rates

    @property
    def title(self) -> str:
        return f"{self.name}, arm {self.arm}, on {self.workload.id}" if self.arm else self.name

    @property
    def words(self) -> tuple[str, ...]:
        """Of the picture's file name."""
        names = (self.name, self.arm, self.workload.id) if self.arm else (self.name,)
        return (*names, self.scale)


def check(
    name: Annotated[
        str, typer.Argument(help="Ablation or workload: its file, or its id.", metavar="ABLATION|WORKLOAD")
    ],
    arm: Annotated[str | None, typer.Option("--arm", help="Only this arm of the ablation (without it: all).")] = None,
    scale: Annotated[
        str, typer.Option("--scale", help="quick, standard or full; at a workload without it, its smallest.")
    ] = "quick",
    seed: Annotated[int, typer.Option("--seed", min=0, help="Of the split, the initial weights and the order.")] = 0,
    results: options.Results = options.DEFAULT_RESULTS,
    data_dir: options.DataDir = None,
    allow_code: options.AllowCode = False,
    json: options.Json = False,
) -> None:
    """Look before you train: what the loader gives, every layer's size, the loss at the start, and whether a tiny set
    can be learnt by heart. Says what is wrong and what to do. Exit code 1 if anything is.
    """
    subjects = list(_subjects(name, arm, scale, allow_code=allow_code))
    _open(results)
    places = study.data_places(data_dir)
    prepare_data([subject.workload for subject in subjects], None, *places)
    documents, wrong, seen = [], 0, set[str]()
    for subject in subjects:
        checkup, loaded = _check(subject, seed, *places)
        wrong += len(checkup.wrong)
        whole = bool(checkup.wrong) or subject.workload.id not in seen
        seen.add(subject.workload.id)
        picture = check_examples.draw(loaded, subject.title, subject.words, results) if whole else None
        if json:
            documents.append(_document(subject, checkup, loaded, picture, whole=whole))
        else:
            check_view.show(subject.title, checkup, loaded, picture, whole=whole)
    if json:
        print_json(documents)
    elif len(subjects) > 1:
        _print_sum(len(subjects), wrong)
    raise typer.Exit(1 if wrong else 0)


def _open(results: Path) -> None:
    """A folder that takes no picture is said at once, not after all is computed."""
    try:
        (results / "checks").mkdir(parents=True, exist_ok=True)
        probe(results / "checks")
    except OSError as error:
        raise refusal(results, error) from error


def _print_sum(checked: int, wrong: int) -> None:
    faults = "nothing is wrong" if not wrong else f"{wrong} fault{'s' * (wrong > 1)}, see above"
    out.print(Text(f"\n{checked} set-ups checked: {faults}", style="bold"))


def _subjects(name: str, arm: str | None, scale: str, *, allow_code: bool) -> Iterator[_Subject]:
    """Raises InputError with one line if there is no such ablation, workload, arm or scale."""
    if scale not in ("quick", "standard", "full"):
        raise InputError(f"--scale {scale}: accepted: quick, standard, full")
    path = existing(name, ABLATIONS)
    if path is None or _WORKLOAD_ONLY & load_yaml(path).content.keys():
        yield _workload_subject(name, arm, scale, allow_code=allow_code)
        return
    (ablation,) = study.load([name], allow_code=allow_code)
    if arm is not None and arm not in ablation.arms:
        raise InputError(f"--arm {arm}: {ablation.id} has no such arm; {unknown('arm', arm, list(ablation.arms))}")
    workloads = study.workloads_of(ablation, scale, allow_code=allow_code)
    for workload in workloads:
        for each in [arm] if arm else list(ablation.arms):
            settings = workload.at(scale)
            for changes in ({"engine.device": "cpu"}, ablation.settings, ablation.arms[each]):
                settings = slots.override(settings, changes)
            rates = tuple(float(rate) for rate in ablation.swept(each).get("optimizer.lr", []))
            yield _Subject(ablation.id, workload, scale, each, slots.complete(settings), rates)


def _workload_subject(name: str, arm: str | None, scale: str, *, allow_code: bool) -> _Subject:
    known = [path.stem for path in find_workloads()]
    if name not in known and not Path(name).is_file():
        ablations = [path.stem for path in find_ablations(ABLATIONS)]
        raise InputError(
            f"{shown(name)} is neither an ablation nor a workload; {unknown('name', name, [*ablations, *known])}"
        )
    if arm is not None:
        raise InputError(f"--arm {arm}: {name} is a workload, and workloads have no arms; name an ablation")
    workload = load_workload(name, allow_code=allow_code)
    scales = [str(item) for item in workload.scales]
    chosen = scale if scale in scales else next(item for item in ("quick", "standard", "full") if item in scales)
    if chosen != scale:
        note(f"{workload.id} has no scale {scale}: checked at {chosen}")
    settings = slots.override(workload.at(chosen), {"engine.device": "cpu"})
    return _Subject(workload.id, workload, chosen, "", slots.complete(settings), ())


def _check(subject: _Subject, seed: int, data_dirs: tuple[Path, ...], cache_dir: Path) -> tuple["Checkup", "Loaded"]:
    from suite.training import checkup, data_cache
    from suite.training.loaded import load_examples

    prepared = data_cache.prepare(subject.workload.data_settings, data_dirs=data_dirs, cache_dir=cache_dir)
    dataset = data_cache.load(prepared)
    try:
        loaded = load_examples(subject.settings, dataset, seed)
    except ValueError as error:
        raise InputError(f"{subject.title}: {error}") from error
    return checkup.check_loaded(subject.settings, loaded, seed, swept_rates=subject.rates), loaded


def _document(
    subject: _Subject, checkup: "Checkup", loaded: "Loaded", picture: Path | None, *, whole: bool
) -> dict[str, Any]:
    read = check_examples.read(loaded) if whole else []
    return {
        "name": subject.name,
        "arm": subject.arm or None,
        "workload": subject.workload.id,
        "wrong": bool(checkup.wrong),
        "picture": str(picture) if picture else None,
        **({"examples": read} if read else {}),
        "findings": checkup.findings,
        "measured": checkup.measured,
    }
