"""What YAML may say, and the files that cannot carry their expected message on line 1."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from suite.errors import SpecError
from suite.spec.yaml_loader import LARGEST_BYTES, load


def content(folder: Path, text: str | bytes) -> dict[str, Any]:
    path = folder / "x.yaml"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    document = load(path)
    assert not document.problems
    return document.content


def refusal(folder: Path, text: bytes) -> str:
    with pytest.raises(SpecError) as error:
        content(folder, text)
    (problem,) = error.value.problems
    return problem.message


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("3e-4", 0.0003),
        ("1E3", 1000.0),
        (".5", 0.5),
        ("5.", 5.0),
        ("-2", -2),
        ("0777", 777),
        ("'3e-4'", "3e-4"),
        ("no", "no"),
        ("on", "on"),
        ("12:30", "12:30"),
        ("2024-01-01", "2024-01-01"),
        ("1_000", "1_000"),
        ("true", True),
        ("null", None),
        ("", None),
        ("none", "none"),
        ("[1, [2.0, a]]", [1, [2.0, "a"]]),
        ("|\n  3\n", "3\n"),
    ],
)
def test_a_scalar_is_what_it_looks_like(tmp_path: Path, text: str, value: object) -> None:
    found = content(tmp_path, f"key: {text}\n")["key"]
    assert (found, type(found)) == (value, type(value))


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_every_finite_float_is_read_back_exactly(tmp_path_factory: pytest.TempPathFactory, value: float) -> None:
    found = content(tmp_path_factory.getbasetemp(), f"key: {value!r}\n")["key"]
    assert float(found) == value


def test_a_byte_order_mark_and_windows_line_ends_are_fine(tmp_path: Path) -> None:
    assert content(tmp_path, b"\xef\xbb\xbftip: x\r\nsource: y\r\n") == {"tip": "x", "source": "y"}


def test_an_empty_file(tmp_path: Path) -> None:
    assert refusal(tmp_path, b"").startswith("is empty; accepted:")


def test_text_that_is_not_utf8(tmp_path: Path) -> None:
    assert refusal(tmp_path, "tip: Größe".encode("latin-1")) == "is not UTF-8 (byte 0xf6 at position 7)"


def test_ten_megabytes_are_not_read(tmp_path: Path) -> None:
    assert refusal(tmp_path, b"tip: " + b"x" * 10_000_000).startswith("is larger than 1 MB")


def test_the_largest_file_that_is_read(tmp_path: Path) -> None:
    assert len(content(tmp_path, b"tip: " + b"x" * (LARGEST_BYTES - 5))["tip"]) == LARGEST_BYTES - 5


def test_a_null_byte(tmp_path: Path) -> None:
    assert refusal(tmp_path, b"tip: a\x00b").startswith("not YAML: ")


@given(st.binary(max_size=200))
def test_any_bytes_give_a_mapping_or_one_clear_refusal(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    path = tmp_path_factory.getbasetemp() / "any.yaml"
    path.write_bytes(data)
    try:
        said = "" if isinstance(load(path).content, dict) else "no mapping"
    except SpecError as error:
        said = str(error).removeprefix(f"{path}: ")
        assert said
    assert said.isprintable()
