"""What all figures share: the fixed colour of each arm, fonts, axes, and the way to disk."""

import io
import math
import re
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from html import escape
from pathlib import Path
from typing import Any

import matplotlib as mpl
import seaborn as sns
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure as Canvas
from matplotlib.font_manager import findfont, get_font

from suite.recording.files import write as write_file
from suite.report.files import write_text
from suite.spec.metrics import METRICS

INK, QUIET, FAINT, ZONE = "#1d2327", "#5a646b", "#c9cfd3", "#e9edef"
_COLOURS = (
    "#5f666b", "#0072b2", "#d55e00", "#00855f", "#b6579b", "#c58a00", "#3a9bd6", "#7a4fa3", "#8c5a2b", "#111111",
)  # fmt: skip
"""Grey for the baseline (the first arm), then Okabe and Ito's colour-blind-safe set, darkened where text needs it."""
_MARKERS = ("o", "s", "^", "D", "v", "P", "X", "h", "<", ">")
_DASHES: tuple[Any, ...] = ("-", (0, (5, 1.6)), (0, (1.2, 1.4)), (0, (5, 1.5, 1.2, 1.5)))
_LONGEST_LABEL = 22
_RC = {
    "font.family": "DejaVu Sans",
    "font.size": 9,
    "axes.titlesize": 9.5,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.labelsize": 9,
    "axes.labelcolor": QUIET,
    "axes.edgecolor": QUIET,
    "axes.linewidth": 0.7,
    "xtick.color": QUIET,
    "ytick.color": QUIET,
    "xtick.labelsize": 8.5,
    "ytick.labelsize": 8.5,
    "xtick.major.size": 3,
    "ytick.major.size": 3,
    "text.color": INK,
    "text.parse_math": False,
    "svg.fonttype": "path",
    "svg.hashsalt": "suite",
    "path.simplify": True,
}


@dataclass(frozen=True, kw_only=True)
class Panel:
    """One drawing: an SVG for the page, and files beside it."""

    name: str
    """File stem, unique within a report."""
    alt: str
    """What it shows, in words."""
    svg: str
    png: bytes


@dataclass(frozen=True, kw_only=True)
class Figure:
    """Panels with one message."""

    slug: str
    message: str
    caption: str
    panels: tuple[Panel, ...]


class Arms:
    """The arms of an ablation, each with its colour, marker, dash and a label that the figures' font can draw."""

    def __init__(self, names: Sequence[str]) -> None:
        self.names = tuple(names)

    def colour(self, arm: str) -> str:
        """Fixed by the arm's place in the spec, in every figure."""
        return _COLOURS[self._index(arm) % len(_COLOURS)]

    def marker(self, arm: str) -> str:
        """So that colour is not the only sign."""
        return _MARKERS[self._index(arm) % len(_MARKERS)]

    def dash(self, arm: str) -> Any:
        """Solid for the first ten arms, broken for the next."""
        return _DASHES[self._index(arm) // len(_COLOURS) % len(_DASHES)]

    def label(self, arm: str) -> str:
        """At most 22 characters; the arm's number where the font lacks a glyph."""
        return drawable(arm) or f"arm {self._index(arm) + 1}"

    def _index(self, arm: str) -> int:
        return self.names.index(arm) if arm in self.names else len(self.names)


def drawable(text: str, longest: int = _LONGEST_LABEL) -> str:
    """The text shortened in its middle, or nothing if the figures' font cannot draw it."""
    if any(ord(character) not in _glyphs() for character in text):
        return ""
    if len(text) <= longest:
        return text
    head = (longest - 1) // 2
    return f"{text[:head]}…{text[-(longest - 1 - head) :]}"


def in_lines(name: str, longest: int) -> str:
    """The name broken behind its underscores into lines of at most so many characters, each shortened if need be."""
    lines = [""]
    for part in name.replace("_", "_\0").split("\0"):
        if lines[-1] and len(lines[-1] + part) > longest:
            lines.append("")
        lines[-1] += part
    return "\n".join(drawable(line, longest) for line in lines)


@contextmanager
def drawing() -> Iterator[None]:
    """The settings under which everything is drawn, whatever the user's matplotlibrc says."""
    with mpl.rc_context(), warnings.catch_warnings():
        mpl.rcdefaults()
        mpl.rcParams.update(sns.axes_style("ticks"))
        mpl.rcParams.update(_RC)
        yield


def canvas(
    height: float,
    *,
    left: float = 0.62,
    right: float = 0.15,
    top: float = 0.32,
    bottom: float = 0.48,
    width: float = 4.4,
) -> tuple[Any, Any]:
    """A figure and its axes; everything in inches. Call inside `drawing`."""
    figure = Canvas(figsize=(width, height))
    FigureCanvasAgg(figure)
    box = (left / width, bottom / height, 1 - (left + right) / width, 1 - (top + bottom) / height)
    axes = figure.add_axes(box)
    sns.despine(ax=axes)
    return figure, axes


def finish(figure: Any, *, name: str, alt: str) -> Panel:
    """Draws once as SVG and once as PNG, without dates, so that the same input gives the same bytes."""
    text = io.StringIO()
    figure.savefig(text, format="svg", metadata={"Date": None, "Creator": None}, transparent=True)
    image = io.BytesIO()
    figure.savefig(image, format="png", dpi=160, metadata={"Software": None}, facecolor="white")
    return Panel(name=name, alt=alt, svg=_for_the_page(text.getvalue(), name, alt), png=image.getvalue())


def write(figures: Sequence[Figure], folder: Path) -> tuple[Path, ...]:
    """Every panel as NAME.svg and NAME.png; the PNG files' paths."""
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for panel in (panel for figure in figures for panel in figure.panels):
        drawing = panel.svg.replace("<svg ", '<svg xmlns="http://www.w3.org/2000/svg" style="background:#fff" ', 1)
        write_text(folder / f"{panel.name}.svg", drawing)
        path = folder / f"{panel.name}.png"
        write_file(path, panel.png)
        written.append(path)
    return tuple(written)


def file_stem(*words: str) -> str:
    """`curves-digits_cnn`: letters, digits, dots, dashes and underscores only."""
    return re.sub(r"[^A-Za-z0-9._-]+", "_", "-".join(words)).strip("._") or "panel"


def percent_axis(metric_name: str) -> tuple[float, str]:
    """The factor and unit in which a metric is drawn: fractions as per cent, losses and perplexities as they are."""
    if "loss" in metric_name:
        return 1.0, " (nats)"
    is_ratio = metric_name in METRICS and METRICS[metric_name].unit == "log_ratio"
    return (1.0, "") if is_ratio or metric_name == "perplexity" else (100.0, " (%)")


def finite(values: Sequence[float]) -> list[float]:
    """Without NaN and infinities."""
    return [value for value in values if math.isfinite(value)]


def _for_the_page(svg: str, name: str, alt: str) -> str:
    """Without XML prologue and metadata, ids made unique, scalable, with a text alternative."""
    body = svg[svg.index("<svg") :]
    body = re.sub(r"<metadata>.*?</metadata>\s*", "", body, flags=re.DOTALL)
    body = re.sub(r"<!--.*?-->\s*", "", body, flags=re.DOTALL)
    used = set(re.findall(r'(?:xlink:href="#|url\(#)([^")]+)', body))
    body = re.sub(r' id="([^"]+)"', lambda match: f' id="{name}-{match[1]}"' if match[1] in used else "", body)
    body = re.sub(r'xlink:href="#', f'href="#{name}-', body).replace("url(#", f"url(#{name}-")
    box = re.search(r'viewBox="([^"]+)"', body)
    start = f'<svg viewBox="{box[1] if box else "0 0 1 1"}" role="img" aria-label="{escape(alt, quote=True)}">'
    return re.sub(r"<svg[^>]*>", lambda _: start, body, count=1).strip()


@cache
def _glyphs() -> frozenset[int]:
    return frozenset(get_font(findfont("DejaVu Sans")).get_charmap())
