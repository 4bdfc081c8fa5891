"""Finding mechanisms and binding settings to them, on slot folders made for the test and on the real one."""

import ast
import sys
from pathlib import Path

import pytest

from suite.spec import defaults, signatures, slots
from suite.spec.signatures import REQUIRED


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A training folder whose modules must never be imported."""
    for slot in slots.SLOTS:
        (tmp_path / slot).mkdir()
        (tmp_path / slot / "__init__.py").touch()
        (tmp_path / slot / "plain.py").write_text('raise SystemExit("imported")\ndef build(): ...\n')
    (tmp_path / "engine.py").write_text(
        'def loop(trial, *, epochs: PositiveInt, device: Literal["cpu", "cuda"], threads: PositiveInt = 1): ...\n'
    )
    (tmp_path / "optimizer" / "sgd.py").write_text(
        "def build(parameters, *, lr: PositiveFloat, momentum: Fraction = 0.9, name: str | None = None): ...\n"
    )
    (tmp_path / "optimizer" / "adam.py").write_text(
        "def build(parameters, *, lr: arguments.PositiveFloat = 1e-3,\n"
        "          betas: tuple[Fraction, Fraction] = (0.9, 0.999),\n"
        "          sizes: tuple[PositiveInt, ...] = (), clip: float | None = None): ...\n"
    )
    return tmp_path


def every_slot(**changes: object) -> dict[str, object]:
    keys = {key.replace("__", "."): value for key, value in changes.items()}
    return dict.fromkeys(slots.SLOTS, "plain") | {"engine.epochs": 2, "engine.device": "cpu"} | keys


def test_mechanisms_are_the_files_of_the_slot(root: Path) -> None:
    assert slots.mechanisms("optimizer", root=root) == ["adam", "plain", "sgd"]


def test_arguments_are_read_without_importing(root: Path) -> None:
    arguments = slots.arguments("optimizer", "sgd", root=root)
    assert {name: argument.default for name, argument in arguments.items()} == {
        "lr": REQUIRED,
        "momentum": 0.9,
        "name": None,
    }
    assert slots.arguments("model", "plain", root=root) == {}


@pytest.mark.parametrize("name", ["..", "../engine", "optimizer/sgd", "__init__", "none", ""])
def test_a_name_never_leaves_its_folder(root: Path, name: str) -> None:
    assert slots.key_problem("optimizer", name, allow_code=True, root=root)


@pytest.mark.parametrize(
    ("mechanism", "argument", "value", "message"),
    [
        ("sgd", "lr", 0.1, None),
        ("sgd", "lr", 1, None),
        ("sgd", "lr", 0, "0 is not a number > 0"),
        ("sgd", "lr", True, "true is not a number > 0"),
        ("sgd", "lr", "1e-3", "'1e-3' is not a number > 0 (write it without quotes)"),
        ("sgd", "lr", float("nan"), "nan is not a number > 0"),
        ("sgd", "momentum", 1.0, "1.0 is not a number from 0 to below 1"),
        ("sgd", "name", None, None),
        ("sgd", "name", 3, "3 is not text or null"),
        ("adam", "clip", float("inf"), "inf is not a number or null"),
        ("adam", "betas", [0.9, 0.99], None),
        ("adam", "betas", [0.9], "[0.9] is not a list of 2: a number from 0 to below 1, a number from 0 to below 1"),
        ("adam", "sizes", [1, 2, 3], None),
        ("adam", "sizes", [1, 2.5], "[1, 2.5] is not a list, each item a whole number > 0"),
        ("adam", "rl", 1, "'adam' takes no such argument; it takes betas, clip, lr, sizes (did you mean 'lr'?)"),
        ("plain", "lr", 1, "'plain' takes no such argument; it takes none"),
    ],
)
def test_a_value_is_checked_against_the_signature(
    root: Path, mechanism: str, argument: str, value: object, message: str | None
) -> None:
    assert slots.argument_problem("optimizer", mechanism, argument, value, root=root) == message


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("def build(*, lr: Tensor): ...", "broken.py: the annotation 'Tensor' is not one that a setting can have"),
        ("def build(*, lr): ...", "broken.py: the argument 'lr' has no annotation"),
        ("def build(*, lr: float = 1 / 3): ...", "broken.py: the default of 'lr' must be a plain value"),
        ("def make(): ...", "broken.py defines no function build(...)"),
        ("def build(", "broken.py is not Python source: "),
    ],
)
def test_source_that_cannot_be_understood_is_said_and_not_guessed(root: Path, source: str, message: str) -> None:
    (root / "model" / "broken.py").write_text(source)
    with pytest.raises(ValueError, match="broken") as error:
        slots.arguments("model", "broken", root=root)
    assert str(error.value).startswith(message)
    assert "cannot be read" in str(slots.argument_problem("model", "broken", "lr", 1, root=root))


def test_missing_names_slots_and_required_arguments(root: Path) -> None:
    settings = every_slot(optimizer="sgd")
    del settings["loss"], settings["engine.epochs"], settings["engine.device"]
    assert slots.missing(settings, root=root) == {
        "loss": "is missing; accepted: plain",
        "optimizer.lr": "is missing: 'sgd' needs it (a number > 0)",
        "engine.epochs": "is missing: the engine needs it (a whole number > 0)",
    }


def test_a_default_may_be_written_out_or_left_out(root: Path) -> None:
    short = slots.complete(every_slot(optimizer="sgd", optimizer__lr=1), root=root)
    long = every_slot(optimizer="sgd", optimizer__lr=1.0, optimizer__momentum=0.9, engine__threads=1)
    assert short == slots.complete(long, root=root)
    assert type(short["optimizer.lr"]) is float
    assert list(short) == sorted(short)
    assert short["optimizer.name"] is None


def test_lists_become_tuples(root: Path) -> None:
    full = slots.complete(every_slot(optimizer="adam", optimizer__sizes=[1, 2]), root=root)
    assert full["optimizer.sizes"] == (1, 2)


def test_naming_another_mechanism_resets_what_the_slot_inherits() -> None:
    base = {"optimizer": "sgd", "optimizer.lr": 0.1, "model": "cnn", "model.width": 8}
    assert slots.override(base, {"optimizer": "adam"}) == {"optimizer": "adam", "model": "cnn", "model.width": 8}
    assert slots.override(base, {"optimizer": "sgd"}) == base
    assert slots.override(base, {"optimizer": "adam", "optimizer.lr": 1.0})["optimizer.lr"] == 1.0


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "elsewhere" / "someones_models"
    folder.mkdir(parents=True)
    (folder / "__init__.py").write_text('raise SystemExit("imported")\n')
    (folder / "mlp.py").write_text("def build(input_shape, classes, *, width: PositiveInt = 8): ...\n")
    monkeypatch.syspath_prepend(tmp_path / "elsewhere")
    return folder


def test_a_module_from_outside_needs_permission_and_is_not_imported(root: Path, package: Path) -> None:
    name = "someones_models.mlp"
    assert "--allow-code" in str(slots.key_problem("model", name, allow_code=False, root=root))
    assert slots.key_problem("model", name, allow_code=True, root=root) is None
    assert slots.argument_problem("model", name, "width", 0, root=root) == "0 is not a whole number > 0"
    assert slots.complete(every_slot(model=name), root=root)["model.width"] == 8
    assert "someones_models" not in sys.modules


def test_other_code_under_the_same_name_is_another_trial(root: Path, package: Path) -> None:
    before = slots.complete(every_slot(model="someones_models.mlp"), root=root)
    (package / "mlp.py").write_text("def build(input_shape, classes, *, width: PositiveInt = 8): return 1\n")
    assert slots.complete(every_slot(model="someones_models.mlp"), root=root) != before


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("someones_models.nothing", "there is no such module on the Python path (PYTHONPATH)"),
        ("no_such_package.mlp", "there is no such module on the Python path (PYTHONPATH)"),
        ("__main__.x", ""),
        ("someones_models..mlp", "it is not a dotted module name such as my_package.my_model"),
        ("someones_models/../../x.mlp", "it is not a dotted module name such as my_package.my_model"),
        (".", "it is not a dotted module name such as my_package.my_model"),
    ],
)
def test_a_module_that_does_not_exist(root: Path, package: Path, name: str, message: str) -> None:
    assert f"cannot be used: {message}" in str(slots.key_problem("model", name, allow_code=True, root=root))


@pytest.mark.parametrize("slot", [*slots.SLOTS, defaults.ENGINE])
def test_every_mechanism_of_the_suite_can_be_read_and_its_defaults_are_accepted(slot: str) -> None:
    names = slots.mechanisms(slot) if slot != defaults.ENGINE else [""]
    assert names
    for name in names:
        for argument in slots.arguments(slot, name).values():
            assert argument.default is REQUIRED or argument.problem(argument.default) is None, (slot, name, argument)


def test_every_name_for_an_argument_type_is_understood() -> None:
    tree = ast.parse((defaults.TRAINING / "arguments.py").read_text(encoding="utf-8"))
    names = {node.targets[0].id for node in tree.body if isinstance(node, ast.Assign)}
    assert names
    assert names <= set(signatures._NAMED)
