"""The first batch as a person looks at it: images and curves as a picture, tokens as text."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from suite.recording.files import refusal, write
from suite.report.readable import clipped, readable

if TYPE_CHECKING:  # torch is imported when something is about to be computed
    from torch import Tensor

    from suite.training.loaded import Loaded

_PICTURES = 32
_TEXTS, _WINDOWS = 6, 3
_LONGEST = 240


def draw(loaded: "Loaded", title: str, words: Sequence[str], results: Path) -> Path | None:
    """Written below `results`, `words` in its name; None where there is nothing to draw.

    Raises StoreError if it cannot be written.
    """
    from suite.report.figures.curve_grid import curve_grid  # matplotlib
    from suite.report.figures.overlays import overlaid
    from suite.report.figures.picture_grid import picture_grid
    from suite.report.figures.style import file_stem

    if loaded.kind in ("tokens", "text"):
        return None
    shown, targets = loaded.batch[:_PICTURES], loaded.batch_targets[:_PICTURES]
    title = f"First batch with its labels: {title}"
    path = results / "checks" / f"{file_stem(*words)}.png"
    if loaded.kind == "series":
        picture = curve_grid(shown.numpy(), _labels(loaded, targets), title=title)
    else:
        images = shown.permute(0, 2, 3, 1).contiguous().numpy()
        if loaded.kind in ("boxes", "pixels"):
            images = overlaid(images, targets.numpy(), len(loaded.classes))
        picture = picture_grid(images, _labels(loaded, targets), title=title)
    try:
        write(path, picture)
    except OSError as error:
        raise refusal(results, error) from error
    return path


def read(loaded: "Loaded") -> list[tuple[str, str]]:
    """Label and text of a few; of a text to be continued, windows and under each its targets. Empty if not tokens."""

    def told(tokens: list[int], words: Sequence[str]) -> str:
        return clipped(readable(tokens, words, loaded.separator), _LONGEST)

    batch, targets = loaded.batch.tolist(), loaded.batch_targets.tolist()
    if loaded.kind == "tokens":
        pairs = zip(targets[:_TEXTS], batch[:_TEXTS], strict=True)
        return [(_name(loaded.classes, label), told(tokens, loaded.vocabulary)) for label, tokens in pairs]
    if loaded.kind == "text":
        windows = zip(batch[:_WINDOWS], targets[:_WINDOWS], strict=True)
        lines = [(("input", told(i, loaded.vocabulary)), ("target", told(t, loaded.classes))) for i, t in windows]
        return [line for pair in lines for line in pair]
    return []


def _labels(loaded: "Loaded", targets: "Tensor") -> list[str]:
    """Of each example; of boxes and pixels the classes that are there, a map's first one left out."""
    if loaded.kind not in ("boxes", "pixels"):
        return [_name(loaded.classes, label) for label in targets.tolist()]
    kinds = targets[..., 0] if loaded.kind == "boxes" else targets
    there = [sorted(set(map(int, row.flatten().tolist()))) for row in kinds]
    first = 0 if loaded.kind == "boxes" else 1
    return [" ".join(_name(loaded.classes, kind) for kind in row if kind >= first) or "nothing" for row in there]


def _name(classes: Sequence[str], label: int) -> str:
    return classes[label] if 0 <= label < len(classes) else f"?{label}"
