"""One trial from top to bottom: a generator that serves Ray's workers, `suite repro`, the benchmarks and the tests."""

import math
import time
from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import torch
from torch import Tensor, nn

from suite.spec.trials import Trial
from suite.training.arguments import PositiveFloat, PositiveInt
from suite.training.build import arguments, bind, build_model
from suite.training.cost import cost
from suite.training.data_cache import Dataset
from suite.training.split import split_rows
from suite.training.streams import Noise, stream
from suite.trial_result import EpochRecord, TrialResult, pack_correctness

Training = Generator[EpochRecord, None, TrialResult]


def train(trial: Trial, *, dataset: Dataset) -> Training:
    """Yields a record per epoch and returns the trial's result. Divergence is a result; any other trouble raises.

    Same trial, same machine, same version of torch: bit-identical numbers, but for times.
    """
    return loop(trial, dataset, **arguments(trial.settings, "engine"))


def loop(  # noqa: C901 - one page that reads from top to bottom
    trial: Trial,
    dataset: Dataset,
    *,
    device: Literal["cpu", "cuda"],
    epochs: PositiveInt,
    batch_size: PositiveInt,
    train_examples: PositiveInt,
    validation_examples: PositiveInt,
    train_share: PositiveFloat = 1.0,
    evaluation_batch_size: PositiveInt = 256,
    precision: Literal["fp32", "bf16"] = "fp32",
    memory_format: Literal["channels_last", "contiguous"] = "channels_last",
    threads: PositiveInt = 1,
) -> Training:
    """The engine's settings are the keyword-only arguments: each of them can change the result's bits.

    `train_share` is the part of `train_examples` to train on: arms with more or less data, on workloads of any size.
    """
    # ------------------------------------------------------------------------------------------------ data
    begin = time.perf_counter()
    settings, seed = trial.settings, trial.seed
    torch.set_num_threads(threads)
    train_rows, val_rows, labels = split_rows(
        settings,
        dataset,
        seed,
        train_examples=train_examples,
        validation_examples=validation_examples,
        train_share=train_share,
    )
    preprocess = bind(settings, "preprocess", dataset.inputs[train_rows])
    train_x, train_y = _placed(preprocess(dataset.inputs[train_rows]), labels[train_rows], device)
    val_x, val_y = _placed(preprocess(dataset.inputs[val_rows]), labels[val_rows], device)

    # ----------------------------------------------------------------------------------------------- parts
    layout = torch.channels_last if memory_format == "channels_last" else torch.contiguous_format
    height, width, channels = dataset.inputs.shape[1:]
    model = build_model(settings, (channels, height, width), len(dataset.classes), seed)
    model.to(device=device, memory_format=layout)  # type: ignore[call-overload]
    task, criterion = bind(settings, "task"), bind(settings, "loss")
    sample = _images(train_x[: min(8, batch_size)], layout)
    counted_for = [item for item in settings.items() if item[0].split(".")[0] in ("model", "init", "loss")]
    counted = cost((sample.shape, len(dataset.classes), *counted_for), model, criterion, sample, train_y[: len(sample)])
    parameters = list(model.parameters())
    optimizer = bind(settings, "optimizer", parameters)
    base_rates = [group["lr"] for group in optimizer.param_groups]
    steps_per_epoch = max(1, len(train_rows) // batch_size)
    rate_factor = bind(settings, "schedule", epochs * steps_per_epoch, steps_per_epoch)
    augment = bind(settings, "augment")
    treat_gradients = bind(settings, "gradients")
    keep = bind(settings, "selection")
    permute = bind(settings, "order", train_rows, labels[train_rows])
    evaluate = _Evaluation(bind(settings, "evaluation"), task, criterion, layout, evaluation_batch_size)
    order, augmentation = stream(seed, "order"), stream(seed, "augment")
    noise = Noise(seed, device)
    autocast = torch.autocast(device, dtype=torch.bfloat16, enabled=precision == "bf16")
    if device == "cuda":
        torch.cuda.reset_peak_memory_stats()

    # -------------------------------------------------------------------------------------------- training
    records: list[EpochRecord] = []
    kept: EpochRecord | None = None
    weights: dict[str, Tensor] = {}
    reason = None
    for epoch in range(1, epochs + 1):
        _synchronize(device)
        start = time.perf_counter()
        totals = torch.zeros(3, device=device)  # loss, correct, gradient norm: summed there, read once per epoch
        model.train()
        permutation = permute(order).to(device)
        with noise:
            for step in range(steps_per_epoch):
                rows = permutation[step * batch_size : (step + 1) * batch_size]
                inputs, targets = _images(train_x[rows], layout), train_y[rows]
                if augment is not None:
                    inputs = augment(inputs, augmentation)
                with autocast:
                    outputs = model(inputs)
                loss = criterion(outputs, targets)
                loss.backward()
                norm = treat_gradients(parameters)
                factor = rate_factor((epoch - 1) * steps_per_epoch + step)
                for group, base in zip(optimizer.param_groups, base_rates, strict=True):
                    group["lr"] = base * factor
                optimizer.step()
                optimizer.zero_grad(set_to_none=True)
                totals += torch.stack((loss.detach() * len(rows), task.correct(outputs.detach(), targets).sum(), norm))
        seen = steps_per_epoch * min(batch_size, len(train_rows))
        loss_sum, correct_sum, norm_sum = totals.tolist()
        seconds = time.perf_counter() - start

        # ------------------------------------------------------------------------------------- validation
        with noise, autocast:
            val_loss, val_correct = evaluate(model, val_x, val_y)
        record = EpochRecord(
            epoch=epoch,
            train_loss=loss_sum / seen,
            train_metric=correct_sum / seen,
            val_loss=val_loss,
            val_metric=float(val_correct.mean()),
            learning_rate=optimizer.param_groups[0]["lr"],
            gradient_norm=norm_sum / steps_per_epoch,
            seconds=seconds,
            examples=seen,
        )
        records.append(record)
        yield record
        if not (math.isfinite(record.train_loss) and math.isfinite(val_loss)):
            what = "training" if not math.isfinite(record.train_loss) else "validation"
            reason = f"the {what} loss was not finite in epoch {epoch}"
            break
        if keep(record, kept):
            kept = record
            weights = {name: value.clone() for name, value in model.state_dict().items()} if epoch < epochs else {}

    # ---------------------------------------------------------------------------------------------- result
    measurements = {
        "parameters": float(sum(p.numel() for p in parameters)),
        "flops_per_example": counted.flops_per_example,
        # a CPU has no such meter that means anything in a reused process: there it is counted, not measured
        "peak_memory_bytes": float(torch.cuda.max_memory_allocated())
        if device == "cuda"
        else counted.fixed_bytes + counted.bytes_per_example * batch_size,
        "train_seconds": sum(record.seconds for record in records),
    }
    correct: np.ndarray | None = None
    if reason is None:
        assert kept is not None
        if weights:
            model.load_state_dict(weights)
        measurements |= {"val_loss": kept.val_loss, f"val_{task.metric_name}": kept.val_metric}
        if trial.purpose == "evaluation":
            test_x, test_y = _placed(preprocess(dataset.test_inputs), dataset.test_targets, device)
            with noise, autocast:
                test_loss, correct = evaluate(model, test_x, test_y)
            measurements |= {"test_loss": test_loss, f"test_{task.metric_name}": float(correct.mean())}
    return TrialResult(
        trial_id=trial.id,
        settings=settings,
        seed=seed,
        purpose=trial.purpose,
        data_fingerprint=trial.data_fingerprint,
        status="completed" if reason is None else "diverged",
        reason=reason,
        epochs=tuple(records),
        metric_name=task.metric_name,
        selected_epoch=kept.epoch if kept is not None and reason is None else None,
        measurements={**measurements, "total_seconds": time.perf_counter() - begin},
        test_correct=None if correct is None else pack_correctness(correct),
        test_examples=0 if correct is None else len(correct),
    )


def _placed(inputs: Tensor, targets: Tensor, device: str) -> tuple[Tensor, Tensor]:
    return inputs.contiguous().to(device), targets.to(device)


def _images(rows: Tensor, layout: torch.memory_format) -> Tensor:
    """(n, H, W, C) in memory as (n, C, H, W): free of cost for channels_last."""
    return rows.permute(0, 3, 1, 2).contiguous(memory_format=layout)


def _synchronize(device: str) -> None:
    if device == "cuda":
        torch.cuda.synchronize()


@dataclass(frozen=True)
class _Evaluation:
    scores: Callable[[nn.Module, Tensor], Tensor]
    task: Any
    criterion: Callable[[Tensor, Tensor], Tensor]
    layout: torch.memory_format
    batch_size: int

    def __call__(self, model: nn.Module, inputs: Tensor, targets: Tensor) -> tuple[float, np.ndarray]:
        """Mean loss in nats, and correctness of shape (N,)."""
        losses, correct = [], []
        with torch.inference_mode():
            for begin in range(0, len(targets), self.batch_size):
                rows = slice(begin, begin + self.batch_size)
                outputs = self.scores(model, _images(inputs[rows], self.layout))
                losses.append(self.criterion(outputs, targets[rows]) * len(targets[rows]))
                correct.append(self.task.correct(outputs, targets[rows]))
            return float(torch.stack(losses).sum()) / len(targets), torch.cat(correct).cpu().numpy()
