"""Images at several scales: the data's, the training's, the testing's and the network's."""

from pathlib import Path

import pytest
import torch
from tiny import PIXELS, random_pixels, run
from torch import Tensor, nn

from suite.errors import DataError
from suite.training.augment import multi_scale as training
from suite.training.data import glyphs
from suite.training.data_cache import Dataset, load, prepare
from suite.training.evaluation import multi_scale as testing
from suite.training.evaluation import plain
from suite.training.fetch import Fetch
from suite.training.image_sizes import at_random_sizes, resized
from suite.training.model import deep_cnn


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


# ------------------------------------------------------------------------------------------------------ resizing


def test_an_image_at_half_size_has_the_means_of_its_surroundings_and_no_single_pixels() -> None:
    stripes = torch.zeros(1, 1, 16, 16)
    stripes[..., ::2] = 1.0
    halved = resized(stripes, 0.5)
    assert halved.shape == (1, 1, 8, 8)
    assert (halved[..., 1:-1] - 0.5).abs().max() < 0.01  # sampled without antialiasing they may be all 0 or all 1


def test_a_slope_stays_a_slope_at_every_size() -> None:
    slope = torch.arange(12.0).expand(2, 3, 12, 12)
    for factor, size in ((1.5, 18), (0.75, 9)):
        inside = resized(slope, factor)[..., 3:-3]
        assert inside.shape[-2] == size
        assert torch.allclose(inside.diff(dim=-1), torch.tensor(1 / factor), atol=0.05)


def test_a_factor_of_one_changes_nothing_and_none_leaves_less_than_a_pixel() -> None:
    images = torch.rand(2, 3, 7, 9, generator=generator())
    assert torch.equal(resized(images, 1.0), images)
    assert resized(images, 0.01).shape == (2, 3, 1, 1)


# ------------------------------------------------------------------------------------------------------ data sets


def test_white_images_become_centred_squares_of_all_sizes_down_to_the_smallest() -> None:
    white = torch.full((4000, 20, 20, 1), 255, dtype=torch.uint8)
    shown = at_random_sizes(white, 0.25, generator())[..., 0]
    assert ((shown == 0) | (shown == 255)).all()
    rows, columns = (shown.amax(dim) > 0 for dim in (2, 1))
    sides = rows.sum(1)
    assert torch.equal(sides, columns.sum(1))
    assert sorted(set(sides.tolist())) == list(range(5, 21))
    above, below = rows.int().argmax(1), rows.flip(1).int().argmax(1)
    assert ((below - above) >= 0).all()
    assert ((below - above) <= 1).all()
    assert 0.45 < (sides < 10).float().mean() < 0.5  # log-uniform, and 10 counts to the larger half


def test_each_image_keeps_its_place_colour_and_kind_of_number() -> None:
    for dtype in (torch.uint8, torch.float32):
        images = torch.arange(1, 51).to(dtype)[:, None, None, None].expand(50, 8, 8, 3) * torch.tensor([1, 2, 3])
        images = images.to(dtype)
        shown = at_random_sizes(images, 0.5, generator())
        assert shown.dtype == dtype
        assert torch.allclose(shown.amax((1, 2)).float(), images[:, 0, 0].float())


def test_at_full_size_nothing_is_drawn_and_nothing_changes() -> None:
    images, draws = torch.randint(0, 256, (9, 8, 8, 3), dtype=torch.uint8, generator=generator()), generator(1)
    assert torch.equal(at_random_sizes(images, 1.0, draws), images)
    assert torch.equal(draws.get_state(), generator(1).get_state())


def test_a_size_that_does_not_fit_the_canvas_is_refused() -> None:
    with pytest.raises(DataError, match=r"data.smallest 1.5: at most 1"):
        at_random_sizes(torch.zeros(1, 8, 8, 1), 1.5, generator())


def glyph_set(folder: Path, **settings: float) -> Dataset:
    fetch = Fetch(folders=(), staging=folder)
    return glyphs.build(fetch, pool_examples=500, test_examples=10, noise=0.0, **settings)  # type: ignore[arg-type]


def test_small_glyphs_are_the_same_letters_with_more_paper_around(tmp_path: Path) -> None:
    ordinary, scaled = glyph_set(tmp_path), glyph_set(tmp_path, smallest=0.3)
    assert torch.equal(ordinary.targets, scaled.targets)

    def contrast(data: Dataset, rows: slice) -> Tensor:
        return data.inputs[:, rows, rows, 0].float().std((1, 2)).mean()

    def concentration(data: Dataset) -> Tensor:
        """Contrast in the middle against contrast in a corner, where only other letters and paper are."""
        return contrast(data, slice(5, 11)) / contrast(data, slice(0, 3))

    assert concentration(scaled) > 1.5 * concentration(ordinary)


def test_fashion_mnist_at_random_sizes_is_the_same_clothing_in_smaller(data_root: Path, cache_dir: Path) -> None:
    ordinary, scaled = (
        load(prepare({"data": "fashion_mnist", **more}, data_dirs=[data_root], cache_dir=cache_dir))
        for more in ({}, {"data.smallest": 0.5})
    )
    assert torch.equal(ordinary.test_targets, scaled.test_targets)
    assert scaled.test_inputs.shape == ordinary.test_inputs.shape
    ink = [data.test_inputs.double().mean().item() for data in (ordinary, scaled)]
    expected = (1 - 0.5**2) / (2 * torch.log(torch.tensor(2.0)).item())  # the mean of the squares of log-uniform sizes
    assert ink[1] / ink[0] == pytest.approx(expected, rel=0.03)


# ------------------------------------------------------------------------------------- training and testing


def test_every_batch_is_of_one_size_and_all_sizes_are_as_frequent() -> None:
    augment, draws, batch = training.build(factors=(0.5, 1.0, 1.5)), generator(), torch.rand(2, 3, 8, 8)
    sizes = [tuple(augment(batch, torch.zeros(2, dtype=torch.int64), draws)[0].shape) for _ in range(900)]
    assert set(sizes) == {(2, 3, side, side) for side in (4, 8, 12)}
    assert all(240 < sizes.count((2, 3, side, side)) < 360 for side in (4, 8, 12))  # four standard deviations


def test_the_sizes_depend_on_the_generator_only() -> None:
    augment, batch = training.build(), torch.rand(2, 1, 20, 20)

    def widths(seed: int) -> list[int]:
        draws = generator(seed)
        return [augment(batch, torch.zeros(2, dtype=torch.int64), draws)[0].shape[3] for _ in range(30)]

    assert widths(1) == widths(1) != widths(2)


def test_the_cost_of_training_at_several_sizes_is_their_mean_and_the_memory_that_of_the_largest() -> None:
    def costs(*factors: float) -> tuple[float, float]:
        found = run(
            random_pixels(pool=300), base=PIXELS, augment="multi_scale", augment__factors=factors, engine__epochs=1
        ).measurements
        return found["flops_per_example"], found["peak_memory_bytes"]

    small, large, both = costs(0.5), costs(1.0), costs(0.5, 1.0)
    assert small[0] == pytest.approx(large[0] / 4, rel=0.05)
    assert both == (pytest.approx((small[0] + large[0]) / 2), large[1])
    assert small[1] < large[1]


class _BySize(nn.Module):
    """Scores that are known for each width of the images; says nothing in training mode."""

    def __init__(self, scores: dict[int, list[float]]) -> None:
        super().__init__()
        self.scores = scores

    def forward(self, inputs: Tensor) -> Tensor:
        assert not self.training
        return torch.tensor([self.scores[inputs.shape[3]]] * len(inputs))


def test_probabilities_are_averaged_over_the_sizes_and_not_the_scores() -> None:
    model = _BySize({4: [9.0, 0.0, 0.0], 8: [0.0, 1.0, 0.0], 12: [0.0, 1.0, 0.0]})
    logs = testing.build(factors=(0.5, 1.0, 1.5))(model, torch.rand(5, 1, 8, 8))
    expected = torch.stack([torch.tensor(scores).softmax(0) for scores in model.scores.values()]).mean(0)
    assert torch.allclose(logs, expected.log().expand(5, 3), atol=1e-6)
    assert torch.allclose(logs.exp().sum(1), torch.ones(5))


def test_boxes_found_at_several_sizes_are_not_averaged() -> None:
    class Boxes(nn.Module):
        def forward(self, images: Tensor) -> Tensor:
            return images.new_zeros(len(images), 12, 10)

    with pytest.raises(ValueError, match="boxes need evaluation plain"):
        testing.build(factors=(1.0,))(Boxes(), torch.zeros(2, 1, 8, 8))


def test_at_one_size_the_probabilities_are_those_of_plain_testing() -> None:
    model, inputs = deep_cnn.build((1, 8, 8), 10), torch.rand(4, 1, 8, 8, generator=generator())
    with torch.no_grad():
        one, other = testing.build(factors=(1.0,))(model, inputs), plain.build()(model, inputs)
    assert torch.allclose(one, other.log_softmax(1), atol=1e-6)


# ------------------------------------------------------------------------------------------------------ the network


@pytest.mark.parametrize("connections", ["plain", "residual"])
def test_a_head_on_all_stages_sees_the_means_of_each_stage_in_order(connections: str) -> None:
    last, both = (
        deep_cnn.build((1, 16, 16), 10, width=4, connections=connections, head=head).eval()  # type: ignore[arg-type]
        for head in ("last_stage", "all_stages")
    )
    weights = {name: value for name, value in last.state_dict().items() if not name.startswith("output")}
    assert both.load_state_dict(weights, strict=False).missing_keys == ["output.weight", "output.bias"]
    output = both.get_submodule("output")
    assert isinstance(output, nn.Linear)
    assert output.in_features == 4 + 8 + 16
    inputs = torch.rand(3, 1, 16, 16, generator=generator())
    maps, seen = inputs, list[Tensor]()
    for name, layer in last.named_children():
        if name.startswith(("down", "pool")):
            seen.append(maps.mean((2, 3)))
        if name == "pool":
            break
        maps = layer(maps)
    assert [item.shape[1] for item in seen] == [4, 8, 16]
    assert torch.allclose(both(inputs), output(torch.cat(seen, 1)), atol=1e-6)


@pytest.mark.parametrize("head", ["last_stage", "all_stages"])
def test_a_deep_network_takes_images_of_another_size_than_it_was_built_for(head: str) -> None:
    model = deep_cnn.build((1, 16, 16), 10, head=head)  # type: ignore[arg-type]
    assert model(torch.rand(2, 1, 21, 13)).shape == (2, 10)


def test_dense_connections_with_a_head_on_all_stages_are_refused() -> None:
    with pytest.raises(ValueError, match=r"'all_stages' is for connections 'plain' or 'residual'"):
        deep_cnn.build((1, 16, 16), 10, connections="dense", head="all_stages")
