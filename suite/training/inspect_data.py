"""A look at what the loader gives: shapes, ranges, lengths, class balance, and whether labels go with inputs."""

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from suite.training import padding
from suite.training.agreement import Agreement, Unit, agreements
from suite.training.loaded import Kind, Loaded
from suite.training.targets import VOID, classes_of
from suite.training.text import UNKNOWN

PERCENTILES = (0, 10, 50, 90, 100)
"""Of lengths."""


@dataclass(frozen=True, kw_only=True)
class Lengths:
    """Of sequences, as the network gets them."""

    percentiles: tuple[int, ...]
    """At `PERCENTILES`: from the shortest to the longest."""
    empty: int
    """Sequences with nothing in them."""
    padding: float
    """Share of places that hold nothing, if all were as long as the longest ..."""
    batch_padding: float
    """... and in the first batch."""


@dataclass(frozen=True, kw_only=True)
class Tokens:
    """Which of the vocabulary occurs, among the examples looked at."""

    vocabulary: int
    """Words or characters, padding included."""
    used: int
    """Different ones that occur."""
    unknown: float | None
    """Share of places with a word that the vocabulary lacks; None of a vocabulary that lacks none."""
    outside: int
    """Places with a number that stands for nothing."""


@dataclass(frozen=True, kw_only=True)
class DataFacts:
    """What a look at the data shows. Ranges are of the inputs as the network gets them, padding left out."""

    kind: Kind
    examples: int
    shape: tuple[int, ...]
    batch_shape: tuple[int, ...]
    dtype: str
    low: float
    high: float
    mean: float
    deviation: float
    not_finite: int
    counts: tuple[int, ...]
    """Examples per class, among those looked at; or objects, or pixels; of a text, places per symbol."""
    labels_out_of_range: int
    batch_classes: int
    """Different classes in the first batch."""
    batch_expected: float
    """The same, expected of a random batch of that size."""
    agreement: Agreement
    shift: int
    """The shift of the labels at which they go with the inputs best; 0 if none beats what is there."""
    shift_unit: Unit
    shift_agreement: Agreement
    lengths: Lengths | None
    """None of images."""
    tokens: Tokens | None
    """None of images and series."""


def inspect_data(loaded: Loaded) -> DataFacts:
    """Looks at the examples; trains nothing."""
    inputs, classes = loaded.inputs, len(loaded.classes)
    values = _values(inputs)
    finite = values[torch.isfinite(values)].double()
    wanted = _classes(loaded, loaded.targets)
    inside = (wanted >= 0) & (wanted < classes)
    counts = torch.bincount(wanted[inside], minlength=classes)
    in_batch = _classes(loaded, loaded.batch_targets)
    shares, size = counts / counts.sum().clamp_min(1), in_batch.numel()
    labels = agreements(loaded)
    return DataFacts(
        kind=loaded.kind,
        examples=len(inputs),
        shape=tuple(inputs.shape[1:]),
        batch_shape=tuple(loaded.batch.shape),
        dtype=str(inputs.dtype).removeprefix("torch."),
        low=float(finite.min()) if len(finite) else math.nan,
        high=float(finite.max()) if len(finite) else math.nan,
        mean=float(finite.mean()) if len(finite) else math.nan,
        deviation=float(finite.std(correction=0)) if len(finite) else math.nan,
        not_finite=values.numel() - len(finite),
        counts=tuple(counts.tolist()),
        labels_out_of_range=int((~inside).sum()),
        batch_classes=len(set(in_batch.tolist())),
        batch_expected=float((1 - (1 - shares) ** size).sum()),
        agreement=labels.own,
        shift=labels.shift,
        shift_unit=labels.unit,
        shift_agreement=labels.shifted,
        lengths=_lengths(loaded),
        tokens=_tokens(loaded),
    )


def _classes(loaded: Loaded, targets: Tensor) -> Tensor:
    """All classes that targets name, int64 (k,), without those of pixels and boxes that are none."""
    classes = classes_of(targets).flatten().long()
    return classes[classes != VOID] if loaded.kind in ("boxes", "pixels") else classes


def _values(inputs: Tensor) -> Tensor:
    """All of images; of tokens and series what comes before the padding, one after the other."""
    if inputs.ndim == 4:
        return inputs
    there = inputs != 0 if inputs.ndim == 2 else ~inputs.isnan().all(dim=2)
    # up to the last place with anything: what is missing in the midst of a series is no padding
    return inputs[there.flip(1).cumsum(dim=1).flip(1) > 0]


def _lengths(loaded: Loaded) -> Lengths | None:
    lengths = padding.lengths(loaded.inputs)
    if lengths is None:
        return None
    places = torch.quantile(lengths.double(), torch.tensor(PERCENTILES).double() / 100, interpolation="higher")
    return Lengths(
        percentiles=tuple(int(place) for place in places),
        empty=int((lengths == 0).sum()),
        padding=1 - float(lengths.double().mean()) / max(1, int(lengths.max())),
        batch_padding=1 - float(padding.mask(loaded.batch).double().mean()),
    )


def _tokens(loaded: Loaded) -> Tokens | None:
    if loaded.kind not in ("tokens", "text"):
        return None
    found, known = loaded.inputs[loaded.inputs != 0], loaded.vocabulary
    inside = (found > 0) & (found < len(known))
    unknown = int((found == known.index(UNKNOWN)).sum()) / max(1, len(found)) if UNKNOWN in known else None
    return Tokens(
        vocabulary=len(known),
        used=len(torch.unique(found[inside])),
        unknown=unknown,
        outside=int((~inside).sum()),
    )
