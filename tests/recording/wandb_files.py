"""Reads W&B's offline files back: LevelDB's log format around protocol buffers."""

import json
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from wandb.proto.wandb_internal_pb2 import Record

_HEADER, _BLOCK = 7, 32 * 1024
_FULL, _FIRST, _MIDDLE, _LAST = 1, 2, 3, 4


@dataclass
class ReadRun:
    """What an offline file holds."""

    id: str = ""
    name: str = ""
    project: str = ""
    group: str = ""
    job_type: str = ""
    host: str = ""
    tags: list[str] = field(default_factory=list)
    config: dict[str, Any] = field(default_factory=dict)
    history: list[dict[str, Any]] = field(default_factory=list)
    summary: dict[str, Any] = field(default_factory=dict)
    files: list[str] = field(default_factory=list)
    exit_code: int | None = None


def read_run(folder: Path) -> ReadRun:
    (path,) = folder.glob("*.wandb")
    read = ReadRun()
    for message in messages(path.read_bytes()):
        record = Record.FromString(message)
        match record.WhichOneof("record_type"):
            case "run":
                run = record.run
                read.id, read.name, read.project, read.group = run.run_id, run.display_name, run.project, run.run_group
                read.job_type, read.host, read.tags = run.job_type, run.host, list(run.tags)
                _update(read.config, run.config.update)
            case "config":
                _update(read.config, record.config.update)
            case "history":
                point: dict[str, Any] = {"_step": record.history.step.num}
                _update(point, record.history.item)
                read.history.append(point)
            case "summary":
                _update(read.summary, record.summary.update)
            case "files":
                read.files += [file.path for file in record.files.files]
            case "exit":
                read.exit_code = record.exit.exit_code
    return read


def messages(content: bytes) -> Iterator[bytes]:
    """Whole messages, put together from their pieces, each of which must match its checksum."""
    assert content[:4] == b":W&B"
    position = _HEADER
    parts: bytes | None = None  # None between messages: a block with seven bytes left takes an empty first piece
    while position + 7 <= len(content):
        if _BLOCK - position % _BLOCK < 7:
            position += _BLOCK - position % _BLOCK
            continue
        checksum, length, kind = struct.unpack_from("<IHB", content, position)
        piece = content[position + 7 : position + 7 + length]
        assert len(piece) == length, "truncated"
        assert checksum == zlib.crc32(bytes([kind]) + piece)
        assert (kind in (_FULL, _FIRST)) == (parts is None)
        parts = (parts or b"") + piece
        if kind in (_FULL, _LAST):
            yield parts
            parts = None
        position += 7 + length
    assert parts is None, "the last message is not whole"


def _update(target: dict[str, Any], items: Any) -> None:
    for item in items:
        target["/".join(item.nested_key) or item.key] = json.loads(item.value_json)
