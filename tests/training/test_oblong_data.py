"""Data sets of oblong images: words that differ in the order of their letters, garments in rows."""

from pathlib import Path

import pytest
import torch
from torch import Tensor
from torch.nn import functional

from suite.training.data import fashion_mnist, fashion_rows, words
from suite.training.data_cache import Dataset
from suite.training.fetch import Fetch


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


# --------------------------------------------------------------------------------------------------------- words


def word_set(folder: Path, *, noise: float = 0.08, seed: int = 0) -> Dataset:
    fetch = Fetch(folders=(), staging=folder)
    return words.build(fetch, pool_examples=1200, test_examples=400, noise=noise, seed=seed)


def test_words_are_ten_anagrams_equally_frequent_on_images_three_times_as_wide_as_high(tmp_path: Path) -> None:
    data = word_set(tmp_path)
    assert (data.inputs.shape, data.test_inputs.shape) == ((1200, 12, 36, 1), (400, 12, 36, 1))
    assert data.inputs.dtype == torch.uint8
    assert len(set(data.classes)) == 10
    assert {"".join(sorted(word)) for word in data.classes} == {"AELST"}
    assert (data.targets.bincount() + data.test_targets.bincount()).tolist() == [160] * 10


def test_words_are_the_same_for_the_same_seed_only_and_no_two_images_are_alike(tmp_path: Path) -> None:
    torch.manual_seed(1)
    state = torch.get_rng_state()
    first = word_set(tmp_path)
    assert torch.equal(torch.get_rng_state(), state)
    again, other = word_set(tmp_path), word_set(tmp_path, seed=1)
    assert torch.equal(first.inputs, again.inputs)
    assert torch.equal(first.test_targets, again.test_targets)
    assert not torch.equal(first.inputs, other.inputs)
    assert len(torch.cat([first.inputs, first.test_inputs]).flatten(1).unique(dim=0)) == 1600


def test_words_can_be_told_apart_by_more_than_chance(tmp_path: Path) -> None:
    """Without noise, by the nearest mean image: wrong labels would leave a tenth."""
    data = word_set(tmp_path, noise=0.0)
    x, test_x = data.inputs.float().flatten(1), data.test_inputs.float().flatten(1)
    means = torch.stack([x[data.targets == label].mean(0) for label in range(10)])
    assert (torch.cdist(test_x, means).argmin(1) == data.test_targets).float().mean() > 0.2


# ---------------------------------------------------------------------------------------------------------- rows


def numbered_photographs() -> tuple[Tensor, Tensor]:
    """200 images of 4x6 that are as bright as their number, of ten kinds by turns."""
    numbers = torch.arange(200)
    return numbers.to(torch.uint8)[:, None, None, None].expand(-1, 4, 6, 1), numbers % 10


def test_a_row_has_two_garments_of_the_label_s_kind_and_one_each_of_three_others() -> None:
    rows, labels = fashion_rows.in_rows(*numbered_photographs(), 3000, generator())
    assert rows.shape == (3000, 2, 15, 1)
    garments = rows[..., 0].unflatten(2, (5, 3)).long()  # (n, 2, 5, 3)
    shown = garments[:, 0, :, 0]
    assert torch.equal(garments, shown[:, None, :, None].expand_as(garments))  # each whole, in a place of its own
    counts = functional.one_hot(shown % 10, 10).sum(1)
    assert counts.sort(1, descending=True).values[:, :5].unique(dim=0).tolist() == [[2, 1, 1, 1, 0]]
    assert torch.equal(counts.argmax(1), labels)
    assert labels.bincount().min() > 220  # of 300 expected: five standard deviations
    pairs = ((shown % 10) == labels[:, None]).float().mean(0)
    assert pairs.tolist() == pytest.approx([0.4] * 5, abs=0.05)
    assert shown.unique().tolist() == list(range(200))


def test_rows_depend_on_their_generator_only() -> None:
    first, again, other = (fashion_rows.in_rows(*numbered_photographs(), 50, generator(seed)) for seed in (1, 1, 2))
    assert torch.equal(first[0], again[0])
    assert not torch.equal(first[0], other[0])


def test_training_rows_are_of_training_photographs_and_test_rows_of_test_photographs(
    data_root: Path, tmp_path: Path
) -> None:
    for name in ("photographs", "rows"):
        (tmp_path / name).mkdir()
    photographs = fashion_mnist.build(Fetch(folders=[data_root], staging=tmp_path / "photographs"))
    fetch = Fetch(folders=[data_root], staging=tmp_path / "rows")
    rows = fashion_rows.build(fetch, pool_examples=300, test_examples=200)
    assert (rows.inputs.shape, rows.test_inputs.shape) == ((300, 14, 70, 1), (200, 14, 70, 1))
    for images, sources in [(rows.inputs, photographs.inputs), (rows.test_inputs, photographs.test_inputs)]:
        half = functional.avg_pool2d(sources[..., 0].float(), 2).round().to(torch.uint8)
        known = {picture.numpy().tobytes() for picture in half}
        garments = images[..., 0].unflatten(2, (5, 14)).transpose(1, 2).flatten(0, 1).contiguous()
        assert all(garment.numpy().tobytes() in known for garment in garments)
