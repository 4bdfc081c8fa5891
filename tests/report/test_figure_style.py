import itertools
import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.transforms import Bbox

from suite.report.figures import labels, style


@given(st.lists(st.floats(-5, 5), min_size=1, max_size=12), st.floats(0.01, 0.8))
def test_labels_moved_apart_keep_their_order_and_stay_inside(wanted: list[float], gap: float) -> None:
    placed = labels.spread(wanted, gap, -5, 5)
    order = sorted(range(len(wanted)), key=lambda index: wanted[index])
    lanes = [placed[index] for index in order]
    least = min(gap, 10 / max(1, len(wanted) - 1))
    assert all(above - below > least - 1e-9 for below, above in itertools.pairwise(lanes))
    assert min(lanes) >= -5 - 1e-9
    assert max(lanes) <= 5 + 1e-9


def test_labels_that_do_not_overlap_stay_where_they_are() -> None:
    assert labels.spread([3.0, 1.0, 2.0], 0.5, 0.0, 5.0) == [3.0, 1.0, 2.0]


def test_an_arm_keeps_its_colour_whichever_arms_are_drawn_and_no_two_arms_look_alike() -> None:
    arms = style.Arms([f"arm_{index}" for index in range(20)])
    looks = {(arms.colour(name), str(arms.dash(name))) for name in arms.names}
    assert len(looks) == 20
    assert arms.colour("arm_3") == style.Arms(arms.names[:5]).colour("arm_3")


def test_a_name_the_font_cannot_draw_becomes_a_number_and_a_long_one_is_shortened() -> None:
    arms = style.Arms(["ok", "批归一化", "a" * 30 + "z"])
    assert [arms.label(name) for name in arms.names] == ["ok", "arm 2", "aaaaaaaaaa…aaaaaaaaaaz"]


def test_dollar_signs_and_tags_in_a_name_are_drawn_as_they_are() -> None:
    with style.drawing():
        figure, axes = style.canvas(2.0)
        axes.set_title(r"$\frac{1}{<script>alert(1)</script>")
        panel = style.finish(figure, name="odd", alt='"><script>alert(1)</script>')
    assert "<script" not in panel.svg
    assert panel.png.startswith(b"\x89PNG")


def test_an_svg_needs_nothing_from_outside_and_its_ids_are_its_own() -> None:
    with style.drawing():
        panels = [style.finish(style.canvas(2.0)[0], name=name, alt="axes") for name in ("one", "two")]
    ids = [re.findall(r' id="([^"]+)"', panel.svg) for panel in panels]
    assert ids[0]
    assert not set(ids[0]) & set(ids[1])
    for panel in panels:
        assert "<text" not in panel.svg  # text as paths: it looks the same wherever it is shown
        used = set(re.findall(r'(?:href="#|url\(#)([^")]+)', panel.svg))
        assert used <= set(re.findall(r' id="([^"]+)"', panel.svg))
        assert "http" not in panel.svg.replace("http://www.w3.org/", "")


def test_the_same_figure_gives_the_same_bytes() -> None:
    def draw() -> style.Panel:
        with style.drawing():
            figure, axes = style.canvas(2.0)
            axes.plot([0, 1], [1, 0], marker="o")
            axes.axvspan(0.2, 0.4)
            return style.finish(figure, name="same", alt="a line")

    assert draw() == draw()


def test_file_names_hold_nothing_that_a_file_system_minds() -> None:
    assert style.file_stem("curves", "../../etc/<b>") == "curves-.._.._etc_b"


@pytest.mark.parametrize(("bar", "stand"), [(0.0, True), (0.3, False)])
def test_names_stand_at_their_points_if_neither_point_nor_bar_is_in_the_way(bar: float, *, stand: bool) -> None:
    points = [labels.Point("one", 0.2, 0.2), labels.Point("two", 0.3, 0.6, below=bar)]
    arms = style.Arms(["one", "two"])
    with style.drawing():
        _, axes = style.canvas(2.5, right=labels.label_width(arms, arms.names))
        axes.set(xlim=(0, 1), ylim=(0, 1))
        labels.label_points(axes, arms, points)
        lines = [text for text in axes.texts if not text.get_text()]
    assert bool(lines) != stand


@pytest.mark.parametrize("seed", range(20))
def test_names_of_points_cover_no_other_name_and_no_point(seed: int) -> None:
    drawn = np.random.default_rng(seed)
    places, bars = drawn.uniform(0, 1, (1 + seed % 5, 2)), drawn.uniform(0, 0.1, (5, 3))
    points = [labels.Point(f"arm_{k}", *place, *bar) for k, (place, bar) in enumerate(zip(places, bars, strict=False))]
    arms = style.Arms([point.arm for point in points])
    with style.drawing():
        figure, axes = style.canvas(2.5, right=labels.label_width(arms, arms.names))
        axes.set(xlim=(0, 1), ylim=(0, 1))
        labels.label_points(axes, arms, points)
        figure.canvas.draw()
        boxes = [text.get_window_extent() for text in axes.texts if text.get_text()]
        lines = [text for text in axes.texts if not text.get_text()]
        dots = axes.transData.transform(places)
        marks = [Bbox(axes.transData.transform(ends)) for point in points for ends in point.bars()]
        near = [
            any(0 <= box.x0 - x <= 0.1 * figure.dpi and 0 <= box.y0 - y <= 0.1 * figure.dpi for x, y in dots)
            for box in boxes
        ]
    assert len(boxes) == len(points)
    assert all(near) or len(lines) == len(points), "a name away from its point has no line to it"
    assert not any(box.contains(*dot) for box in boxes for dot in dots)
    assert len(lines) == len(points) or not any(box.overlaps(mark) for box in boxes for mark in marks)
    assert not any(box.overlaps(other) for box, other in itertools.combinations(boxes, 2))
