"""Records as lines of a log: what comes out at the other end."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import make_result

from suite.errors import StoreError
from suite.recording.codec import encode
from suite.recording.stream import received


def test_a_record_comes_through_a_log_that_others_write_to(tmp_path: Path) -> None:
    (tmp_path / "record.json").write_bytes(encode(make_result(seed=5)))
    sender = (
        "import contextlib, io, sys\n"
        "from pathlib import Path\n"
        "from suite.recording.codec import decode\n"
        "from suite.recording.stream import send_data, send_trial\n"
        "print('for people', flush=True)\n"
        "with contextlib.redirect_stdout(io.StringIO()):\n"  # as while Ray is connected
        "    send_data({'digits()': 'f' * 64})\n"
        "    send_trial(decode(Path('record.json').read_bytes()))\n"
    )
    log = tmp_path / "log"
    with log.open("w") as file:
        subprocess.run([sys.executable, "-c", sender], cwd=tmp_path, stdout=file, stderr=subprocess.STDOUT, check=True)
    people, data, trial = map(received, log.read_text().splitlines())
    assert people is None
    assert data == {"digits()": "f" * 64}
    assert trial == make_result(seed=5)


def test_a_damaged_record_is_no_result() -> None:
    line = f"::suite trial {encode(make_result()).decode().strip()}"
    assert received(line) is not None
    with pytest.raises(StoreError, match="a record in the job's log cannot be read"):
        received(line[:-40])
    other = json.loads(line.removeprefix("::suite trial "))
    with pytest.raises(StoreError, match="belong to trial"):
        received("::suite trial " + json.dumps({**other, "seed": 4}))
