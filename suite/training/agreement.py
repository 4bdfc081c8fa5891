"""Whether labels go with their inputs: told by examples that are alike, and in a text by what follows each place."""

import math
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch
from scipy.sparse import csr_matrix, diags
from torch import Tensor

from suite.training import padding
from suite.training.loaded import Kind, Loaded
from suite.training.targets import are_boxes

Unit = Literal["rows", "places"]
_NEIGHBOURS = 5
_SHIFTS = (-3, -2, -1, 1, 2, 3)


@dataclass(frozen=True, kw_only=True)
class Agreement:
    """How often an example and its nearest neighbours have the same label.

    Of a text: at how many places the target is the symbol that stands at the next place of the input. Of boxes and
    pixels: how often a target explains more of its own image's values than of another one's.
    """

    share: float
    chance: float
    """The same for labels dealt out at random."""
    deviation: float
    """Standard deviation of `share` if the labels were dealt out at random."""

    @property
    def z(self) -> float:
        """Distance from chance, in standard deviations."""
        return (self.share - self.chance) / self.deviation


@dataclass(frozen=True, kw_only=True)
class Agreements:
    """With the labels as they are, and at the shift at which labels and inputs agree best.

    A slip of one row is undone by slipping back. Labels may have slipped in the stored data set, or in the loader.
    """

    own: Agreement
    shift: int
    """0 if none beats what is there."""
    unit: Unit
    """Whether labels belong to another example, or to another place of the same one."""
    shifted: Agreement


def agreements(loaded: Loaded) -> Agreements:
    """Of at most 2,000 examples; trains nothing."""
    found = _FOUND.get(loaded.kind, _alike)(loaded)
    own = next(found)[2]
    best = Agreements(own=own, shift=0, unit="rows", shifted=own)
    for unit, shift, candidate in found:
        if candidate.share > best.shifted.share:
            best = Agreements(own=own, shift=shift, unit=unit, shifted=candidate)
    return best


def _alike(loaded: Loaded) -> Iterator[tuple[Unit, int, Agreement]]:
    """The labels' own place first."""
    near = _nearest(_likeness(loaded))
    yield "rows", 0, _agreement(loaded.targets, near)
    for shift, labels in _shifted(loaded):
        yield "rows", shift, _agreement(labels, near)


def _continued(loaded: Loaded) -> Iterator[tuple[Unit, int, Agreement]]:
    """The same for a text, whose targets may also have slipped within each window."""
    shares = torch.bincount(loaded.targets.flatten()).double() / loaded.targets.numel()
    chance = float((shares**2).sum())
    for shift in (0, *_SHIFTS):
        yield "places", shift, _following(loaded.inputs, loaded.targets, 1 + shift, chance)
    for shift, targets in _shifted(loaded):
        yield "rows", shift, _following(loaded.inputs, targets, 1, chance)


def _outlined(loaded: Loaded) -> Iterator[tuple[Unit, int, Agreement]]:
    """The same for objects in images: their own image's values differ within them from those around them."""
    images = torch.nan_to_num(loaded.inputs.float(), nan=0.0, posinf=0.0, neginf=0.0).mean(dim=1)
    others = images.roll(len(images) // 2, dims=0)
    for shift, targets in ((0, loaded.targets), *_shifted(loaded)):
        areas = _areas(targets, images.shape[1:])
        own, other = (_explained(each, areas) for each in (images, others))
        judged = own != other
        yield "rows", shift, _measured(float((own > other)[judged].float().mean()), 0.5, int(judged.sum()))


def _areas(targets: Tensor, size: torch.Size) -> Tensor:
    """Maps (n, H, W) of what belongs together: pixels by their classes; all boxes and what is around them."""
    if not are_boxes(targets):
        return targets.long()
    down, across = torch.arange(size[0]) + 0.5, torch.arange(size[1]) + 0.5
    _, left, top, right, bottom = (part[..., None] for part in targets.unbind(dim=2))  # (n, M, 1)
    rows, columns = (top < down) & (down < bottom), (left < across) & (across < right)
    return (rows[..., None] & columns[:, :, None]).any(dim=1).long()


def _explained(images: Tensor, areas: Tensor) -> Tensor:
    """How much of the variance of each image (n, H, W) lies between its areas (n,)."""
    values, areas = images.flatten(1), areas.flatten(1) - min(0, int(areas.min()))
    sums = values.new_zeros(len(values), int(areas.max()) + 1)
    counts = sums.scatter_add(1, areas, torch.ones_like(values)).clamp_min(1)
    means = sums.scatter_add(1, areas, values) / counts
    within = (values - means.gather(1, areas)).square().mean(dim=1)
    return 1 - within / values.var(dim=1, correction=0).clamp_min(1e-9)


def _shifted(loaded: Loaded) -> Iterator[tuple[int, Tensor]]:
    for shift in _SHIFTS:
        yield shift, loaded.stored[(loaded.rows + shift) % len(loaded.stored)]
        yield shift, loaded.targets.roll(-shift, dims=0)


def _following(inputs: Tensor, targets: Tensor, ahead: int, chance: float) -> Agreement:
    """How often the target is the symbol that stands `ahead` places on in the input: in a text, one."""
    width = inputs.shape[1] - abs(ahead)
    there = inputs[:, max(ahead, 0) :][:, : max(width, 0)]
    wanted = targets[:, max(-ahead, 0) :][:, : max(width, 0)]
    same = (there == wanted)[there != 0]
    return _measured(float(same.float().mean()) if len(same) else 0.0, chance, len(inputs))


def _likeness(loaded: Loaded) -> Tensor:
    """(n, n): how alike two examples are."""
    if loaded.kind == "tokens":
        return _of_words(loaded.inputs)
    return _of_values(_stretched(loaded.inputs) if loaded.kind == "series" else loaded.inputs)


def _of_words(tokens: Tensor) -> Tensor:
    """The cosine of two texts' words, each counted by how rare it is (tf-idf: Salton and Buckley, 1988)."""
    present = tokens != 0
    rows, words = present.nonzero()[:, 0].numpy(), tokens[present].numpy().astype(np.int64)
    bags = csr_matrix((np.ones(len(rows)), (rows, words)), shape=(len(tokens), words.max(initial=0) + 1))
    texts_with = np.bincount(bags.tocoo().col, minlength=bags.shape[1])
    bags = bags @ diags(np.log((1 + len(tokens)) / (1 + texts_with)))
    lengths = np.sqrt(np.asarray(bags.multiply(bags).sum(axis=1))[:, 0])
    bags = diags(1 / np.maximum(lengths, 1e-9)) @ bags
    return torch.from_numpy((bags @ bags.T).toarray()).float()


def _stretched(series: Tensor) -> Tensor:
    """(n, T, C): every series as long as the longest, values repeated, so that beginnings and ends meet."""
    longest = series.shape[1]
    lengths = padding.mask(series).sum(dim=1).clamp(min=1)
    places = torch.arange(longest) * lengths[:, None] // longest
    return series.gather(1, places[:, :, None].expand_as(series))


def _of_values(inputs: Tensor) -> Tensor:
    """The correlation of pixels or curves, which does not care for brightness, contrast or the inputs' scale."""
    flat = torch.nan_to_num(inputs.flatten(1).float(), nan=0.0, posinf=0.0, neginf=0.0)
    flat = flat - flat.mean(dim=0)
    flat = torch.nn.functional.normalize(flat - flat.mean(dim=1, keepdim=True), dim=1)
    return flat @ flat.T


def _nearest(likeness: Tensor) -> Tensor:
    """(n, 5)."""
    others = likeness.fill_diagonal_(-2.0)
    return others.topk(min(_NEIGHBOURS, len(others) - 1), dim=1).indices


def _agreement(labels: Tensor, near: Tensor) -> Agreement:
    shares = torch.tensor(list(Counter(labels.tolist()).values())) / len(labels)
    share = float((labels[near] == labels[:, None]).float().mean())
    return _measured(share, float((shares**2).sum()), len(labels))


def _measured(share: float, chance: float, examples: int) -> Agreement:
    chance = min(chance, 1 - 1e-6)
    # each example counts once, not once per neighbour: neighbours share their own neighbours
    return Agreement(share=share, chance=chance, deviation=math.sqrt(chance * (1 - chance) / max(1, examples)))


_FOUND: dict[Kind, Callable[[Loaded], Iterator[tuple[Unit, int, Agreement]]]] = {
    "text": _continued,
    "boxes": _outlined,
    "pixels": _outlined,
}
"""What is asked, of anything else than labels."""
