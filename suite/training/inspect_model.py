"""What the network and the loss are: every layer's size and gradient, the loss before training, what a step changes."""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from suite.training.loaded import Kind, Loaded
from suite.training.overfit import Make, Parts
from suite.training.streams import number

_PROBE = 64
"""Examples in the batch that gradients are taken on."""
_PROBES: dict[Kind, tuple[int, ...]] = {"text": (6, 8), "pixels": (3, 4, 5)}
"""Shapes of the made-up targets on which a loss is tried, where an example has many."""
_STEPS = 5


@dataclass(frozen=True, kw_only=True)
class Layer:
    """A module without modules of its own, in the order in which it is used."""

    name: str
    kind: str
    output: tuple[int, ...]
    """Shape of its output, without the batch."""
    parameters: int
    frozen: str
    """Why its parameters are not trained, or nothing."""
    gradient: float | None
    """L2 norm after one backward pass; None if no gradient arrived at all, or it has no parameters."""
    weight: float
    """L2 norm of its parameters."""
    moved: bool
    """Its parameters changed within a few steps."""


@dataclass(frozen=True, kw_only=True)
class LossFacts:
    """What the loss function does with made-up scores, whatever the network."""

    even: float
    """Its value where all scores are equal: ln(classes) for a cross-entropy."""
    alone: float
    """The mean of its values for examples given one by one, for random scores ..."""
    together: float
    """... and for the same examples as a batch: the same, if it is a mean over examples."""
    certain: float
    """Its value for scores of 1000 for the right class and 0 elsewhere ..."""
    sure: float
    """... and of 20: no lower than 0 and different from `certain`, unless scores are squashed before the loss."""


@dataclass(frozen=True, kw_only=True)
class ModelFacts:
    """Of a network with its initial weights."""

    problem: str
    """Why it does not run at all, or nothing; then everything else is empty."""
    layers: tuple[Layer, ...]
    output: tuple[int, ...]
    """Shape of its scores, without the batch ..."""
    wanted_output: tuple[int, ...]
    """... and what it should be: a score per class, for each place of a text or pixel; of others whatever it is."""
    parameters: int
    first_loss: float
    """In training mode, on the probe batch."""
    loss: LossFacts | None
    evaluation_differs: float
    """Largest change of a score, relative to the largest, when asked for again among other examples; 0 is right."""


def inspect_model(make: Make, loaded: Loaded, seed: int) -> ModelFacts:
    """Runs one batch forward and backward, and a few steps. An error of the model is a fact, not an exception."""
    inputs, targets = loaded.some(slice(_PROBE))
    try:
        parts = make()
        shapes, output = _shapes(parts.model, inputs[: max(2, min(8, len(inputs)))])
        facts = None
        if loaded.kind not in ("boxes", "likes"):  # their losses are none of scores by class alone
            facts = _loss_facts(parts.criterion, len(loaded.classes), loaded.kind)
        first_loss, gradients = _gradients(parts, inputs, targets, seed)
        moved = _moved(make(), inputs, targets, seed)
        differs = _evaluation_differs(parts, inputs, seed)
    except (RuntimeError, ValueError, IndexError, TypeError) as error:
        return _broken(str(error).splitlines()[0] if str(error) else type(error).__name__)
    layers = tuple(_layer(*leaf, shapes, gradients, moved, _frozen(parts)) for leaf in _leaves(parts.model))
    return ModelFacts(
        problem="",
        layers=layers,
        output=output,
        wanted_output=_wanted(loaded, targets, output),
        parameters=sum(parameter.numel() for parameter in parts.model.parameters()),
        first_loss=first_loss,
        loss=facts,
        evaluation_differs=differs,
    )


def _wanted(loaded: Loaded, targets: Tensor, output: tuple[int, ...]) -> tuple[int, ...]:
    if loaded.kind in ("boxes", "likes"):
        return output
    classes, places = (len(loaded.classes),), tuple(targets.shape[1:])
    return classes + places if loaded.kind == "pixels" else places + classes


def _layer(
    name: str,
    module: nn.Module,
    shapes: dict[str, tuple[int, ...]],
    gradients: dict[str, float | None],
    moved: set[str],
    frozen: dict[str, str],
) -> Layer:
    own = [f"{name}.{key}".removeprefix(".") for key, _ in module.named_parameters(recurse=False)]
    norms = [float(parameter.detach().norm()) for parameter in module.parameters(recurse=False)]
    found = [gradient for key in own if (gradient := gradients[key]) is not None]
    return Layer(
        name=name or "(whole network)",
        kind=type(module).__name__,
        output=shapes.get(name, ()),
        parameters=sum(parameter.numel() for parameter in module.parameters(recurse=False)),
        frozen=next((frozen[key] for key in own if key in frozen), ""),
        gradient=math.hypot(*found) if found else None,
        weight=math.hypot(*norms),
        moved=any(key in moved for key in own),
    )


def _broken(problem: str) -> ModelFacts:
    return ModelFacts(
        problem=problem, layers=(), output=(), wanted_output=(), parameters=0, first_loss=math.nan, loss=None,
        evaluation_differs=0.0,
    )  # fmt: skip


def _leaves(model: nn.Module) -> list[tuple[str, nn.Module]]:
    """Modules with parameters of their own, or with nothing inside."""
    return [
        (name, module)
        for name, module in model.named_modules()
        if not list(module.children()) or list(module.parameters(recurse=False))
    ]


def _shapes(model: nn.Module, inputs: Tensor) -> tuple[dict[str, tuple[int, ...]], tuple[int, ...]]:
    """Output shape by module name, and that of the whole."""
    shapes: dict[str, tuple[int, ...]] = {}

    def watch(name: str) -> Callable[[nn.Module, tuple[Tensor, ...], object], None]:
        def look(module: nn.Module, given: tuple[Tensor, ...], result: object) -> None:
            values = result[0] if isinstance(result, tuple) else result  # a recurrent layer gives its state as well
            if isinstance(values, Tensor):
                shapes[name] = tuple(values.shape[1:])

        return look

    handles = [module.register_forward_hook(watch(name)) for name, module in _leaves(model)]
    model.eval()
    with torch.no_grad():
        output = model(inputs)
    for handle in handles:
        handle.remove()
    return shapes, tuple(output.shape[1:])


def _loss_facts(criterion: Callable[[Tensor, Tensor], Tensor], classes: int, kind: Kind) -> LossFacts:
    generator = torch.Generator().manual_seed(0)
    # not the number of classes, so that no axis can be taken for the other by chance
    shape = _PROBES.get(kind, (3 * classes,))
    targets = (torch.arange(math.prod(shape)) % classes).view(shape)
    scores = torch.randn(*shape, classes, generator=generator)
    right = torch.nn.functional.one_hot(targets, classes).float()

    def loss(scores: Tensor, targets: Tensor) -> float:
        return float(criterion(scores.movedim(-1, 1) if kind == "pixels" else scores, targets))

    alone = [loss(score, target) for score, target in _singles(scores, targets)]
    return LossFacts(
        even=loss(torch.zeros_like(scores), targets),
        alone=sum(alone) / len(alone),
        together=loss(scores, targets),
        certain=loss(1000 * right, targets),
        sure=loss(20 * right, targets),
    )


def _singles(scores: Tensor, targets: Tensor) -> Iterator[tuple[Tensor, Tensor]]:
    """Example by example, of a text place by place, of maps pixel by pixel, each as a batch of its own."""
    one = (1,) * targets.ndim
    for score, target in zip(scores.view(-1, scores.shape[-1]), targets.flatten(), strict=True):
        yield score.view(*one, -1), target.view(one)


def _gradients(parts: Parts, inputs: Tensor, targets: Tensor, seed: int) -> tuple[float, dict[str, float | None]]:
    """The loss before training, and the norm of every parameter's gradient."""
    torch.manual_seed(number(seed, "check/model"))
    parts.model.train()
    loss = parts.criterion(parts.model(inputs), targets)
    parts.model.zero_grad(set_to_none=True)
    if loss.requires_grad:
        loss.backward()  # type: ignore[no-untyped-call]
    norms = {
        name: None if parameter.grad is None else float(parameter.grad.norm())
        for name, parameter in _named(parts.model)
    }
    parts.model.zero_grad(set_to_none=True)
    return float(loss.detach()), norms


def _moved(parts: Parts, inputs: Tensor, targets: Tensor, seed: int) -> set[str]:
    """Names of the parameters that a few steps change."""
    torch.manual_seed(number(seed, "check/model"))
    before = {name: parameter.detach().clone() for name, parameter in _named(parts.model)}
    parts.model.train()
    for _ in range(_STEPS):
        parts.step(parts, inputs, targets)
    return {name for name, parameter in _named(parts.model) if not torch.equal(before[name], parameter)}


def _named(model: nn.Module) -> list[tuple[str, nn.Parameter]]:
    """Weights that two layers share under both names."""
    return list(model.named_parameters(remove_duplicate=False))


def _frozen(parts: Parts) -> dict[str, str]:
    """Parameter name -> why no step can change it."""
    rates = {id(p): float(group["lr"]) for group in parts.optimizer.param_groups for p in group["params"]}
    why: dict[str, str] = {}
    for name, parameter in _named(parts.model):
        if not parameter.requires_grad:
            why[name] = "requires_grad is False"
        elif id(parameter) not in rates:
            why[name] = "the optimizer was not given it"
        elif rates[id(parameter)] == 0:
            why[name] = "its learning rate is 0"
    return why


def _evaluation_differs(parts: Parts, inputs: Tensor, seed: int) -> float:
    """Scores of the same examples among others, with other noise: equal, unless evaluation is in training mode."""
    half = max(1, len(inputs) // 2)
    torch.manual_seed(number(seed, "check/evaluation"))
    with torch.no_grad():
        whole = parts.evaluate(parts.model, inputs)[:half]
        part = parts.evaluate(parts.model, inputs[:half])
    return float((whole - part).abs().max() / whole.abs().max().clamp_min(1e-6))
