"""`suite plan`: what a run would do, before it does it."""

import math
from collections.abc import Callable
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from suite.cli import options, study
from suite.cli.console import duration, out, print_json
from suite.cli.study import Study
from suite.recording.store import Store
from suite.scheduling.estimate import seconds_per_trial
from suite.spec.design import Design
from suite.spec.trials import Trial
from suite.verdict.forecast import forecasts
from suite.verdict.judge import judge
from suite.verdict.needs import trials_left


def plan(
    names: options.Ablations,
    scale: options.Scale = "quick",
    results: options.Results = options.DEFAULT_RESULTS,
    seeds: options.Seeds = None,
    slots: options.Slots = 2,
    allow_code: options.AllowCode = False,
    json: options.Json = False,
) -> None:
    """Show what a run would do: arms, workloads, trials, time, and the effects it could see. Runs nothing."""
    ablations = study.load_at(scale, names, allow_code=allow_code)
    opened = study.open_study(ablations, Store(results), scale=scale, seeds=seeds, allow_code=allow_code)
    if json:
        print_json(_facts(opened, slots))
    else:
        out.print(plan_table(opened, slots=slots))


def plan_table(opened: Study, *, slots: int) -> Group:
    """One block per ablation: its arms and workloads, what is to be done, and what that could show."""
    both = zip(opened.designs, _facts(opened, slots), strict=True)
    return Group(*(block for design, facts in both for block in _blocks(design, facts)))


def _facts(opened: Study, slots: int) -> list[dict[str, Any]]:
    estimate = seconds_per_trial(opened.designs, opened.results)
    return [_facts_of(design, opened, estimate, slots) for design in opened.designs]


def _facts_of(design: Design, opened: Study, estimate: Callable[[Trial], float | None], slots: int) -> dict[str, Any]:
    verdict = judge(design, opened.results)
    fewest, most = trials_left(design, opened.results)
    seconds = [estimate(trial) for trial in (*fewest, *most)]
    totals = [math.fsum(filter(None, map(estimate, trials))) for trials in (fewest, most)]
    return {
        "ablation": design.ablation.id,
        "scale": design.scale,
        "arms": {name: dict(changes) for name, changes in design.ablation.arms.items()},
        "sweep": design.ablation.sweep,
        "workloads": [workload.id for workload in design.workloads],
        "looks": list(design.looks),
        "finished": not most,
        "trials_done": study.stored_count(design, opened.results),
        "trials_left": [len(fewest), len(most)],
        "seconds_left": None if None in seconds else [total / slots for total in totals],
        "slots": slots,
        "claims": {claim.name: forecasts(claim, len(design.workloads)) for claim in verdict.claims},
    }


def _blocks(design: Design, facts: dict[str, Any]) -> list[RenderableType]:
    head = Text.assemble((design.ablation.id, "bold"), f" ({design.scale}): {design.ablation.tip}", overflow="fold")
    in_deviations = any(item.margins is None for seen in facts["claims"].values() for item in seen)
    note = "sd: standard deviation of the difference within pairs, known once there are some\n" if in_deviations else ""
    return [head, _settings_table(design), _work(facts), _claims_table(facts), Text(note, style="dim")]


def _settings_table(design: Design) -> Table:
    table = Table("arm", "settings over the workload's own", "tuned", box=None, pad_edge=False, header_style="dim")
    for arm, changes in design.ablation.arms.items():
        words = ", ".join(f"{key}={value}" for key, value in changes.items()) or "none"
        tuned = "; ".join(f"{key} in {', '.join(map(str, values))}" for key, values in design.swept(arm).items())
        only = ", ".join(f"{key}={value}" for key, value in design.ablation.tuned_with.get(arm, {}).items())
        table.add_row(
            Text(arm), Text(words), Text((tuned or "nothing") + (f"; tuning trials with {only}" if only else ""))
        )
    return table


def _work(facts: dict[str, Any]) -> Text:
    where = f"on {', '.join(facts['workloads'])}; "
    if facts["finished"]:
        return Text(f"{where}every claim is decided: {facts['trials_done']} trials stored, nothing left to run")
    fewest, most = facts["trials_left"]
    more = f"{fewest} to {most}" if fewest != most else str(most)
    text = f"{where}{facts['trials_done']} trials stored, {more} to run"
    if facts["seconds_left"] is not None:
        low, high = map(duration, facts["seconds_left"])
        text += f"; about {low} to {high} on {facts['slots']} slots" if low != high else f"; about {low}"
    return Text(text)


def _claims_table(facts: dict[str, Any]) -> Table:
    """The smallest effect that each look finds with 80 % power."""
    table = Table("claim: smallest effect seen (80 % power)", box=None, pad_edge=False, header_style="dim")
    for pairs in facts["looks"]:
        table.add_column(f"{pairs} pairs", justify="right")
    for name, seen in facts["claims"].items():
        cells = [
            f"{item.per_deviation:.2g} sd" if item.margins is None else f"{item.margins:.2g} margins" for item in seen
        ]
        table.add_row(Text(name), *(cells or ["too few pairs for any verdict"]))
    return table
