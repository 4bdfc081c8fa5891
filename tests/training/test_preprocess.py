"""What is done to pixels before training."""

import pytest
import torch
from torch import Tensor

from suite.training.preprocess import mean_only, pca, raw, standardize, unit_range, zca_whitening


def pictures(count: int, seed: int) -> Tensor:
    """uint8 (count, 4, 4, 2): neighbours resemble one another, the channels differ in scale."""
    generator = torch.Generator().manual_seed(seed)
    base = torch.rand(count, 1, 1, 1, generator=generator) + torch.rand(count, 4, 1, 1, generator=generator)
    values = (base + 0.5 * torch.rand(count, 4, 4, 2, generator=generator)) * torch.tensor([40.0, 90.0])
    return values.to(torch.uint8)


TRAIN, OTHER = pictures(3000, 0), pictures(50, 1)


def covariance(values: Tensor) -> Tensor:
    flat = values.flatten(1).to(torch.float64)
    centred = flat - flat.mean(dim=0)
    return centred.T @ centred / len(flat)


def test_whitened_pixels_are_uncorrelated_with_equal_variances() -> None:
    whitened = zca_whitening.build(TRAIN, epsilon=1e-6)(TRAIN)
    assert whitened.shape == TRAIN.shape
    assert torch.allclose(covariance(whitened), torch.eye(32, dtype=torch.float64), atol=1e-3)


def test_a_large_epsilon_leaves_weak_components_weak() -> None:
    strongest, weakest = torch.linalg.eigvalsh(covariance(zca_whitening.build(TRAIN, epsilon=1.0)(TRAIN)))[[-1, 0]]
    assert weakest < 0.5 * strongest


@pytest.mark.parametrize("variance", [0.5, 0.9, 0.99])
def test_pca_keeps_the_fewest_components_that_have_the_variance(variance: float) -> None:
    standard = standardize.build(TRAIN)(TRAIN)
    projected = pca.build(TRAIN, variance=variance)(TRAIN)
    every = torch.linalg.eigvalsh(covariance(standard)).flip(0)
    kept = int((torch.linalg.eigvalsh(covariance(projected)) > 1e-6).sum())
    assert every[:kept].sum() >= variance * every.sum() > every[: kept - 1].sum()
    assert kept < 32
    lost = (projected - standard).square().sum() / (standard - standard.mean(dim=0)).square().sum()
    assert float(lost) == pytest.approx(1 - float(every[:kept].sum() / every.sum()), abs=1e-3)


def test_mean_only_centres_each_channel_and_changes_no_scale() -> None:
    ours, unit = mean_only.build(TRAIN)(TRAIN), unit_range.build(TRAIN)(TRAIN)
    assert torch.allclose(ours.mean(dim=(0, 1, 2)), torch.zeros(2), atol=1e-5)
    assert torch.allclose(ours.std(dim=(0, 1, 2)), unit.std(dim=(0, 1, 2)))


def test_raw_is_what_is_stored() -> None:
    assert torch.equal(raw.build(TRAIN)(OTHER).to(torch.uint8), OTHER)


@pytest.mark.parametrize("mechanism", [mean_only, pca, zca_whitening])
def test_statistics_come_from_the_training_part_alone(mechanism: object) -> None:
    build = mechanism.build  # type: ignore[attr-defined]
    assert torch.allclose(build(TRAIN)(OTHER)[:1], build(TRAIN)(OTHER[:1]), atol=1e-4)
    assert not torch.allclose(build(TRAIN)(OTHER), build(OTHER)(OTHER), atol=1e-2)
