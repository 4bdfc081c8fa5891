"""Data sets and their cache: what is in them, many processes at once, damaged files, no network, no space."""

import ctypes
import http.server
import json
import multiprocessing
import resource
import shutil
import socket
import subprocess
import threading
from collections.abc import Callable, Iterator
from hashlib import md5
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from scipy import ndimage
from torchvision.datasets import CIFAR10, FashionMNIST

from suite.errors import DataError
from suite.spec import slots
from suite.training.data import digits, glyphs
from suite.training.data_cache import Dataset, PreparedData, load, prepare
from suite.training.fetch import Fetch

CLONE_NEWNS = 0x00020000
SMALL = {"data": "glyphs", "data.pool_examples": 300, "data.test_examples": 100}
ARRAYS = {"inputs", "targets", "test_inputs", "test_targets"}


def nothing_to_fetch(tmp_path: Path) -> Fetch:
    return Fetch(folders=(), staging=tmp_path)


def small(cache: Path, **changes: Any) -> PreparedData:
    return prepare(
        {**SMALL, **{f"data.{name}": value for name, value in changes.items()}}, data_dirs=[], cache_dir=cache
    )


def folders(cache: Path) -> list[Path]:
    return [path for path in (cache / "data").glob("*") if path.is_dir()]


def equal(one: Dataset, other: Dataset) -> bool:
    return all(torch.equal(getattr(one, name), getattr(other, name)) for name in ARRAYS) and one[4] == other[4]


def is_well_formed(data: Dataset) -> bool:
    pairs = [(data.inputs, data.targets), (data.test_inputs, data.test_targets)]
    return (
        all(x.dtype == torch.uint8 and x.ndim == 4 and y.dtype == torch.int64 for x, y in pairs)
        and all(y.shape == (len(x),) and set(y.tolist()) == set(range(len(data.classes))) for x, y in pairs)
        and data.inputs.shape[1:] == data.test_inputs.shape[1:]
    )


# ------------------------------------------------------------------------------------------- bundled data sets


def test_digits_splits_all_1797_images_into_two_parts_without_a_common_row(tmp_path: Path) -> None:
    from sklearn.datasets import load_digits

    data = digits.build(nothing_to_fetch(tmp_path))
    assert (data.inputs.shape, data.test_inputs.shape) == ((900, 8, 8, 1), (897, 8, 8, 1))
    assert is_well_formed(data)
    everything = torch.cat([data.inputs, data.test_inputs]).flatten(1), torch.cat([data.targets, data.test_targets])
    rows = sorted((*pixels, label) for pixels, label in zip(*(part.tolist() for part in everything), strict=True))
    source = load_digits()
    scaled = np.rint(source.data * 255 / 16).astype(int).tolist()
    assert rows == sorted((*pixels, label) for pixels, label in zip(scaled, source.target.tolist(), strict=True))
    assert data.inputs.max() == 255


def test_digits_has_as_many_of_each_class_in_both_parts_and_is_always_the_same(tmp_path: Path) -> None:
    first, second = (digits.build(nothing_to_fetch(tmp_path)) for _ in range(2))
    pool, test = first.targets.bincount(), first.test_targets.bincount()
    assert (pool - test).abs().max() <= 2
    assert equal(first, second)


def glyph_set(folder: Path, **settings: Any) -> Dataset:
    return glyphs.build(nothing_to_fetch(folder), pool_examples=600, test_examples=400, **settings)


def test_glyphs_are_the_same_for_the_same_seed_only_and_leave_the_global_generator_alone(tmp_path: Path) -> None:
    torch.manual_seed(1)
    state = torch.get_rng_state()
    first = glyph_set(tmp_path)
    assert torch.equal(torch.get_rng_state(), state)
    torch.manual_seed(2)
    assert equal(first, glyph_set(tmp_path))
    other = glyph_set(tmp_path, seed=1)
    assert not torch.equal(first.inputs, other.inputs)
    assert not torch.equal(first.targets, other.targets)


def test_glyphs_have_ten_equally_frequent_classes_in_all_shades_of_grey(tmp_path: Path) -> None:
    data = glyph_set(tmp_path)
    assert is_well_formed(data)
    assert data.inputs.shape == (600, 16, 16, 1)
    assert (data.targets.bincount() + data.test_targets.bincount()).tolist() == [100] * 10
    assert data.targets.bincount().min() > 40
    assert 40 < data.inputs.float().mean() < 215
    assert data.inputs.unique().numel() > 250


def test_letters_of_one_size_are_as_large_as_one_another(tmp_path: Path) -> None:
    """By the area of an O's hole: but for the fonts and for slanting all are alike."""

    def scatter(one_size: bool) -> float:
        data = glyph_set(tmp_path, letters="OI", noise=0.0, pixels=32, one_size=one_size)
        holes = list[int]()
        for image in data.inputs[data.targets == 0, ..., 0].numpy():
            parts, _ = ndimage.label(image < (int(image.min()) + int(image.max())) / 2)
            holes.append((parts == parts[16, 16]).sum())
        closed = [hole for hole in holes if 20 < hole < 400]  # not run out, nor covered by another letter
        assert len(closed) > 200
        return float(np.std(closed) / np.mean(closed))

    assert scatter(one_size=True) < 0.8 * scatter(one_size=False)


def test_no_two_glyphs_are_the_same_image(tmp_path: Path) -> None:
    data = glyph_set(tmp_path)
    assert len(torch.cat([data.inputs, data.test_inputs]).flatten(1).unique(dim=0)) == 1000


def test_the_letters_of_glyphs_can_be_told_apart_by_more_than_chance(tmp_path: Path) -> None:
    """Without noise, by the nearest mean image: wrong labels would leave a tenth."""
    data = glyph_set(tmp_path, noise=0.0)
    x, test_x = data.inputs.float().flatten(1), data.test_inputs.float().flatten(1)
    means = torch.stack([x[data.targets == label].mean(0) for label in range(10)])
    assert (torch.cdist(test_x, means).argmin(1) == data.test_targets).float().mean() > 0.2


# ---------------------------------------------------------------------------------------------------- the cache


@pytest.mark.parametrize("name", ["digits", "glyphs"])
def test_a_prepared_data_set_is_what_its_mechanism_builds(name: str, cache_dir: Path, tmp_path: Path) -> None:
    prepared = prepare(slots.complete_slot({"data": name}, "data"), data_dirs=[], cache_dir=cache_dir)
    built = {"digits": digits, "glyphs": glyphs}[name].build(nothing_to_fetch(tmp_path))
    assert equal(load(prepared), built)


def test_what_is_prepared_once_is_not_made_again_and_other_settings_are_another_data_set(tmp_path: Path) -> None:
    first = small(tmp_path)
    made = {path: path.stat().st_mtime_ns for path in first.folder.iterdir()}
    assert small(tmp_path) == first
    assert {path: path.stat().st_mtime_ns for path in first.folder.iterdir()} == made
    other = small(tmp_path, seed=1)
    assert other.folder != first.folder
    assert other.fingerprint != first.fingerprint


def test_the_fingerprint_is_the_same_on_another_cache(tmp_path: Path) -> None:
    assert small(tmp_path / "one").fingerprint == small(tmp_path / "two").fingerprint


def in_a_child(work: Callable[[], Any], count: int = 1) -> list[Any]:
    """What `work` returns, in `count` forked processes that begin at the same time."""
    context = multiprocessing.get_context("fork")
    barrier, answers = context.Barrier(count), context.Queue()

    def child() -> None:
        barrier.wait()
        try:
            answers.put(work())
        except Exception as error:
            answers.put(error)

    children = [context.Process(target=child) for _ in range(count)]
    for process in children:
        process.start()
    found = [answers.get(timeout=60) for _ in children]
    for process in children:
        process.join(timeout=60)
    return found


def test_four_processes_that_ask_at_once_get_one_data_set(tmp_path: Path) -> None:
    found = in_a_child(lambda: small(tmp_path), count=4)
    assert found == [found[0]] * 4
    assert isinstance(found[0], PreparedData)
    assert folders(tmp_path) == [found[0].folder]
    assert equal(load(found[0]), load(small(tmp_path)))


def test_a_truncated_array_is_made_again(tmp_path: Path) -> None:
    before = small(tmp_path)
    array = before.folder / "inputs.npy"
    whole = array.read_bytes()
    array.write_bytes(whole[:-100])
    assert small(tmp_path) == before
    assert array.read_bytes() == whole


@pytest.mark.parametrize("damage", ["", "{", "[]", "null", "{}"])
def test_a_damaged_description_is_made_again(tmp_path: Path, damage: str) -> None:
    before = small(tmp_path)
    (before.folder / "meta.json").write_text(damage)
    assert small(tmp_path) == before
    assert json.loads((before.folder / "meta.json").read_text())["fingerprint"] == before.fingerprint


@pytest.mark.parametrize("name", sorted(ARRAYS))
def test_a_changed_array_is_refused_with_the_name_of_its_folder(tmp_path: Path, name: str) -> None:
    prepared = small(tmp_path)
    array = prepared.folder / f"{name}.npy"
    content = bytearray(array.read_bytes())
    content[-8] ^= 1
    array.write_bytes(content)
    with pytest.raises(DataError, match="changed since it was prepared") as caught:
        load(prepared)
    assert str(prepared.folder) in str(caught.value)


@pytest.mark.parametrize(
    "damage", [lambda array: array.write_bytes(array.read_bytes()[:-100]), Path.unlink], ids=["truncated", "deleted"]
)
def test_an_array_truncated_or_deleted_after_preparing_is_refused_with_the_name_of_its_folder(
    tmp_path: Path, damage: Callable[[Path], Any]
) -> None:
    prepared = small(tmp_path)
    damage(prepared.folder / "inputs.npy")
    with pytest.raises(DataError) as caught:
        load(prepared)
    assert str(prepared.folder) in str(caught.value)


# ------------------------------------------------------------------------------------ archives and the network


def test_a_corrupt_file_is_named_with_both_checksums(tmp_path: Path) -> None:
    for name, published in [("cifar-10-python.tar.gz", CIFAR10.tgz_md5), FashionMNIST.resources[0]]:
        (tmp_path / name).write_bytes(b"not an archive")
        data = "cifar10" if "cifar" in name else "fashion_mnist"
        with pytest.raises(DataError, match="corrupt") as caught:
            prepare({"data": data}, data_dirs=[tmp_path], cache_dir=tmp_path / "cache")
        for part in (str(tmp_path / name), md5(b"not an archive").hexdigest(), published):
            assert part in str(caught.value)
    assert folders(tmp_path / "cache") == []


def test_an_unpacked_data_set_that_lacks_a_file_names_it(tmp_path: Path) -> None:
    batches = tmp_path / "cifar-10-batches-py"
    batches.mkdir()
    with pytest.raises(DataError, match=rf"{batches}/data_batch_1: is missing"):
        prepare({"data": "cifar10"}, data_dirs=[tmp_path], cache_dir=tmp_path / "cache")
    assert folders(tmp_path / "cache") == []


def test_the_first_folder_that_has_a_file_is_taken(tmp_path: Path) -> None:
    for name in ("b", "c"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "file").write_text(name)
    fetch = Fetch(folders=[tmp_path / name for name in "abc"], staging=tmp_path)
    assert fetch.file(["deep/file", "file"], md5=md5(b"b").hexdigest(), urls=[]) == tmp_path / "b" / "file"


@pytest.fixture
def nowhere(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """An address of this machine that refuses connections."""
    monkeypatch.setenv("no_proxy", "*")
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{taken.getsockname()[1]}/"


@pytest.mark.parametrize("data", ["cifar10", "fashion_mnist"])
def test_without_a_network_one_error_names_the_ways_out_and_nothing_stays_in_the_cache(
    data: str, tmp_path: Path, nowhere: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(CIFAR10, "url", nowhere)
    monkeypatch.setattr(FashionMNIST, "mirrors", [nowhere, nowhere])
    (tmp_path / "empty").mkdir()
    with pytest.raises(DataError) as caught:
        prepare({"data": data}, data_dirs=[tmp_path / "empty"], cache_dir=tmp_path / "cache")
    message = str(caught.value)
    for part in ("--data-dir", "SUITE_DATA", str(tmp_path / "empty"), "refused"):
        assert part in message
    assert message.count("refused") == 1
    assert "\n" not in message
    assert [path for path in (tmp_path / "cache" / "data").iterdir() if path.suffix != ".lock"] == []


@pytest.fixture
def mirror(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A server with the files `right` and `wrong`."""
    monkeypatch.setenv("no_proxy", "*")
    served = tmp_path / "served"
    served.mkdir()
    (served / "right").write_bytes(b"the file")
    (served / "wrong").write_bytes(b"a page that says sorry")

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def __init__(self, *given: Any) -> None:
            super().__init__(*given, directory=str(served))

        def log_message(self, format: str, *args: Any) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Quiet) as server:
        threading.Thread(target=server.serve_forever, args=(0.02,)).start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


def test_the_next_mirror_is_asked_when_one_lacks_the_file_and_progress_is_told(tmp_path: Path, mirror: str) -> None:
    told: list[tuple[str, int, int | None]] = []
    fetch = Fetch(folders=(), staging=tmp_path, progress=lambda *step: told.append(step))
    urls = [f"{mirror}/missing", f"{mirror}/right"]
    assert fetch.file(["a/file.gz"], md5=md5(b"the file").hexdigest(), urls=urls).read_bytes() == b"the file"
    assert told == [("file.gz", 8, 8)]


def test_the_next_mirror_is_asked_when_one_has_a_wrong_file(tmp_path: Path, mirror: str) -> None:
    urls = [f"{mirror}/wrong", f"{mirror}/right"]
    found = Fetch(folders=(), staging=tmp_path).file(["file.gz"], md5=md5(b"the file").hexdigest(), urls=urls)
    assert found.read_bytes() == b"the file"


def test_a_downloaded_file_with_a_wrong_checksum_is_refused(tmp_path: Path, mirror: str) -> None:
    with pytest.raises(DataError, match=md5(b"the file").hexdigest()):
        Fetch(folders=(), staging=tmp_path).file(["x"], md5=md5(b"the file").hexdigest(), urls=[f"{mirror}/wrong"])


# ----------------------------------------------------------------------------------------------------- no space


def names_the_folder(error: Any, folder: Path) -> bool:
    return isinstance(error, DataError) and str(folder) in str(error) and "SUITE_CACHE" in str(error)


def test_a_file_that_may_not_grow_is_an_error_that_names_the_folder(tmp_path: Path) -> None:
    def limited() -> PreparedData:
        resource.setrlimit(resource.RLIMIT_FSIZE, (30_000, 30_000))
        return small(tmp_path)

    (error,) = in_a_child(limited)
    assert names_the_folder(error, tmp_path / "data"), repr(error)
    assert folders(tmp_path) == []


def on_a_full_disk(folder: Path) -> list[Any]:
    """What `small` gives on a file system of 48 KiB that only the child sees, and the folders left there."""

    def child() -> Any:
        if ctypes.CDLL(None).unshare(CLONE_NEWNS):
            return None
        for command in (["--make-rprivate", "/"], ["-t", "tmpfs", "-o", "size=48k", "tmpfs", str(folder)]):
            if subprocess.run(["mount", *command], capture_output=True, check=False).returncode:
                return None
        try:
            return small(folder)
        except Exception as error:
            return error, folders(folder)

    (found,) = in_a_child(child)
    if found is None:
        pytest.skip("this user may not mount a small file system")
    return list(found)


@pytest.mark.skipif(shutil.which("mount") is None, reason="needs mount")
def test_a_full_disk_is_an_error_that_names_the_folder_and_leaves_nothing_behind(tmp_path: Path) -> None:
    error, left = on_a_full_disk(tmp_path)
    assert names_the_folder(error, tmp_path / "data"), repr(error)
    assert left == []


@pytest.mark.skipif(shutil.which("mount") is None, reason="needs mount")
def test_a_full_disk_is_called_by_its_name(tmp_path: Path) -> None:
    error, _ = on_a_full_disk(tmp_path)
    assert "no space is left" in str(error)


# -------------------------------------------------------------------------------------------- real data sets


def real(name: str, data_root: Path, cache_dir: Path) -> Dataset:
    return load(prepare({"data": name}, data_dirs=[data_root], cache_dir=cache_dir))


def test_fashion_mnist_is_as_published(data_root: Path, cache_dir: Path) -> None:
    data = real("fashion_mnist", data_root, cache_dir)
    assert is_well_formed(data)
    assert (data.inputs.shape, data.test_inputs.shape) == ((60_000, 28, 28, 1), (10_000, 28, 28, 1))
    assert data.targets.bincount().tolist() == [6000] * 10
    assert data.test_targets.bincount().tolist() == [1000] * 10
    assert data.classes[9] == "Ankle boot"
    assert data.targets[0] == 9
    assert data.inputs.double().mean() / 255 == pytest.approx(0.2860, abs=1e-4)


@pytest.mark.slow
def test_cifar10_is_as_published(data_root: Path, cache_dir: Path) -> None:
    data = real("cifar10", data_root, cache_dir)
    assert is_well_formed(data)
    assert (data.inputs.shape, data.test_inputs.shape) == ((50_000, 32, 32, 3), (10_000, 32, 32, 3))
    assert data.targets.bincount().tolist() == [5000] * 10
    assert data.test_targets.bincount().tolist() == [1000] * 10
    assert data.classes[data.targets[0]] == "frog"
    mean = data.inputs.double().mean((0, 1, 2)) / 255
    assert mean.tolist() == pytest.approx([0.4914, 0.4822, 0.4465], abs=1e-4)
