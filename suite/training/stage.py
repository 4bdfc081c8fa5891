"""A stage of training: a network, the examples that it is trained on, and how."""

import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor, nn

from suite.training.augment import Augment
from suite.training.batches import Carried, Order
from suite.training.build import bind, build_model
from suite.training.examples import Device, Examples, Resident
from suite.training.streams import Noise, number, stream
from suite.training.task import Task
from suite.trial_result import Settings


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What a network is trained on before its task (the `pretraining` slot)."""

    examples: Examples
    epochs: int
    mechanisms: Mapping[str, str] = field(default_factory=dict)
    """By slot, others than the task's, at their defaults."""
    freeze: bool
    """Whether the layers that see the image first stay as this leaves them (`freeze_backbone`)."""
    backbone_only: bool = False
    """Whether no more than the network's `backbone` is handed over; else all but what knows the classes."""


@dataclass(frozen=True, kw_only=True)
class Weights:
    """What somebody else's training left (the `pretraining` slot)."""

    state: Callable[[nn.Module], Mapping[str, Tensor]]
    """For a network, by its own names; raises ValueError if there is nothing for it."""
    freeze: bool
    """Whether that stays as it is."""


@dataclass(frozen=True, kw_only=True)
class Means:
    """Over an epoch: loss in nats per example, the task's metric, and the gradient's global L2 norm per step."""

    loss: float
    metric: float
    gradient_norm: float
    seconds: float
    examples: int
    places: int
    """Of sequences: how many tokens, or values in time."""
    computed: int
    """The same with the padding."""


@dataclass(frozen=True, kw_only=True)
class Stage:
    """All parts of a stage, bound; `begin` makes one from settings."""

    model: nn.Module
    examples: Resident
    device: Device
    batch_size: int
    steps_per_epoch: int
    task: Task
    criterion: Callable[[Tensor, Tensor], Tensor]
    parameters: list[nn.Parameter]
    optimizer: torch.optim.Optimizer
    base_rates: list[float]
    rate_factor: Callable[[int], float]
    augment: Augment | None
    treat_gradients: Callable[[Sequence[nn.Parameter]], Tensor]
    order: Order
    ordering: torch.Generator
    augmentation: torch.Generator
    noise: Noise

    def epoch(self, number: int) -> Means:
        """Trains for one epoch; `number` counts from 1."""
        self.device.synchronize()
        start = time.perf_counter()
        totals = torch.zeros(2, device=self.device.name)  # loss, gradient norm: summed there, read once per epoch
        tallies = list[Tensor]()
        rows = torch.split(self.order.epoch(self.ordering), self.batch_size)[: self.steps_per_epoch]
        network = self.network().train()
        with self.noise:
            for step, (inputs, targets) in enumerate(self.examples.batches(rows)):
                if self.augment is not None:
                    inputs, targets = self.augment(inputs, targets, self.augmentation)
                with self.device.autocast():
                    outputs = network(inputs)
                loss = self.criterion(outputs, targets)
                loss.backward()  # type: ignore[no-untyped-call]
                norm = self.treat_gradients(self.parameters)
                factor = self.rate_factor((number - 1) * self.steps_per_epoch + step)
                for group, base in zip(self.optimizer.param_groups, self.base_rates, strict=True):
                    group["lr"] = base * factor
                self.optimizer.step()
                self.optimizer.zero_grad(set_to_none=True)
                totals += torch.stack((loss.detach() * len(targets), norm))
                if step % self.task.tally_every == 0:
                    tallies.append(self.task.tally(outputs.detach(), targets))
        examples = self.steps_per_epoch * min(self.batch_size, len(self.examples))
        loss_sum, norm_sum = totals.tolist()  # waits for the device
        seconds, loss = time.perf_counter() - start, loss_sum / examples
        places, computed = self.examples.places(rows)
        return Means(
            loss=loss,
            metric=self.task.metrics(torch.cat(tallies), loss)[self.task.metric_name],
            gradient_norm=norm_sum / self.steps_per_epoch,
            seconds=seconds,
            examples=examples,
            places=places,
            computed=computed,
        )

    def network(self) -> nn.Module:
        """The model, for one pass through the examples: if they go on from batch to batch, it remembers."""
        return Carried(self.model) if self.order.continues else self.model


def begin(
    settings: Settings,
    model: nn.Module,
    examples: Examples,
    *,
    rows: Tensor,
    epochs: int,
    batch_size: int,
    seed: int,
    device: Device,
    name: str = "",
) -> Stage:
    """`rows` (n,): the examples' places in the data set. Stages of different names draw from different streams."""
    parameters = list(model.parameters())
    optimizer = bind(settings, "optimizer", parameters)
    steps_per_epoch = max(1, len(examples.targets) // batch_size)
    return Stage(
        model=model,
        examples=Resident(examples, device),
        device=device,
        batch_size=batch_size,
        steps_per_epoch=steps_per_epoch,
        task=bind(settings, "task"),
        criterion=bind(settings, "loss"),
        parameters=parameters,
        optimizer=optimizer,
        base_rates=[group["lr"] for group in optimizer.param_groups],
        rate_factor=bind(settings, "schedule", epochs * steps_per_epoch, steps_per_epoch),
        augment=bind(settings, "augment"),
        treat_gradients=bind(settings, "gradients"),
        order=bind(settings, "order", examples, rows, batch_size),
        ordering=stream(seed, f"{name}order"),
        augmentation=stream(seed, f"{name}augment"),
        noise=Noise(seed, device.name, f"{name}noise"),
    )


def pretrain(
    settings: Settings, model: nn.Module, plan: Plan | Weights, *, batch_size: int, seed: int, device: Device
) -> tuple[float, bool]:
    """Trains a network like `model` by the plan, or takes the weights, and hands them over, all but the last layer's.

    Gives the seconds that it took, and whether the loss stayed finite. Raises ValueError if the weights are another
    network's.
    """
    if isinstance(plan, Weights):
        state = plan.state(model)
        hand_over(state, model)
        for name, parameter in model.named_parameters():
            if plan.freeze and name in state:
                parameter.requires_grad_(False)
        return 0.0, True
    seconds, finite = _trained(settings, model, plan, batch_size=batch_size, seed=seed, device=device)
    if plan.freeze:
        freeze_backbone(model)
    return seconds, finite


def _trained(
    settings: Settings, model: nn.Module, plan: Plan, *, batch_size: int, seed: int, device: Device
) -> tuple[float, bool]:
    kept = {key: value for key, value in settings.items() if key.split(".")[0] not in plan.mechanisms}
    settings = {**kept, **plan.mechanisms}
    earlier = build_model(settings, plan.examples.shape, plan.examples.classes, seed)
    own = build_model(settings, plan.examples.shape, plan.examples.classes, number(seed, "pretraining"))
    earlier.load_state_dict(
        {name: value for name, value in own.state_dict().items() if _of(heads(own), name)}, strict=False
    )
    device.place(earlier)
    rows = torch.arange(len(plan.examples.targets))
    stage = begin(
        settings,
        earlier,
        plan.examples,
        rows=rows,
        epochs=plan.epochs,
        batch_size=batch_size,
        seed=seed,
        device=device,
        name="pretraining ",
    )
    epochs = [stage.epoch(number) for number in range(1, plan.epochs + 1)]
    learnt = earlier.state_dict()
    if plan.backbone_only:
        learnt = {name: value for name, value in learnt.items() if name.startswith("backbone.")}
        if not learnt:
            raise ValueError("pretraining.backbone_only: the network has no part of its own that is its backbone")
    hand_over(learnt, model)
    return sum(epoch.seconds for epoch in epochs), all(math.isfinite(epoch.loss) for epoch in epochs)


def hand_over(earlier: Mapping[str, Tensor], model: nn.Module) -> None:
    """Copies weights and buffers, but for those of the layers that know the classes (`heads`).

    Raises ValueError unless the network has a place for each of them.
    """
    last, own = heads(model), model.state_dict()
    state = {name: value for name, value in earlier.items() if not _of(last, name)}
    if any(name not in own or own[name].shape != value.shape for name, value in state.items()):
        raise ValueError("the weights of pre-training are those of another network")
    model.load_state_dict(state, strict=False)


def heads(model: nn.Module) -> set[str]:
    """Names of the layers that know the classes: those in a network's `heads`, if it has such a part; else the last
    fully connected one, in an ensemble every member's.

    Raises ValueError if there is none.
    """
    if isinstance(getattr(model, "heads", None), nn.Module):
        return {name for name, _ in model.named_modules() if name.startswith("heads.")}
    linear = [name for name, module in model.named_modules() if isinstance(module, nn.Linear)]
    if not linear:
        raise ValueError("pre-training needs a network that ends in a fully connected layer (nn.Linear)")
    *path, last = linear[-1].split(".")
    return {name for name in linear if name.split(".")[-1] == last and name.count(".") == len(path)}


def _of(layers: set[str], name: str) -> bool:
    """Whether a weight or buffer of that name belongs to one of the layers."""
    return name.rpartition(".")[0] in layers


def freeze_backbone(model: nn.Module) -> None:
    """A network's `backbone`, or the layers before the first fully connected one, are not trained.

    Running statistics of norms still follow.
    """
    if isinstance(getattr(model, "backbone", None), nn.Module):
        model.backbone.requires_grad_(False)
        return
    for child in model.children():
        if isinstance(child, nn.Linear):
            return
        freeze_backbone(child)
    for parameter in model.parameters(recurse=False):
        parameter.requires_grad_(False)
