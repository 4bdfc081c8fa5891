"""The keyword-only arguments of a function and what they accept, read from source without importing it."""

import ast
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, reduce
from operator import or_
from pathlib import Path
from typing import Annotated, Any, Final, Literal

from pydantic import ConfigDict, Field, TypeAdapter, ValidationError

from suite.spec.defaults import definition
from suite.spec.problems import is_not, shown, suggestion
from suite.trial_result import Value, freeze

_TUPLE: Any = tuple  # subscripted with types that are known at run time only
REQUIRED: Final = object()
"""Stands for the default of an argument that has none."""


@dataclass(frozen=True, kw_only=True)
class Accepted:
    """What an argument accepts: a type for pydantic, and words for people."""

    type: Any
    words: str


_NAMED: Mapping[str, Accepted] = {
    "bool": Accepted(type=bool, words="true or false"),
    "int": Accepted(type=int, words="a whole number"),
    "float": Accepted(type=float, words="a number"),
    "str": Accepted(type=str, words="text"),
    "PositiveInt": Accepted(type=Annotated[int, Field(gt=0)], words="a whole number > 0"),
    "NonNegativeInt": Accepted(type=Annotated[int, Field(ge=0)], words="a whole number >= 0"),
    "PositiveFloat": Accepted(type=Annotated[float, Field(gt=0)], words="a number > 0"),
    "NonNegativeFloat": Accepted(type=Annotated[float, Field(ge=0)], words="a number >= 0"),
    "Fraction": Accepted(type=Annotated[float, Field(ge=0, lt=1)], words="a number from 0 to below 1"),
}
"""The builtin types, and the names of suite/training/arguments.py."""


@dataclass(frozen=True, kw_only=True)
class Argument:
    """A keyword-only argument of a mechanism."""

    name: str
    accepted: Accepted
    choices: tuple[Value, ...] = ()
    """Of a `Literal`."""
    default: Any
    """REQUIRED if it has none."""

    @property
    def type(self) -> Any:
        """For pydantic."""
        return self.accepted.type

    def problem(self, value: Any) -> str | None:
        """What is wrong with a value, on one line."""
        try:
            _adapter(self.type).validate_python(freeze(value))
        except ValidationError:
            return is_not(value, self.accepted.words) + suggestion(str(value), map(str, self.choices))
        return None

    def plain(self, value: Any) -> Value:
        """The value in its type (1 for a float is 1.0, so that both give one trial id)."""
        result: Value = _adapter(self.type).validate_python(freeze(value))
        return result

    def json_schema(self) -> dict[str, Any]:
        """For editors."""
        schema = _adapter(self.type).json_schema()
        return schema if self.default is REQUIRED else {**schema, "default": _listed(self.default)}


@cache
def signature(path: Path, function: str) -> Mapping[str, Argument]:
    """By name. Raises OSError if the file cannot be read, ValueError if its source cannot be understood."""
    given = definition(path, function).args
    pairs = zip(given.kwonlyargs, given.kw_defaults, strict=True)
    return {arg.arg: _argument(arg, default, path) for arg, default in pairs}


@cache
def _adapter(type_: Any) -> TypeAdapter[Any]:
    return TypeAdapter(type_, config=ConfigDict(strict=True, allow_inf_nan=False))


def _argument(arg: ast.arg, default: ast.expr | None, path: Path) -> Argument:
    if arg.annotation is None:
        raise ValueError(f"{path.name}: the argument {arg.arg!r} has no annotation")
    try:
        value = REQUIRED if default is None else freeze(ast.literal_eval(default))
    except (ValueError, TypeError):
        raise ValueError(f"{path.name}: the default of {arg.arg!r} must be a plain value") from None
    return Argument(
        name=arg.arg, accepted=_accepted(arg.annotation, path), choices=_choices(arg.annotation), default=value
    )


def _accepted(node: ast.expr, path: Path) -> Accepted:
    """Only what suite/training/arguments.py lists is understood."""
    match node:
        case ast.Constant(value=None):
            return Accepted(type=None, words="null")
        case ast.Name(id=name) | ast.Attribute(attr=name) if name in _NAMED:
            return _NAMED[name]
        case ast.BinOp(op=ast.BitOr()):
            parts = [_accepted(part, path) for part in _union(node)]
            return Accepted(
                type=reduce(or_, [part.type for part in parts]), words=" or ".join(part.words for part in parts)
            )
        case ast.Subscript(value=ast.Name(id="Literal") | ast.Attribute(attr="Literal")):
            choices = _choices(node)
            return Accepted(type=Literal[choices], words="one of " + ", ".join(str(choice) for choice in choices))
        case ast.Subscript(value=ast.Name(id="tuple"), slice=ast.Tuple(elts=[item, ast.Constant(value=value)])) if (
            value is ...
        ):
            inner = _accepted(item, path)
            return Accepted(type=_TUPLE[inner.type, ...], words=f"a list, each item {inner.words}")
        case ast.Subscript(value=ast.Name(id="tuple"), slice=ast.Tuple(elts=items)):
            parts = [_accepted(item, path) for item in items]
            words = ", ".join(part.words for part in parts)
            return Accepted(type=_TUPLE[tuple(part.type for part in parts)], words=f"a list of {len(parts)}: {words}")
    raise ValueError(f"{path.name}: the annotation {shown(ast.unparse(node))} is not one that a setting can have")


def _union(node: ast.expr) -> list[ast.expr]:
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitOr):
        return [*_union(node.left), *_union(node.right)]
    return [node]


def _choices(node: ast.expr) -> tuple[Value, ...]:
    for part in _union(node):
        match part:
            case ast.Subscript(value=ast.Name(id="Literal") | ast.Attribute(attr="Literal"), slice=choices):
                value = ast.literal_eval(choices)
                return value if isinstance(value, tuple) else (value,)
    return ()


def _listed(value: Any) -> Any:
    return [_listed(item) for item in value] if isinstance(value, tuple) else value
