"""What a run says of its claims while it goes on."""

from types import SimpleNamespace
from typing import Any

import pytest
from rich.console import Console
from rich.text import Text

from suite.cli import progress

TIPS = tuple(SimpleNamespace(ablation=SimpleNamespace(id=name)) for name in ("depth", "width"))


@pytest.fixture
def standings(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """Where each ablation's claim stands, to be changed by the test."""
    stands = {"depth": "0 of 5 pairs", "width": "0 of 5 pairs"}
    monkeypatch.setattr(progress, "Remembered", lambda _: lambda tip, _: [Text(f"it_helps {stands[tip.ablation.id]}")])
    return stands


def display(monkeypatch: pytest.MonkeyPatch, designs: Any = TIPS, **console: Any) -> tuple[progress.Progress, Console]:
    """One that draws at every tick, and where it draws."""
    shown = Console(record=True, width=100, highlight=False, **console)
    for name, value in {"err": shown, "_LINE_SECONDS": -1.0, "_REDRAW_SECONDS": -1.0, "_JUDGE_SECONDS": -1.0}.items():
        monkeypatch.setattr(progress, name, value)
    queue = SimpleNamespace(results={}, handed_out=("a", "b", "c"), waiting=3, slots=2, seconds_left=lambda: None)
    counts = SimpleNamespace(streams=False, finished_count=1, diverged_count=0, failed_count=0)
    study = SimpleNamespace(designs=designs)
    return progress.Progress(study, queue, counts), shown  # type: ignore[arg-type]


def test_a_log_names_a_claim_again_only_when_it_stands_elsewhere(
    standings: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    told, log = display(monkeypatch, force_terminal=False)
    told.tick()
    assert [line for line in log.export_text().splitlines() if "it_helps" in line] == [
        "  depth · it_helps 0 of 5 pairs",
        "  width · it_helps 0 of 5 pairs",
    ]
    told.tick()
    assert "it_helps" not in log.export_text()
    standings["width"] = "1 of 5 pairs"
    told.tick()
    assert [line for line in log.export_text().splitlines() if "it_helps" in line] == [
        "  width · it_helps 1 of 5 pairs"
    ]


def test_what_workers_hold_ahead_is_still_waiting(standings: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    told, log = display(monkeypatch, force_terminal=False)
    told.tick()
    assert "1 done · 2 running · 4 waiting" in log.export_text(), "three are handed out, to two slots"


def test_an_ablation_alone_is_not_named(standings: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    told, log = display(monkeypatch, TIPS[:1], force_terminal=False)
    told.tick()
    assert "  it_helps 0 of 5 pairs" in log.export_text().splitlines()


def test_where_not_all_claims_fit_the_display_begins_with_what_has_just_changed(
    standings: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    told, shown = display(monkeypatch, force_terminal=True, height=4)
    with told:
        told.tick()
        standings["width"] = "1 of 5 pairs"
        shown.export_text()
        told.tick()
        last = [line for line in shown.export_text().splitlines() if "it_helps" in line]
    assert "width · it_helps 1 of 5 pairs" in last[0]
