"""One trial's record as text: standard JSON, read back strictly.

NaN and infinities are not JSON; in measurements and epochs they are written as the strings "nan", "inf" and "-inf".
"""

import base64
import json
import math
from collections.abc import Mapping
from dataclasses import fields
from typing import Any, NoReturn, get_args

from suite.spec.trials import ENGINE_VERSION, Trial, revisions
from suite.trial_result import FORMAT_VERSION, EpochRecord, Purpose, Settings, Status, TrialResult, freeze

_NON_FINITE = {"nan": math.nan, "inf": math.inf, "-inf": -math.inf}
_NUMBERS = {int, float}
_LARGEST = 2**63
"""Whole numbers stay below: floats, Parquet and torch hold none that is larger than a float or 64 bits."""
_SHARES = (
    "accuracy", "macro_f1", "inverse_perplexity", "mean_average_precision", "mean_iou", "recall_at_1", "map_at_r",
)  # fmt: skip
_MEASURED_SHARES = tuple(f"{part}_{share}" for part in ("train", "val", "test") for share in _SHARES)
_INTEGERS = ("epoch", "examples")
_EPOCH_KEYS = {field.name for field in fields(EpochRecord)}
_RARE: dict[str, Any] = {"revisions": {}, "filters": [], "test_shares": {}, "answers": []}
"""What few trials have: left out where they are empty, for records are many."""
_KEYS = {field.name for field in fields(TrialResult)} | {"engine_version", "revisions"}


class OtherVersionError(ValueError):
    """A sound record of another version of the engine or of the format: not ours to use, nor to set aside."""


def encode(result: TrialResult) -> bytes:
    """UTF-8 JSON with a newline at the end; what the id was made from goes in, the engine's version among it."""
    versions = {"engine_version": ENGINE_VERSION, "revisions": revisions(result.settings)}
    record = _finite({**versions, **result.to_json()})
    for key in _RARE:
        if not record[key]:
            del record[key]
    return (json.dumps(record, ensure_ascii=False, allow_nan=False, separators=(",", ":")) + "\n").encode()


def decode(text: bytes, name: str | None = None) -> TrialResult:
    """The trial that `text` records; `name` is the id that its file name promises.

    Raises OtherVersionError, or ValueError saying what is wrong with the record.
    """
    try:
        record = json.loads(text.decode("utf-8"), parse_constant=_reject_constant, parse_int=_integer)
    except RecursionError:
        raise ValueError("nested too deeply") from None
    except OverflowError as error:
        raise ValueError(str(error)) from None
    except ValueError as error:
        raise ValueError(f"not JSON in UTF-8 ({error}): truncated?") from None
    if b"\\u" in text:
        _check_characters(record)
    if not isinstance(record, dict):
        raise ValueError("not a trial's record")
    _check_versions(record)
    for key, nothing in _RARE.items():
        record.setdefault(key, nothing)
    if record.keys() != _KEYS:
        raise ValueError(f"not a trial's record: the keys {sorted(record.keys() ^ _KEYS)} are missing or unknown")
    del record["engine_version"]
    revised = record.pop("revisions")
    result = _result(record)
    if revised != revisions(result.settings):
        raise OtherVersionError(f"revisions {revised}; this version of suite uses {revisions(result.settings)}")
    _check_identity(result, name)
    _check_outcome(result)
    return result


def trial_of(result: TrialResult) -> Trial:
    """What was asked for."""
    return Trial(
        settings=result.settings, seed=result.seed, purpose=result.purpose, data_fingerprint=result.data_fingerprint
    )


def _check_versions(record: Mapping[str, Any]) -> None:
    for key, ours in (("engine_version", ENGINE_VERSION), ("format_version", FORMAT_VERSION)):
        version = record.get(key)
        if type(version) is not int:
            raise ValueError(f"not a trial's record: no {key}")
        if version != ours:
            raise OtherVersionError(f"{key} {version}; this version of suite uses {ours}")


def _result(record: dict[str, Any]) -> TrialResult:
    """Checks every field by hand: a schema library takes ten times as long, and thousands of records are read."""
    _expect(record["status"] in get_args(Status), "status", record)
    _expect(record["purpose"] in get_args(Purpose), "purpose", record)
    for key in ("trial_id", "metric_name", "data_fingerprint"):
        _expect(type(record[key]) is str, key, record)
    for key in ("seed", "test_examples", "attempt"):
        _expect(type(record[key]) is int, key, record)
    _expect(type(record["selected_epoch"]) in (int, type(None)), "selected_epoch", record)
    for key in ("settings", "measurements", "provenance"):
        _expect(type(record[key]) is dict, key, record)
    for key in ("reason", "test_correct"):
        _expect(type(record[key]) in (str, type(None)), key, record)
    _expect(type(record["epochs"]) is list, "epochs", record)
    _expect(_are_filters(record["filters"]), "filters", record)
    _expect(_are_shares(record), "test_shares", record)
    _expect(_are_answers(record["answers"]), "answers", record)
    _expect(_holds_bits(record["test_correct"], record["test_examples"]), "test_correct", record)
    settings: Settings = {key: freeze(value) for key, value in record["settings"].items()}
    epochs = tuple(_epoch(epoch) for epoch in record["epochs"])
    measurements = {key: _number(value, key) for key, value in record["measurements"].items()}
    made = {"settings": settings, "epochs": epochs, "measurements": measurements}
    pictures = {key: freeze(record[key]) for key in ("filters", "answers")}
    shares = {name: tuple(parts) for name, parts in record["test_shares"].items()}
    return TrialResult(**{**record, **made, **pictures, "test_shares": shares})


def _epoch(record: Any) -> EpochRecord:
    if type(record) is not dict or record.keys() != _EPOCH_KEYS:
        raise ValueError(f"epochs: {_short(record)} is not an epoch")
    if not all(type(record[key]) is int for key in _INTEGERS):
        raise ValueError(f"epochs: {_short(record)} is not an epoch")
    if {*map(type, record.values())} <= _NUMBERS and math.isfinite(sum(record.values())):
        return EpochRecord(**record)
    numbers: dict[str, Any] = {key: _number(value, key) for key, value in record.items()}
    return EpochRecord(**numbers)


def _number(value: Any, key: str) -> float:
    """Integers stay integers."""
    if type(value) is int or (type(value) is float and math.isfinite(value)):
        return value
    if type(value) is str and value in _NON_FINITE:
        return _NON_FINITE[value]
    raise ValueError(f"{key}: {_short(value)} is not a number")


def _holds_bits(text: str | None, count: int) -> bool:
    if text is None:
        return True
    try:
        return len(base64.b64decode(text, validate=True)) == (count + 7) // 8
    except ValueError:
        return False


def _are_shares(record: Mapping[str, Any]) -> bool:
    """By metric, finite numbers, one for each test example."""
    shares = record["test_shares"]
    return type(shares) is dict and all(
        type(parts) is list
        and len(parts) == record["test_examples"]
        and {*map(type, parts)} <= _NUMBERS
        and math.isfinite(sum(parts))
        for parts in shares.values()
    )


def _are_filters(rows: Any) -> bool:
    """Lists of nine finite numbers."""
    return type(rows) is list and all(
        type(row) is list and len(row) == 9 and {*map(type, row)} <= _NUMBERS and math.isfinite(sum(row))
        for row in rows
    )


def _are_answers(answers: Any) -> bool:
    """A picture, the truth and the prediction: files in base64, or boxes."""
    return type(answers) is list and all(
        type(answer) is list
        and [type(part) for part in answer] in ([str, str, str], [str, list, list])
        and all(
            _is_box(box, numbers)
            for part, numbers in zip(answer[1:], (4, 5), strict=True)
            if type(part) is list
            for box in part
        )
        for answer in answers
    )


def _is_box(box: Any, numbers: int) -> bool:
    """A class and so many finite numbers."""
    return (
        type(box) is list
        and len(box) == numbers + 1
        and type(box[0]) is str
        and {*map(type, box[1:])} <= _NUMBERS
        and math.isfinite(sum(box[1:]))
    )


def _check_identity(result: TrialResult, name: str | None) -> None:
    if name is not None and result.trial_id != name:
        raise ValueError(f"holds trial {_short(result.trial_id)}, not the one it is named after")
    try:
        content = trial_of(result).id
    except (TypeError, ValueError):
        raise ValueError("settings: not plain values") from None
    if content != result.trial_id:
        raise ValueError(f"its settings, seed, purpose and data belong to trial {content}")


def _check_outcome(result: TrialResult) -> None:
    """The id speaks for what was asked, not for what came out."""
    numbers = [epoch.epoch for epoch in result.epochs]
    if numbers != list(range(1, len(numbers) + 1)):
        raise ValueError(f"epochs: {_short(numbers)} is not 1, 2, 3, ...")
    if result.status == "completed" and result.selected_epoch not in numbers:
        raise ValueError(f"selected_epoch: {_short(result.selected_epoch)} is none of the {len(numbers)} epochs")
    if result.test_examples < 0:
        raise ValueError(f"test_examples: {result.test_examples} is negative")
    shares = {key: result.measurements[key] for key in _MEASURED_SHARES if key in result.measurements}
    if result.metric_name in _SHARES:
        shares |= {f"epoch {epoch.epoch}: val_metric": epoch.val_metric for epoch in result.epochs}
    for key, value in shares.items():
        if value < 0 or value > 1:  # NaN is neither: a trial that diverged
            raise ValueError(f"{key}: {_short(value)} is not between 0 and 1")


def _check_characters(record: Any) -> None:
    """Half a surrogate pair can be escaped in JSON, but not be written to any file."""
    try:
        json.dumps(record, ensure_ascii=False).encode()
    except UnicodeEncodeError as error:
        raise ValueError(f"text that is not Unicode ({error.reason})") from None


def _integer(text: str) -> int:
    """Raises OverflowError; Python itself refuses to read thousands of digits."""
    if len(text) > len(str(-_LARGEST)) or abs(int(text)) >= _LARGEST:
        raise OverflowError(f"the number {text[:20]}... has more than 64 bits")
    return int(text)


def _expect(true: bool, key: str, record: Mapping[str, Any]) -> None:
    if not true:
        raise ValueError(f"{key}: {_short(record[key])} is not what belongs there")


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


def _finite(value: Any) -> Any:
    """Plain JSON types with non-finite floats as strings."""
    if isinstance(value, float):
        return value if math.isfinite(value) else str(float(value))
    if isinstance(value, dict):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(item) for item in value]
    return value


def _reject_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")
