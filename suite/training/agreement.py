"""Whether labels go with their inputs: told by examples that are alike, and in a text by what follows each place."""

import math
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch
from scipy.sparse import csr_matrix, diags
from torch import Tensor

from suite.training import padding
from suite.training.loaded import Loaded

Unit = Literal["rows", "places"]
_NEIGHBOURS = 5
_SHIFTS = (-3, -2, -1, 1, 2, 3)


@dataclass(frozen=True, kw_only=True)
class Agreement:
    """How often an example and its nearest neighbours have the same label.

    Of a text: at how many places the target is the symbol that stands at the next place of the input.
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
    found = _continued(loaded) if loaded.kind == "text" else _alike(loaded)
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
    return Agreement(share=share, chance=chance, deviation=math.sqrt(chance * (1 - chance) / examples))
