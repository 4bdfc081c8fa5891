"""One trial from top to bottom: a generator that serves Ray's workers, `suite repro`, the benchmarks and the tests."""

import math
import time
from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch
from torch import Tensor, nn

from suite.spec.trials import Trial
from suite.training.answers import KEPT, photograph
from suite.training.arguments import PositiveFloat, PositiveInt
from suite.training.augment import OfSeveralSizes
from suite.training.batches import scoring_batches
from suite.training.build import arguments, bind, build_model
from suite.training.cost import cost
from suite.training.data_cache import Dataset
from suite.training.examples import Device, Examples, Resident
from suite.training.gpu import repeat_exactly
from suite.training.probe import Probed
from suite.training.rows import scored_rows, split_rows
from suite.training.schedule import FollowsValidation
from suite.training.stage import Stage, begin, pretrain
from suite.trial_result import EpochRecord, TrialResult, Value, recorded

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
    validation_share: PositiveFloat = 1.0,
    evaluation_batch_size: PositiveInt = 256,
    precision: Literal["fp32", "bf16"] = "fp32",
    memory_format: Literal["channels_last", "contiguous"] = "channels_last",
    threads: PositiveInt = 1,
    trim_padding: bool = True,
) -> Training:
    """The engine's settings are the keyword-only arguments: each of them can change the result's bits.

    `train_share` is the part of `train_examples` to train on, `validation_share` likewise: arms with more or less data,
    on workloads of any size. With `trim_padding` a batch of sequences is as long as its longest one, not as the data
    set's.
    """
    # ------------------------------------------------------------------------------------------------ data
    start = time.perf_counter()
    settings, seed = trial.settings, trial.seed
    torch.set_num_threads(threads)
    if device == "cuda":
        repeat_exactly()
    split = split_rows(
        settings,
        dataset,
        seed,
        train_examples=train_examples,
        validation_examples=validation_examples,
        train_share=train_share,
        validation_share=validation_share,
    )
    preprocess = bind(settings, "preprocess", dataset.inputs[split.train])

    def examples(rows: Tensor, classes: tuple[str, ...]) -> Examples:
        return Examples(preprocess(dataset.inputs[rows]), split.labels[rows], len(classes), len(dataset.vocabulary))

    mine, held = examples(split.train, split.classes), examples(split.validation, split.classes)

    # ----------------------------------------------------------------------------------------------- parts
    layout = torch.channels_last if memory_format == "channels_last" else torch.contiguous_format
    where = Device(name=device, precision=precision, layout=layout, trim=trim_padding)
    model = where.place(build_model(settings, mine.shape, mine.classes, seed))
    plan = bind(settings, "pretraining", mine, lambda: examples(split.left_out, split.other_classes))
    before, finite = 0.0, True
    if plan is not None:
        before, finite = pretrain(settings, model, plan, batch_size=batch_size, seed=seed, device=where)
    stage = begin(
        settings, model, mine, rows=split.train, epochs=epochs, batch_size=batch_size, seed=seed, device=where
    )
    keep = bind(settings, "selection")
    evaluate = _Evaluation(bind(settings, "evaluation"), stage, evaluation_batch_size)
    validation = Resident(held, where)
    sample, labels = stage.examples.sample(min(8, batch_size))
    counted_for = [
        item for item in settings.items() if item[0].split(".")[0] in ("model", "init", "pretraining", "loss")
    ]
    sizes = stage.augment.each(sample, labels) if isinstance(stage.augment, OfSeveralSizes) else [(sample, labels)]
    counted = [
        cost((inputs.shape, mine.classes, *counted_for), model, stage.criterion, inputs, targets)
        for inputs, targets in sizes
    ]
    if device == "cuda":
        torch.cuda.reset_peak_memory_stats()

    # -------------------------------------------------------------------------------------------- training
    records: list[EpochRecord] = []
    kept: EpochRecord | None = None
    kept_metrics: dict[str, float] = {}
    weights: dict[str, Tensor] = {}
    places = computed = 0
    reason = None if finite else "the training loss was not finite in pre-training"
    for epoch in range(1, epochs + 1 if finite else 1):
        trained = stage.epoch(epoch)
        places, computed = places + trained.places, computed + trained.computed

        # ------------------------------------------------------------------------------------- validation
        val_loss, tallies = evaluate(validation)
        val_metrics = {"loss": val_loss, **stage.task.metrics(tallies, val_loss)}
        record = EpochRecord(
            epoch=epoch,
            train_loss=trained.loss,
            train_metric=trained.metric,
            val_loss=val_metrics["loss"],
            val_metric=val_metrics[stage.task.metric_name],
            learning_rate=stage.optimizer.param_groups[0]["lr"],
            gradient_norm=trained.gradient_norm,
            seconds=trained.seconds,
            examples=trained.examples,
        )
        records.append(record)
        if isinstance(stage.rate_factor, FollowsValidation):
            stage.rate_factor.after_epoch(record.val_loss)
        yield record
        if not (math.isfinite(record.train_loss) and math.isfinite(record.val_loss)):
            what = "training" if not math.isfinite(record.train_loss) else "validation"
            reason = f"the {what} loss was not finite in epoch {epoch}"
            break
        if keep(record, kept):
            kept, kept_metrics = record, val_metrics
            weights = {name: value.clone() for name, value in model.state_dict().items()} if epoch < epochs else {}

    # ---------------------------------------------------------------------------------------------- result
    measurements = {
        "classes": float(mine.classes),
        "parameters": float(sum(p.numel() for p in stage.parameters)),
        "flops_per_example": math.fsum(each.flops_per_example for each in counted) / len(counted),
        # a CPU has no such meter that means anything in a reused process: there it is counted, not measured
        "peak_memory_bytes": float(torch.cuda.max_memory_allocated())
        if device == "cuda"
        else max(each.fixed_bytes + each.bytes_per_example * batch_size for each in counted),
        "train_seconds": before + sum(record.seconds for record in records),
    }
    if computed:
        measurements |= {"padding_share": 1 - places / computed}
        measurements |= {"tokens_per_second": places / sum(record.seconds for record in records)}
    if plan is not None:
        measurements["pretraining_seconds"] = before
    scored: dict[str, np.ndarray] = {}
    filters: tuple[tuple[float, ...], ...] = ()
    answers: tuple[tuple[Value, ...], ...] = ()
    if reason is None:
        assert kept is not None
        if weights:
            model.load_state_dict(weights)
        probe = bind(settings, "probe")
        found = probe(model) if probe is not None else Probed({})
        measurements, filters = measurements | found.measurements, found.filters
        measurements |= {f"train_{stage.task.metric_name}": kept.train_metric}
        measurements |= {f"val_{name}": value for name, value in kept_metrics.items()}
        if trial.purpose == "evaluation":
            rows = scored_rows(settings, dataset)
            inputs, labels = preprocess(dataset.test_inputs[rows]), dataset.test_targets[rows]
            test = Resident(Examples(inputs, labels, mine.classes, mine.symbols), where)
            began = time.perf_counter()
            test_loss, tallies = evaluate(test)
            measurements["scoring_seconds"] = time.perf_counter() - began
            parts = stage.task.per_example(tallies)
            scored = {name: values.flatten().cpu().numpy() for name, values in parts.items()}
            answers = evaluate.answers(test, dataset.test_inputs[rows[:KEPT]], split.classes)
            test_metrics = {"loss": test_loss, **stage.task.metrics(tallies, test_loss)}
            measurements |= {f"test_{name}": value for name, value in test_metrics.items()}
    return TrialResult(
        trial_id=trial.id,
        settings=settings,
        seed=seed,
        purpose=trial.purpose,
        data_fingerprint=trial.data_fingerprint,
        status="completed" if reason is None else "diverged",
        reason=reason,
        epochs=tuple(records),
        metric_name=stage.task.metric_name,
        selected_epoch=kept.epoch if kept is not None and reason is None else None,
        measurements={**measurements, "total_seconds": time.perf_counter() - start},
        **recorded(scored),
        filters=filters,
        answers=answers,
    )


@dataclass(frozen=True)
class _Evaluation:
    scores: Callable[[nn.Module, Tensor], Tensor]
    stage: Stage
    batch_size: int

    def __call__(self, examples: Resident) -> tuple[float, Tensor]:
        """Mean loss in nats, and the task's tally of each example, shape (N, ...)."""
        stage, losses, tallies = self.stage, list[Tensor](), list[Tensor]()
        batches = scoring_batches(examples.lengths, len(examples), self.batch_size, continues=stage.order.continues)
        network = stage.network()
        with stage.noise, stage.device.autocast(), torch.inference_mode():
            for inputs, targets in examples.batches(batches):
                outputs = self.scores(network, inputs)
                losses.append(stage.criterion(outputs, targets) * len(targets))
                tallies.append(stage.task.tally(outputs, targets))
            back = torch.cat(batches).argsort()
            return float(torch.stack(losses).sum()) / len(examples), torch.cat(tallies)[back]

    def answers(
        self, examples: Resident, pictures: Tensor, classes: tuple[str, ...]
    ) -> tuple[tuple[str, Value, Value], ...]:
        """Of the first examples, whose stored images are `pictures` (n, H, W, C): picture, truth and prediction."""
        stage = self.stage
        with stage.noise, stage.device.autocast(), torch.inference_mode():
            ((inputs, targets),) = examples.batches([torch.arange(len(pictures))])
            found = stage.task.answers(self.scores(stage.network(), inputs), targets, classes)
        return tuple((photograph(picture), *answer) for picture, answer in zip(pictures, found, strict=False))
