"""The picture of the first layer: there where filters were kept, and only there."""

from types import SimpleNamespace
from typing import Any

import numpy as np

from suite.report.figures.filters import filters
from suite.report.figures.style import Arms

ARMS = Arms(["learned", "random"])


def evidence(**by_arm: list[tuple[Any, float]]) -> Any:
    runs = {
        arm: tuple(SimpleNamespace(filters=kept, measurements={"edge_energy": share}) for kept, share in listed)
        for arm, listed in by_arm.items()
    }
    return SimpleNamespace(shared_runs={"digits_cnn": runs})


def drawn(count: int) -> tuple[tuple[float, ...], ...]:
    return tuple(map(tuple, np.random.default_rng(0).normal(size=(count, 9)).tolist()))


def test_there_is_no_picture_where_no_trial_kept_filters() -> None:
    assert filters(evidence(learned=[((), 0.5)]), ARMS) is None


def test_each_arm_s_share_is_the_mean_over_its_runs_and_stands_in_the_message() -> None:
    figure = filters(evidence(learned=[(drawn(8), 0.4), (drawn(8), 0.6)], random=[(drawn(8), 0.22)]), ARMS)
    assert figure is not None
    said = figure.message.replace("“", "").replace("”", "").replace("\N{NO-BREAK SPACE}", " ")
    assert said == "Edge operators explain 50 % in learned and 22 % in random"


def test_eight_filters_are_shown_inside_the_picture() -> None:
    figure = filters(evidence(learned=[(drawn(20), 0.4)]), ARMS)
    assert figure is not None
    (panel,) = figure.panels
    assert panel.svg.count("<image") == 8
    assert panel.png.startswith(b"\x89PNG")
