"""The results folder: what is put comes back, whatever happens to the folder in between."""

import dataclasses
import json
import math
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from suite.errors import StoreError
from suite.recording import codec
from suite.recording.store import Store
from suite.spec import trials
from suite.trial_result import TrialResult

Make = Callable[..., TrialResult]
Damage = Callable[[dict[str, Any]], object]


@pytest.fixture
def store(tmp_path: Path) -> Store:
    store = Store(tmp_path / "results")
    store.open()
    return store


def record_path(store: Store, result: TrialResult) -> Path:
    return store.root / "trials" / result.trial_id[:2] / f"{result.trial_id}.json"


def same(first: TrialResult | None, second: TrialResult | None) -> bool:
    """Equality under which NaN equals NaN."""
    return repr(first) == repr(second)


@pytest.mark.parametrize("status", ["completed", "diverged", "failed"])
def test_what_is_put_comes_back(store: Store, result: Make, status: str) -> None:
    put = result(status=status)
    store.put(put)
    other = Store(store.root)
    assert same(other.load()[put.trial_id], put)
    assert same(other.get(put.trial_id), put)
    assert other.notices == []


def test_a_diverged_record_is_standard_json(store: Store, result: Make) -> None:
    put = result(status="diverged")
    store.put(put)
    constants: list[str] = []
    record = json.loads(record_path(store, put).read_text(), parse_constant=constants.append)
    assert constants == []
    assert record["epochs"][2]["val_loss"] == "nan"
    read = store.load()[put.trial_id]
    assert math.isnan(read.epochs[2].val_loss)
    assert read.epochs[2].gradient_norm == math.inf


def test_floats_survive_to_the_last_bit(store: Store, result: Make) -> None:
    numbers = [random.Random(seed).uniform(-1e-9, 1e9) for seed in range(50)]
    put = result(measurements={str(i): number for i, number in enumerate(numbers)})
    store.put(put)
    assert list(store.load()[put.trial_id].measurements.values()) == numbers


def test_pictures_and_parts_come_back_and_most_records_have_none(store: Store, result: Make) -> None:
    boxes = (("cat", 0.0, 1.0, 5.0, 6.0),)
    answers = (("aa", boxes, ((*boxes[0], 0.5),)), ("bb", "cc", "dd"))
    kept: dict[str, Any] = {"filters": ((0.25,) * 9, (-1.0,) * 9), "answers": answers}
    shares = {"test_shares": {"recall": (0.5, 1.25)}, "test_examples": 2, "test_correct": None}
    pictured, plain = result(seed=1, **kept, **shares), result(seed=2)
    store.put(pictured)
    store.put(plain)
    assert store.load() == {pictured.trial_id: pictured, plain.trial_id: plain}
    assert not {"filters", "answers", "test_shares"} & json.loads(record_path(store, plain).read_text()).keys()


@pytest.mark.parametrize("first", ["completed", "diverged"])
def test_a_result_is_not_replaced_by_a_failure(store: Store, result: Make, first: str) -> None:
    store.put(result(status=first))
    store.put(result(status="failed"))
    assert [found.status for found in store.load().values()] == [first]


@pytest.mark.parametrize("second", ["completed", "diverged"])
def test_a_failure_is_replaced_by_a_result(store: Store, result: Make, second: str) -> None:
    store.put(result(status="failed"))
    store.put(result(status=second))
    assert [found.status for found in store.load().values()] == [second]
    assert len(list(store.root.rglob("*.json"))) == 1


def test_the_newest_failure_is_kept(store: Store, result: Make) -> None:
    store.put(result(status="failed", reason="out of memory"))
    store.put(result(status="failed", reason="killed"))
    assert [found.reason for found in store.load().values()] == ["killed"]


def test_a_late_second_result_changes_nothing(store: Store, result: Make) -> None:
    first = result(measurements={"test_accuracy": 0.9, "train_seconds": 1.0})
    store.put(first)
    store.put(result(measurements={"test_accuracy": 0.9, "train_seconds": 7.0}))
    assert same(store.load()[first.trial_id], first)


def test_nothing_is_loaded_from_a_folder_that_does_not_exist(tmp_path: Path) -> None:
    store = Store(tmp_path / "none")
    assert store.load() == {}
    assert store.fingerprints() == {}
    assert not store.root.exists()


def change(**values: Any) -> Damage:
    return lambda record: record.update(values)


DAMAGES: dict[str, tuple[Damage, str]] = {
    "another seed": (change(seed=4), "belong to trial"),
    "another setting": (lambda record: record["settings"].update({"optimizer.lr": 0.02}), "belong to trial"),
    "another id": (change(trial_id="0" * 16), "named after"),
    "unknown status": (change(status="fine"), "status: 'fine'"),
    "key missing": (lambda record: record.pop("attempt"), "['attempt'] are missing or unknown"),
    "key too many": (change(extra=1), "['extra'] are missing or unknown"),
    "text for a number": (change(measurements={"test_accuracy": "high"}), "test_accuracy: 'high' is not a number"),
    "null for a number": (change(measurements={"test_accuracy": None}), "test_accuracy: None is not a number"),
    "epoch is no epoch": (change(epochs=[{"epoch": 1}]), "is not an epoch"),
    "epochs is no list": (change(epochs={}), "epochs: {}"),
    "too few bits": (change(test_examples=1000), "test_correct"),
    "a filter of eight numbers": (change(filters=[[0.5] * 8]), "filters: [[0.5"),
    "an answer without a prediction": (change(answers=[["aa", "bb"]]), "answers: [['aa'"),
    "an answer's box without a score": (
        change(answers=[["aa", [["cat", 0, 0, 1, 1]], [["cat", 0, 0, 1, 1]]]]),
        "answers",
    ),
    "an answer of numbers": (change(answers=[[1, 2, 3]]), "answers: [[1"),
    "parts of fewer examples than there are": (change(test_shares={"recall": [0.5]}), "test_shares: {'recall'"),
    "parts that are words": (change(test_shares={"recall": ["x"] * 9}, test_examples=9), "test_shares: {'recall'"),
    "a filter of words": (change(filters=[["x"] * 9]), "filters: [['x'"),
    "bits not in base64": (change(test_correct="**"), "test_correct"),
    "settings nested": (change(settings={"a": {"b": {}}}), "belong to trial"),
    "failed under a success's name": (change(status="failed"), "does not go with the file name"),
    "a number no float holds": (lambda record: record["epochs"][0].update(train_loss=10**400), "more than 64 bits"),
    "a number no column holds": (change(measurements={"parameters": 2**63}), "more than 64 bits"),
    "digits by the thousand": (change(seed=10**4200), "more than 64 bits"),
    "half a character": (change(reason="\ud800"), "not Unicode"),
    "half a character below": (change(provenance={"command": ["\udc00"]}), "not Unicode"),
    "completed without epochs": (change(epochs=[]), "selected_epoch: 2 is none of the 0 epochs"),
    "an epoch twice": (lambda record: record["epochs"][1].update(epoch=1), "epochs: [1, 1, 3] is not 1, 2, 3"),
    "more right than asked": (change(measurements={"test_accuracy": 7.0}), "test_accuracy: 7.0 is not between 0 and 1"),
    "less than none right": (lambda record: record["epochs"][2].update(val_metric=-0.5), "val_metric: -0.5"),
    "fewer than no examples": (change(test_examples=-3, test_correct=None), "test_examples: -3 is negative"),
    "no version": (lambda record: record.pop("format_version"), "no format_version"),
}


@pytest.mark.parametrize(("damage", "said"), DAMAGES.values(), ids=DAMAGES.keys())
def test_a_foreign_record_is_set_aside_and_named(store: Store, result: Make, damage: Damage, said: str) -> None:
    good, bad = result(seed=1), result(seed=3)
    store.put(good)
    store.put(bad)
    path = record_path(store, bad)
    record = json.loads(path.read_text())
    damage(record)
    path.write_text(json.dumps(record))
    assert list(store.load()) == [good.trial_id]
    (line,) = store.notices
    assert str(path) in line
    assert said in line
    assert "\n" not in line
    (moved,) = (store.root / "quarantine").iterdir()
    assert json.loads(moved.read_text()) == record
    assert list(Store(store.root).load()) == [good.trial_id]


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"null", b"[1, 2]", b"\xff\xfe\x00", b'"text"', b"[" * 100_000, b'{"a": NaN}', b"\0" * 4096],
    ids=["empty", "cut", "null", "list", "not UTF-8", "text", "deep", "NaN", "zeros"],
)
def test_what_is_no_record_at_all_is_set_aside(store: Store, result: Make, content: bytes) -> None:
    good, bad = result(seed=1), result(seed=3)
    store.put(good)
    record_path(store, bad).parent.mkdir(exist_ok=True)
    record_path(store, bad).write_bytes(content)
    assert list(store.load()) == [good.trial_id]
    assert len(store.notices) == 1
    assert [path.read_bytes() for path in (store.root / "quarantine").iterdir()] == [content]


def test_a_record_cut_anywhere_is_set_aside_and_can_be_put_again(store: Store, result: Make) -> None:
    put = result()
    store.put(put)
    whole = record_path(store, put).read_bytes()
    for length in range(0, len(whole) - 1, 97):
        record_path(store, put).write_bytes(whole[:length])
        store.put(put)
        assert record_path(store, put).read_bytes() == whole
    assert len(list((store.root / "quarantine").iterdir())) == len(store.notices) > 10


def test_stray_files_are_named_or_left_alone(store: Store, result: Make) -> None:
    put = result()
    store.put(put)
    (store.root / "trials" / "notes.txt").write_text("mine")
    (store.root / "trials" / "zz").mkdir()
    shutil.copy(record_path(store, put), store.root / "trials" / "zz")
    (store.root / "trials" / "package.json").write_text("{}")
    assert list(store.load()) == [put.trial_id]
    assert len(store.notices) == 2
    assert (store.root / "trials" / "notes.txt").exists()


def test_records_of_another_engine_stay_and_are_counted(
    store: Store, result: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    put = result()
    store.put(put)
    monkeypatch.setattr(codec, "ENGINE_VERSION", codec.ENGINE_VERSION + 1)
    assert store.load() == {}
    (line,) = store.notices
    assert "1 of the records" in line
    assert record_path(store, put).exists()
    monkeypatch.undo()
    assert list(store.load()) == [put.trial_id]


def test_records_of_a_mechanism_before_it_was_mended_stay_and_are_counted(
    store: Store, result: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    put = result()
    store.put(put)
    monkeypatch.setitem(trials.REVISIONS, ("model", put.settings["model"]), 1)
    assert codec.trial_of(put).id != put.trial_id
    assert store.load() == {}
    (line,) = store.notices
    assert "1 of the records" in line
    again = dataclasses.replace(put, trial_id=codec.trial_of(put).id)
    store.put(again)
    assert list(store.load()) == [again.trial_id]
    monkeypatch.undo()
    assert list(store.load()) == [put.trial_id]


def test_a_file_instead_of_the_folder(tmp_path: Path, result: Make) -> None:
    file = tmp_path / "results"
    file.write_text("mine")
    for act in (Store(file).open, Store(file).load, lambda: Store(file).put(result())):
        with pytest.raises(StoreError, match="a file is where the results folder should be") as caught:
            act()
        assert "\n" not in str(caught.value)
        assert str(file) in str(caught.value)
    assert file.read_text() == "mine"


IN_A_SMALL_FILE_SYSTEM = """
import sys, subprocess
from pathlib import Path
from suite.errors import StoreError
from suite.recording.store import Store
from suite.recording.codec import decode
root, source = Path(sys.argv[1]), Path(sys.argv[2])
results = [decode(path.read_bytes()) for path in sorted(source.iterdir())]
store = Store(root / "results")
store.open()
stored = []
try:
    for result in results:
        store.put(result)
        stored.append(result.trial_id)
    print("never full")
except StoreError as error:
    print(error)
assert sorted(stored) == list(Store(store.root).load()), "a trial was lost"
assert not list(store.root.rglob("*.tmp")), "a temporary file stayed"
bad = store.root / "trials" / stored[0][:2] / f"{stored[0]}.json"
bad.write_bytes(b"{")
subprocess.run(["mount", "-o", "remount,ro", str(root)], check=True)
for act in (store.open, lambda: store.put(results[-1]), lambda: store.record_fingerprint("digits()", "a" * 64)):
    try:
        act()
    except StoreError as error:
        print(error)
again = Store(store.root)
assert sorted(stored[1:]) == list(again.load())
assert sorted(stored[1:]) == list(again.load())
print(*again.notices, sep="\\n")
"""


def can_mount(folder: Path) -> bool:
    command = ["unshare", "--map-root-user", "--mount", "mount", "-t", "tmpfs", "none", str(folder)]
    return bool(shutil.which("unshare")) and subprocess.run(command, capture_output=True, check=False).returncode == 0


def test_a_full_and_then_a_read_only_disk(tmp_path: Path, result: Make) -> None:
    if not can_mount(tmp_path):
        pytest.skip("needs the right to mount a small file system")
    source, root = tmp_path / "source", tmp_path / "disk"
    source.mkdir()
    root.mkdir()
    for seed in range(60):
        (source / f"{seed}").write_bytes(codec.encode(result(seed=seed)))
    (tmp_path / "script.py").write_text(IN_A_SMALL_FILE_SYSTEM)
    inner = f"mount -t tmpfs -o size=160k none {root} && {sys.executable} {tmp_path / 'script.py'} {root} {source}"
    command = ["unshare", "--map-root-user", "--mount", "sh", "-c", inner]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    full, *read_only, notice = done.stdout.splitlines()
    assert full.startswith(f"{root / 'results'}: no space left")
    assert "--results" in full
    assert len(read_only) == 3
    assert all("cannot be written" in line and "--results" in line for line in read_only)
    assert "it cannot be moved" in notice


def test_a_refused_write_leaves_no_temporary_file(store: Store, result: Make) -> None:
    """A limit on file sizes stands for any write that fails half-way."""
    resource = pytest.importorskip("resource")
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    before = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, limits[1]))
    try:
        with pytest.raises(StoreError, match="too large"):
            store.put(result())
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, before)
    assert [path for path in store.root.rglob("*") if path.is_file()] == []
    store.put(result())
    assert len(store.load()) == 1


PUTTING = """
import dataclasses, sys
from pathlib import Path
from suite.recording.codec import decode, trial_of
from suite.recording.store import Store
template = decode(Path(sys.argv[2]).read_bytes())
store = Store(Path(sys.argv[1]))
store.open()
for seed in range(int(sys.argv[3]), int(sys.argv[4])):
    fresh = dataclasses.replace(template, seed=seed)
    store.put(dataclasses.replace(fresh, trial_id=trial_of(fresh).id))
    print(seed, flush=True)
"""


@pytest.fixture
def putter(tmp_path: Path, result: Make) -> Iterator[Callable[[Path, int, int], subprocess.Popen[str]]]:
    """Starts processes that put the trials with seeds in a range, printing each seed that is safely stored."""
    (tmp_path / "template").write_bytes(codec.encode(result()))
    started: list[subprocess.Popen[str]] = []

    def start(root: Path, first: int, last: int) -> subprocess.Popen[str]:
        command = [sys.executable, "-c", PUTTING, str(root), str(tmp_path / "template"), str(first), str(last)]
        started.append(subprocess.Popen(command, stdout=subprocess.PIPE, text=True))
        return started[-1]

    yield start
    for process in started:
        process.kill()
        process.wait()


Putter = Callable[[Path, int, int], "subprocess.Popen[str]"]


def test_killed_at_random_moments_every_record_is_whole(tmp_path: Path, putter: Putter) -> None:
    chance = random.Random(0)
    root = tmp_path / "results"
    stored = set()
    for attempt in range(6):
        process = putter(root, attempt * 100_000, (attempt + 1) * 100_000)
        assert process.stdout
        printed = [process.stdout.readline()]
        time.sleep(chance.uniform(0, 0.1))
        process.kill()
        printed += process.stdout.readlines()
        stored |= {int(line) for line in printed if line.endswith("\n")}
    store = Store(root)
    found = {trial.seed for trial in store.load().values()}
    assert store.notices == []
    assert stored <= found
    assert len(found) <= len(stored) + 6


def test_two_drivers_on_one_folder_lose_nothing(tmp_path: Path, putter: Putter) -> None:
    """Seeds 100 to 199 are put by both."""
    root = tmp_path / "results"
    processes = [putter(root, 0, 200), putter(root, 100, 300)]
    for process in processes:
        process.communicate()
        assert process.returncode == 0
    store = Store(root)
    assert {trial.seed for trial in store.load().values()} == set(range(300))
    assert store.notices == []


def test_only_old_temporary_files_are_swept(store: Store, result: Make) -> None:
    put = result()
    store.put(put)
    folder = record_path(store, put).parent
    old, young = folder / f".{put.trial_id}.json.0123abcd.tmp", folder / f".{put.trial_id}.json.4567cdef.tmp"
    for path in (old, young):
        path.write_bytes(b"{")
    os.utime(old, (0, 0))
    store.open()
    assert not old.exists()
    assert young.exists()
    assert len(store.load()) == 1
    assert store.notices == []


def test_fingerprints_of_many_drivers_are_merged(store: Store) -> None:
    def record(number: int) -> None:
        Store(store.root).record_fingerprint(f"glyphs(pool={number % 20})", f"{number % 20:064x}")

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(record, range(60)))
    assert store.fingerprints() == {f"glyphs(pool={number})": f"{number:064x}" for number in range(20)}


@pytest.mark.parametrize("content", [b"", b"[]", b'{"fingerprints": {"digits()": 3}}', b"\xff"])
def test_a_broken_data_file_is_set_aside(store: Store, content: bytes) -> None:
    (store.root / "data.json").write_bytes(content)
    store.record_fingerprint("digits()", "a" * 64)
    assert store.fingerprints() == {"digits()": "a" * 64}
    assert len(store.notices) == 1
    assert [path.read_bytes() for path in (store.root / "quarantine").iterdir()] == [content]


def test_a_good_record_that_arrives_while_a_bad_one_is_moved_is_kept(store: Store, result: Make) -> None:
    """Another driver replaces the bad record between our reading it and our moving it."""
    put = result()
    store.put(put)
    store._set_aside(record_path(store, put), "was bad a moment ago")
    assert same(store.load()[put.trial_id], put)
    assert store.notices == []


def test_a_trial_with_other_settings_is_another_record(store: Store, result: Make) -> None:
    first, second = result(), result(settings={"model": "cnn"})
    for put in (first, second, dataclasses.replace(first, attempt=2)):
        store.put(put)
    assert set(store.load()) == {first.trial_id, second.trial_id}


def test_only_ids_are_looked_up(store: Store, result: Make) -> None:
    (store.root / "data.json").write_text("{}")
    for name in ("../data", "", "0" * 16, "x"):
        assert store.get(name) is None
    assert (store.root / "data.json").exists()
