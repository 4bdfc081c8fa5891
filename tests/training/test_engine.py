"""The training loop: the same numbers every time, what arms share, divergence, and who may read the test set."""

import itertools
import json
import math
import os
import random
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from own_code import seen_batches, seen_inputs
from tiny import SETTINGS, TOKENS, finish, numbers, random_dataset, random_tokens, run, trial, without_seconds
from torch import Tensor, nn
from torch.nn import functional

from suite.training.build import build_model
from suite.training.cost import _known
from suite.training.data_cache import Dataset, load, prepare
from suite.training.engine import train
from suite.training.streams import stream

DROPOUT = {"model.dropout": 0.3}
PARTS = {"engine.train_examples": 100, "engine.validation_examples": 60}
"""All of a `random_dataset`."""
NOISE = random_dataset()


@pytest.fixture(scope="session")
def digits(cache_dir: Path) -> Dataset:
    return load(prepare({"data": "digits", "data.test_examples": 897}, data_dirs=[], cache_dir=cache_dir))


def numbered_dataset() -> Dataset:
    """Each image tells its row: of the pool 0..159, of the test part 1000..1039."""
    rows = torch.cat([torch.arange(160), torch.arange(1000, 1040)])
    inputs = torch.zeros(200, 8, 8, 1, dtype=torch.uint8)
    inputs[:, 0, 0, 0], inputs[:, 0, 1, 0] = (rows // 200).to(torch.uint8), (rows % 200).to(torch.uint8)
    return Dataset(inputs[:160], rows[:160] % 10, inputs[160:], rows[160:] % 10, tuple("0123456789"))


def rows_of(images: Tensor) -> list[int]:
    """Of images (n, H, W, C) of `numbered_dataset`."""
    return (200 * images[:, 0, 0, 0].int() + images[:, 0, 1, 0].int()).tolist()


# ------------------------------------------------------------------------------------------- the same every time


def some_trial() -> dict[str, Any]:
    return numbers(run(NOISE, seed=8, augment="shift_flip", selection="best_val_loss", **DROPOUT, **PARTS))


def test_a_trial_gives_the_same_bits_twice_and_in_a_fresh_process() -> None:
    here = [some_trial() for _ in range(2)]
    assert here[0] == here[1]
    fresh = subprocess.run(
        [sys.executable, "-c", "import json, test_engine; print(json.dumps(test_engine.some_trial()))"],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "PYTHONHASHSEED": "7"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert json.loads(fresh.stdout) == json.loads(json.dumps(here[0]))


def test_another_seed_gives_other_numbers(digits: Dataset) -> None:
    first, second = (run(digits, seed=seed, engine__epochs=1) for seed in (1, 2))
    assert first.epochs[0].train_loss != second.epochs[0].train_loss
    assert first.test_correct != second.test_correct


def test_two_trials_advanced_in_turns_give_what_they_give_one_after_another(digits: Dataset) -> None:
    pair = [
        trial(seed=1, model__dropout=0.4, augment="shift_flip"),
        trial(seed=2, model__dropout=0.2, engine__epochs=3),
    ]
    one_after_another = [numbers(finish(train(item, dataset=digits))) for item in pair]
    running = [train(item, dataset=digits) for item in pair]
    in_turns = [[without_seconds(next(item)) for item in running] for _ in range(2)]
    results = [numbers(finish(item)) for item in running]
    assert results == one_after_another
    assert [[epochs[i] for epochs in in_turns] for i in range(2)] == [item["epochs"][:2] for item in one_after_another]


def test_the_global_generators_are_untouched_at_every_yield_and_do_not_matter(digits: Dataset) -> None:
    results = []
    for seed in (1, 2):
        torch.manual_seed(seed), np.random.seed(seed), random.seed(seed)
        before = torch.get_rng_state(), np.random.get_state()[1].tolist(), random.getstate()
        running = train(trial(model__dropout=0.3, augment="shift_flip"), dataset=digits)
        for _ in range(2):
            next(running)
            assert torch.equal(torch.get_rng_state(), before[0])
        results.append(numbers(finish(running)))
        assert torch.equal(torch.get_rng_state(), before[0])
        assert (np.random.get_state()[1].tolist(), random.getstate()) == before[1:]
    assert results[0] == results[1]


def test_dropout_draws_anew_in_each_epoch() -> None:
    """One row and next to no learning: only the noise can tell the epochs apart."""
    still = {"optimizer.lr": 1e-12, "engine.train_examples": 1, "engine.batch_size": 1}
    noisy, plain = (run(NOISE, **{**PARTS, **still, **change}).epochs for change in (DROPOUT, {}))
    assert noisy[0].train_loss != pytest.approx(noisy[1].train_loss, abs=1e-4)
    assert plain[0].train_loss == pytest.approx(plain[1].train_loss, abs=1e-4)


def test_every_use_of_randomness_draws_from_a_stream_of_its_own() -> None:
    names, seeds = ("split", "order", "augment", "noise", "init/conv1", "init/conv2"), (0, 1, 10_000)
    assert len({torch.rand(1, generator=stream(seed, name)).item() for seed in seeds for name in names}) == 18


# ------------------------------------------------------------------------------------------------ paired arms


def seen(**changes: Any) -> tuple[list[list[int]], list[list[int]]]:
    """Rows that the preprocessing was given, and rows of each training batch."""
    seen_inputs.GIVEN.clear()
    seen_batches.BATCHES.clear()
    run(
        numbered_dataset(),
        preprocess="own_code.seen_inputs",
        augment="own_code.seen_batches",
        **PARTS,
        **changes,
    )
    batches = [(255 * batch).round().permute(0, 2, 3, 1) for batch in seen_batches.BATCHES]
    return [rows_of(images) for images in seen_inputs.GIVEN], [rows_of(batch) for batch in batches]


@pytest.mark.parametrize(
    "change",
    [
        {"model__dropout": 0.5},
        {"model__norm": "batch"},
        {"model__widths": (5, 3)},
        {"optimizer": "adamw", "optimizer__lr": 0.01},
        {"loss__label_smoothing": 0.1},
        {"engine__precision": "bf16"},
    ],
    ids=str,
)
def test_arms_that_differ_in_one_setting_see_the_same_data_in_the_same_order(change: dict[str, Any]) -> None:
    assert seen() == seen(**change)


def test_an_epoch_goes_through_the_training_part_in_a_new_order_and_no_row_is_in_two_parts() -> None:
    (statistics, training, validation, test), batches = seen(engine__batch_size=50)
    assert statistics == training
    assert sorted(training + validation) == list(range(160))
    assert test == list(range(1000, 1040))
    epochs = batches[0] + batches[1], batches[2] + batches[3]
    assert sorted(epochs[0]) == sorted(epochs[1]) == sorted(training)
    assert epochs[0] != epochs[1]


def test_a_larger_training_part_contains_the_smaller_one() -> None:
    def training_rows(count: int) -> set[int]:
        seen_inputs.GIVEN.clear()
        parts = {"engine.train_examples": count, "engine.validation_examples": 50}
        run(numbered_dataset(), preprocess="own_code.seen_inputs", **parts)
        return set(rows_of(seen_inputs.GIVEN[0]))

    assert training_rows(50) < training_rows(100)


def initial_weights(seed: int = 4, **changes: Any) -> dict[str, Tensor]:
    return build_model(trial(**changes).settings, (1, 8, 8), 10, seed).state_dict()


@pytest.mark.parametrize(
    ("change", "shared"),
    [
        ({"model.dropout": 0.5}, 4),
        ({"model.norm": "batch"}, 4),
        ({"model.hidden": 20}, 2),
        ({"model.widths": (4, 9)}, 2),
    ],
    ids=str,
)
def test_arms_share_the_initial_weights_of_every_layer_whose_shapes_agree(change: dict[str, Any], shared: int) -> None:
    plain, changed = initial_weights(), initial_weights(**change)
    layers = [name.removesuffix(".weight") for name in plain if name.endswith(".weight")]
    parts = [[f"{layer}.weight", f"{layer}.bias"] for layer in layers]
    agreeing = [both for both in parts if all(changed[name].shape == plain[name].shape for name in both)]
    assert len(agreeing) == shared
    assert all(torch.equal(plain[name], changed[name]) for both in agreeing for name in both)


def test_initial_weights_depend_on_the_seed_and_no_two_layers_draw_the_same() -> None:
    one, other = initial_weights(seed=1), initial_weights(seed=2)
    assert not [name for name in one if torch.equal(one[name], other[name])]
    draws = [value.flatten()[:4] / value.flatten()[0] for name, value in one.items() if "weight" in name]
    assert not any(torch.allclose(a, b) for a, b in itertools.combinations(draws, 2))


# ---------------------------------------------------------------------------------------------------- an oracle


class Plain(nn.Module):
    """The network of tests/training/tiny.py as a textbook has it: the ReLU before the pool."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1, self.conv2 = nn.Conv2d(1, 4, 3, padding=1), nn.Conv2d(4, 8, 3, padding=1)
        self.hidden, self.output = nn.Linear(8 * 2 * 2, 16), nn.Linear(16, 10)

    def forward(self, x: Tensor) -> Tensor:
        x = functional.max_pool2d(functional.relu(self.conv1(x)), 2)
        x = functional.max_pool2d(functional.relu(self.conv2(x)), 2)
        return self.output(functional.relu(self.hidden(x.flatten(1))))


def oracle(data: Dataset, seed: int, epochs: int) -> tuple[list[tuple[float, ...]], np.ndarray]:
    """Train loss, accuracy, validation loss and gradient norm of each epoch, and the test set's correctness."""
    split = torch.randperm(900, generator=stream(seed, "split"))
    pixels, test_pixels = data.inputs.double(), data.test_inputs.double()
    mean, deviation = pixels[split[:200]].mean(), pixels[split[:200]].std(correction=0)
    images, test_images = (((x - mean) / deviation).float().permute(0, 3, 1, 2) for x in (pixels, test_pixels))
    x, y, val_x, val_y = (
        images[split[:200]],
        data.targets[split[:200]],
        images[split[200:300]],
        data.targets[split[200:300]],
    )
    model = Plain()
    model.load_state_dict(dict(zip(model.state_dict(), initial_weights(seed).values(), strict=True)))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.2, momentum=0.9)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=6 * epochs)
    order, records = stream(seed, "order"), []
    for _ in range(epochs):
        losses, right, norms = [], 0, []
        for rows in torch.randperm(200, generator=order).split(32)[:6]:  # the last 8 make no batch
            outputs = model(x[rows])
            loss = functional.cross_entropy(outputs, y[rows])
            optimizer.zero_grad()
            loss.backward()
            norms.append(math.sqrt(sum(float((p.grad**2).sum()) for p in model.parameters())))
            optimizer.step()
            schedule.step()
            losses.append(loss.item())
            right += int((outputs.argmax(1) == y[rows]).sum())
        with torch.no_grad():
            val_loss = functional.cross_entropy(model(val_x), val_y).item()
        records.append((np.mean(losses), right / 192, val_loss, np.mean(norms)))
    with torch.no_grad():
        return records, (model(test_images).argmax(1) == data.test_targets).numpy()


@pytest.mark.parametrize("layout", ["channels_last", "contiguous"])
def test_the_engine_trains_and_tests_as_a_plain_loop_does(digits: Dataset, layout: str) -> None:
    result = run(digits, seed=11, optimizer__lr=0.2, engine__epochs=3, engine__memory_format=layout)
    expected, correct = oracle(digits, seed=11, epochs=3)
    measured = [(e.train_loss, e.train_metric, e.val_loss, e.gradient_norm) for e in result.epochs]
    np.testing.assert_allclose(measured, expected, rtol=1e-4)
    assert (result.per_example("test_accuracy") != correct).sum() <= 2  # a tie may fall either way
    assert result.epochs[-1].learning_rate == pytest.approx(0.2 * 0.5 * (1 + math.cos(math.pi * 17 / 18)))


def test_the_size_of_evaluation_batches_changes_nothing_that_is_measured(digits: Dataset) -> None:
    whole, pieces = (run(digits, engine__evaluation_batch_size=size, model__norm="batch") for size in (2000, 7))
    assert whole.epochs[-1].val_loss == pytest.approx(pieces.epochs[-1].val_loss, rel=1e-5)
    assert whole.measurements["test_loss"] == pytest.approx(pieces.measurements["test_loss"], rel=1e-5)
    assert (whole.per_example("test_accuracy") != pieces.per_example("test_accuracy")).sum() <= 2


def test_fewer_training_examples_than_a_batch_make_one_small_batch() -> None:
    result = run(NOISE, engine__batch_size=64, engine__train_examples=40, engine__validation_examples=20)
    assert [epoch.examples for epoch in result.epochs] == [40, 40]
    assert result.epochs[0].train_loss == pytest.approx(math.log(10), rel=0.2)  # of 40 examples, not of 64


def test_more_examples_than_there_are_is_an_error_that_says_how_many_there_are() -> None:
    with pytest.raises(ValueError, match=r"100 \+ 61 .* has 160"):
        run(NOISE, engine__train_examples=100, engine__validation_examples=61)


# ------------------------------------------------------------------------------------------ how a trial can end


def test_an_absurd_learning_rate_is_a_divergence_and_later_trials_do_not_notice(digits: Dataset) -> None:
    before = numbers(run(digits))
    wild = run(digits, optimizer__lr=1e15, engine__epochs=5)
    assert wild.status == "diverged"
    assert wild.reason == f"the training loss was not finite in epoch {len(wild.epochs)}"
    assert wild.selected_epoch is None
    assert wild.test_correct is None
    assert not [name for name in wild.measurements if name.startswith(("val", "test"))]
    assert numbers(run(digits)) == before


def test_a_validation_loss_that_is_not_finite_is_a_divergence_too() -> None:
    """One huge step at the end of the only epoch: no training loss has seen it."""
    small = {"engine__epochs": 1, "engine__train_examples": 32, "engine__validation_examples": 32}
    result = run(NOISE, optimizer__lr=1e30, **small)
    assert (result.status, result.reason) == ("diverged", "the validation loss was not finite in epoch 1")
    assert math.isfinite(result.epochs[0].train_loss)


def test_best_val_loss_ends_with_the_weights_of_the_epoch_it_names(digits: Dataset) -> None:
    overfit = {"schedule": "constant", "optimizer__lr": 0.25, "engine__train_examples": 64}
    best = run(digits, selection="best_val_loss", engine__epochs=12, **overfit)
    chosen = min(best.epochs, key=lambda epoch: epoch.val_loss)
    assert best.selected_epoch == chosen.epoch
    assert 1 < chosen.epoch < 12, "this run is to get worse again; choose other settings"
    stopped = run(digits, selection="last", engine__epochs=chosen.epoch, **overfit)
    assert best.test_correct == stopped.test_correct
    for name in ("val_loss", "val_accuracy", "test_loss", "test_accuracy"):
        assert best.measurements[name] == stopped.measurements[name]
    assert best.measurements["val_loss"] == chosen.val_loss


def test_best_val_loss_restores_the_running_statistics_of_batch_normalisation_too(digits: Dataset) -> None:
    settings = {"schedule": "constant", "optimizer__lr": 0.5, "engine__train_examples": 64, "model__norm": "batch"}
    best = run(digits, selection="best_val_loss", engine__epochs=8, **settings)
    assert best.selected_epoch is not None
    assert best.selected_epoch < 8, "this run is to get worse again; choose other settings"
    stopped = run(digits, engine__epochs=best.selected_epoch, **settings)
    assert best.measurements["test_loss"] == stopped.measurements["test_loss"]


# ---------------------------------------------------------------------------------------------- the test set


def test_the_test_set_is_read_by_evaluation_trials_only() -> None:
    unreadable = NOISE._replace(
        test_inputs=torch.empty(40, 8, 8, 1, dtype=torch.uint8, device="meta"),
        test_targets=torch.empty(40, dtype=torch.int64, device="meta"),
    )
    tuning = run(unreadable, purpose="tuning", selection="best_val_loss", **PARTS)
    assert tuning.status == "completed"
    assert (tuning.test_correct, tuning.per_example("test_accuracy"), tuning.test_examples) == (None, None, 0)
    assert not {name for name in tuning.measurements if name.startswith(("test_", "scoring_"))}
    assert run(NOISE, purpose="evaluation", **PARTS).measurements["scoring_seconds"] > 0
    with pytest.raises(RuntimeError, match="meta"):
        run(unreadable, purpose="evaluation", **PARTS)


def test_nothing_but_the_test_figures_depends_on_the_test_set() -> None:
    other = NOISE._replace(test_inputs=255 - NOISE.test_inputs, test_targets=(NOISE.test_targets + 1) % 10)
    results = [numbers(run(data, selection="best_val_loss", model__norm="batch", **PARTS)) for data in (NOISE, other)]
    test_losses = [result["measurements"].pop("test_loss") for result in results]
    assert test_losses[0] != test_losses[1]
    for result in results:
        del result["measurements"]["test_accuracy"], result["measurements"]["test_macro_f1"], result["test_correct"]
    assert results[0] == results[1]


def test_the_packed_bits_unpack_to_the_test_accuracy(digits: Dataset) -> None:
    result = run(digits, optimizer__lr=0.2, engine__epochs=5)
    correct = result.per_example("test_accuracy")
    assert correct is not None
    assert correct.shape == (897,)
    assert correct.mean() == result.measurements["test_accuracy"]
    assert 0.2 < correct.mean() < 0.99  # a run that tells right from wrong


def test_the_counted_memory_of_a_trial_does_not_depend_on_the_trials_before_it() -> None:
    def memory(*smoothings: float) -> float:
        _known.clear()
        return [run(NOISE, loss__label_smoothing=each, **PARTS) for each in smoothings][-1].measurements[
            "peak_memory_bytes"
        ]

    assert memory(0.0, 0.1) == memory(0.1)


def test_the_counted_cost_of_a_trial_does_not_depend_on_another_data_set_of_the_same_shape() -> None:
    _known.clear()
    ten, three = (run(random_dataset(classes=classes), **PARTS).measurements for classes in (10, 3))
    assert three["flops_per_example"] == ten["flops_per_example"] - 3 * 2 * 16 * 7  # 7 columns of the last layer


# ------------------------------------------------------------------------------------- precision and devices


def test_bf16_on_the_cpu_is_finite_and_near_fp32_but_not_equal(digits: Dataset) -> None:
    full, half = (run(digits, engine__precision=precision, engine__epochs=3) for precision in ("fp32", "bf16"))
    assert half.status == "completed"
    assert half.epochs[0].train_loss != full.epochs[0].train_loss
    assert half.epochs[0].train_loss == pytest.approx(full.epochs[0].train_loss, rel=0.02)
    assert half.measurements["test_loss"] == pytest.approx(full.measurements["test_loss"], rel=0.1)


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
@pytest.mark.parametrize("kind", ["images", "texts"])
def test_a_gpu_gives_nearly_the_numbers_of_the_cpu_and_twice_the_same(digits: Dataset, kind: str) -> None:
    data, base = (digits, SETTINGS) if kind == "images" else (random_tokens(), TOKENS)
    cpu = run(data, base=base)
    gpu, again = (run(data, base=base, engine__device="cuda") for _ in range(2))
    assert gpu.epochs[0].train_loss == pytest.approx(cpu.epochs[0].train_loss, rel=0.01)
    assert gpu.measurements["test_accuracy"] == pytest.approx(cpu.measurements["test_accuracy"], abs=0.05)
    assert gpu.measurements["flops_per_example"] == cpu.measurements["flops_per_example"]
    assert [without_seconds(epoch) for epoch in gpu.epochs] == [without_seconds(epoch) for epoch in again.epochs]


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
def test_the_global_generator_of_a_gpu_is_untouched(digits: Dataset) -> None:
    torch.cuda.manual_seed(1)
    before = torch.cuda.get_rng_state()
    run(digits, engine__device="cuda", model__dropout=0.35, model__hidden=17)  # a network not counted before
    assert torch.equal(torch.cuda.get_rng_state(), before)
