"""Published texts and series: what is in them against their published sizes, and how their files are read."""

import io
import lzma
import tarfile
from collections.abc import Callable
from hashlib import md5
from pathlib import Path

import pytest
import torch

from suite.errors import DataError
from suite.training import corpus, padding, text
from suite.training.data import imdb
from suite.training.data_cache import Dataset, load, prepare
from suite.training.fetch import Fetch

Real = Callable[..., Dataset]


@pytest.fixture
def real(data_root: Path, cache_dir: Path) -> Real:
    def build(name: str, **arguments: object) -> Dataset:
        settings = {"data": name, **{f"data.{key}": value for key, value in arguments.items()}}
        return load(prepare(settings, data_dirs=[data_root], cache_dir=cache_dir))

    return build


def written(data: Dataset, row: int, *, test: bool = False) -> str:
    """The text of an example, as the network gets it."""
    tokens = (data.test_inputs if test else data.inputs)[row].tolist()
    return data.separator.join(data.vocabulary[token] for token in tokens if token)


def extent(inputs: torch.Tensor) -> tuple[int, int]:
    found = padding.lengths(inputs)
    assert found is not None
    return int(found.min()), int(found.max())


def assert_is_classification(data: Dataset, *, train: int, test: int, longest: int, vocabulary: int) -> None:
    assert (data.inputs.shape, data.test_inputs.shape) == ((train, longest), (test, longest))
    assert (data.targets.shape, data.test_targets.shape) == ((train,), (test,))
    assert data.inputs.dtype == torch.int16
    assert data.targets.dtype == torch.int64
    assert len(data.vocabulary) == vocabulary
    assert data.vocabulary[:2] == (text.PADDING, text.UNKNOWN)
    assert data.targets.unique().tolist() == list(range(len(data.classes)))


# ------------------------------------------------------------------------------------------ real classification


@pytest.mark.slow
def test_imdb_is_as_published(real: Real) -> None:
    data = real("imdb")
    assert_is_classification(data, train=24_778, test=25_000, longest=1000, vocabulary=10_000)
    assert data.targets.bincount().tolist() == [12_336, 12_442]
    assert data.test_targets.bincount().tolist() == [12_500, 12_500]
    assert (extent(data.inputs), extent(data.test_inputs)) == ((11, 1000), (8, 1000))
    assert data.classes == ("neg", "pos")
    assert written(data, 0).startswith("story of a man who has unnatural feelings for a pig . starts out with a")
    cut = (data.inputs[:, -1] != 0).double().mean()
    unknown = (data.test_inputs == 1).sum() / (data.test_inputs != 0).sum()
    assert float(cut) == pytest.approx(0.015, abs=5e-4)
    assert float(unknown) == pytest.approx(0.049, abs=5e-4)


def test_trec_is_as_published(real: Real) -> None:
    coarse, fine = real("trec"), real("trec", classes="fine")
    for data in (coarse, fine):
        assert_is_classification(data, train=5369, test=500, longest=37, vocabulary=5000)
        assert (extent(data.inputs), extent(data.test_inputs)) == ((3, 37), (4, 22))
    assert coarse.classes == ("ABBR", "DESC", "ENTY", "HUM", "LOC", "NUM")
    assert coarse.targets.bincount().tolist() == [84, 1146, 1245, 1215, 823, 856]
    assert coarse.test_targets.bincount().tolist() == [9, 138, 94, 65, 81, 113]
    assert (len(fine.classes), len(fine.test_targets.unique())) == (50, 42)
    assert written(fine, 0) == "how did <unk> develop in and then leave russia ?"
    assert (coarse.classes[coarse.targets[0]], fine.classes[fine.targets[0]]) == ("DESC", "DESC:manner")


@pytest.mark.parametrize(("classes", "train", "dev", "test"), [("fine", 8531, 1101, 2210), ("binary", 6909, 872, 1821)])
def test_sst_is_as_published(real: Real, classes: str, train: int, dev: int, test: int) -> None:
    data = real("sst", classes=classes)
    assert_is_classification(data, train=train + dev, test=test, longest=56, vocabulary=10_000)
    assert (extent(data.inputs), extent(data.test_inputs)) == ((2, 52), (2, 56))
    published = {
        "fine": ([139, 289, 229, 279, 165], [279, 633, 389, 510, 399]),
        "binary": ([428, 444], [912, 909]),
    }[classes]
    assert data.targets[train:].bincount().tolist() == published[0]
    assert data.test_targets.bincount().tolist() == published[1]
    assert written(data, 0).startswith("a stirring , funny and finally transporting <unk> of beauty and the beast")
    assert data.classes[data.targets[0]] == {"fine": "very positive", "binary": "positive"}[classes]
    assert not any(same(data.inputs[:train], other) for other in (data.inputs[train:], data.test_inputs))


def same(inputs: torch.Tensor, others: torch.Tensor) -> set[tuple[int, ...]]:
    """Texts without unknown words that are in both."""
    here, there = ({tuple(row) for row in part.tolist() if 1 not in row} for part in (inputs, others))
    return here & there


def test_movie_reviews_are_as_published_and_a_tenth_of_each_class_is_for_the_test(real: Real) -> None:
    data = real("movie_review")
    assert_is_classification(data, train=9596, test=1066, longest=59, vocabulary=10_000)
    assert data.targets.bincount().tolist() == [4798, 4798]
    assert data.test_targets.bincount().tolist() == [533, 533]
    assert extent(torch.cat([data.inputs, data.test_inputs])) == (1, 59)
    assert not same(data.inputs, data.test_inputs)
    assert not torch.equal(real("movie_review", seed=1).test_inputs, data.test_inputs)


# ------------------------------------------------------------------------------------------- real text and series


def test_wikitext2_is_as_published(real: Real, data_root: Path) -> None:
    data = real("wikitext2")
    assert (data.inputs.shape, data.test_inputs.shape) == ((59_675 + 6_218, 35), (7_016, 35))
    assert data.inputs.dtype == torch.int32
    assert len(set(data.vocabulary)) == 1 + 33_278
    assert 0 not in data.inputs
    for part, rows in {"train": data.inputs[:59_675], "valid": data.inputs[59_675:], "test": data.test_inputs}.items():
        with lzma.open(data_root / "wikitext-2" / f"{part}.txt.xz", "rt", encoding="utf-8") as file:
            published = file.read().replace("\n", "<eos>").split()
        assert len(published) == {"train": 2_088_628, "valid": 217_646, "test": 245_569}[part]
        assert [data.vocabulary[token] for token in rows.flatten().tolist()] == published[: rows.numel()]


def test_tiny_shakespeare_is_as_published(real: Real) -> None:
    data = real("tiny_shakespeare")
    assert (data.inputs.shape, data.test_inputs.shape) == ((15_685, 64), (1_742, 64))
    assert len(data.vocabulary) == 1 + 65
    assert written(data, 0).startswith("First Citizen:\nBefore we proceed any further, hear me speak.")
    assert written(data, 0, test=True).startswith("?\n\nGREMIO:\nGood morrow, neighbour Baptista.")


@pytest.mark.parametrize("name", ["wikitext2", "tiny_shakespeare"])
def test_each_place_of_a_text_is_followed_by_its_target(real: Real, name: str) -> None:
    data = real(name)
    for inputs, targets in [(data.test_inputs, data.test_targets), (data.inputs[:15_000], data.targets[:15_000])]:
        assert targets.dtype == torch.int64
        assert torch.equal(inputs.flatten()[1:].long(), targets.flatten()[:-1])


def test_japanese_vowels_are_as_published(real: Real) -> None:
    data = real("japanese_vowels")
    assert (data.inputs.shape, data.test_inputs.shape) == ((270, 29, 12), (370, 29, 12))
    assert data.inputs.dtype == data.test_inputs.dtype == torch.float32
    assert data.targets.tolist() == [speaker for speaker in range(9) for _ in range(30)]
    assert data.test_targets.bincount().tolist() == [31, 35, 88, 44, 29, 24, 40, 50, 29]
    assert (extent(data.inputs), extent(data.test_inputs)) == ((7, 26), (7, 29))
    assert data.inputs[0, 0, :3].tolist() == pytest.approx([1.860936, -0.207383, 0.261557])
    lengths = padding.lengths(data.inputs)
    assert lengths is not None
    assert lengths[0] == 20
    ends = torch.arange(29) >= lengths[:, None]
    assert torch.equal(data.inputs.isnan(), ends[..., None].expand_as(data.inputs))


# ----------------------------------------------------------------------------------------------- how files are read


def digest(content: bytes) -> str:
    return md5(content, usedforsecurity=False).hexdigest()


def test_a_file_is_read_packed_or_not_and_the_first_folder_counts(tmp_path: Path) -> None:
    for folder, name, content in [("one", "a.xz", lzma.compress(b"one")), ("two", "a", b"two")]:
        (tmp_path / folder).mkdir()
        (tmp_path / folder / name).write_bytes(content)
    for order, found in [(("one", "two"), b"one"), (("two", "one"), b"two")]:
        fetch = Fetch(folders=[tmp_path / folder for folder in order], staging=tmp_path)
        assert corpus.read(fetch, "deep/a", "a", md5=digest(found)) == found


@pytest.mark.parametrize(
    ("packed", "why"),
    [(b"no archive", "unpacked"), (lzma.compress(b"text")[:-9], "unpacked"), (lzma.compress(b"other"), "MD5")],
)
def test_a_packed_file_that_is_damaged_or_another_is_refused_by_name(tmp_path: Path, packed: bytes, why: str) -> None:
    (tmp_path / "a.xz").write_bytes(packed)
    with pytest.raises(DataError, match=why) as caught:
        corpus.read(Fetch(folders=[tmp_path], staging=tmp_path), "a", md5=digest(b"text"))
    assert str(tmp_path / "a.xz") in str(caught.value)


def test_only_the_training_part_loses_what_is_elsewhere_or_twice_and_gives_the_words() -> None:
    train = [(("a",), 0), (("b", "c"), 1), (("a",), 1), (("d",), 0), (("e",), 1)]
    dev, test = [(("d",), 0), (("d",), 0), (("e",), 0)], [(("e", "f"), 1), (("e",), 1)]
    data = corpus.labelled(train, test, dev=dev, classes=("x", "y"), vocabulary=9)
    assert data.vocabulary == (text.PADDING, text.UNKNOWN, "a", "b", "c")
    assert data.inputs.tolist() == [[2, 0], [3, 4], [1, 0], [1, 0]]
    assert data.targets.tolist() == [0, 1, 0, 0]
    assert data.test_inputs.tolist() == [[1, 1], [1, 0]]


REVIEWS = [("train", 0, 2, "So bad!<br /><br />Bad."), ("train", 0, 10, "Bad, bad"), ("train", 1, 0, 'Good, "really"')]
REVIEWS += [("test", 0, 0, "Not good"), ("test", 1, 1, "Ré good")]


def test_imdb_is_the_same_from_tables_and_from_the_official_archive(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tables, archive = tmp_path / "tables", tmp_path / "archive"
    (tables / "imdb").mkdir(parents=True)
    archive.mkdir()
    for part in ("train", "test"):
        rows = [
            f'{label},5,{number},"{review.replace(chr(34), chr(34) * 2)}"\n'
            for p, label, number, review in REVIEWS
            if p == part
        ]
        content = "".join(["label,rating,id,text\n", *rows]).encode()
        (tables / "imdb" / f"{part}.csv.xz").write_bytes(lzma.compress(content))
        monkeypatch.setitem(imdb._TABLES, part, digest(content))
    path = archive / "aclImdb_v1.tar.gz"
    with tarfile.open(path, "w:gz") as tar:
        files = {f"aclImdb/{p}/{imdb._CLASSES[label]}/{number}_5.txt": review for p, label, number, review in REVIEWS}
        for name, review in reversed([*files.items(), ("aclImdb/train/unsup/0_0.txt", "x"), ("aclImdb/README", "x")]):
            member = tarfile.TarInfo(name)
            member.size = len(review.encode())
            tar.addfile(member, io.BytesIO(review.encode()))
    monkeypatch.setattr(imdb, "_ARCHIVE_MD5", digest(path.read_bytes()))
    built = [imdb.build(Fetch(folders=[folder], staging=tmp_path), length=5) for folder in (tables, archive)]
    for data in built:
        assert [written(data, row) for row in range(3)] == ["so bad ! bad .", "bad , bad", 'good , " really "']
        assert [written(data, row, test=True) for row in range(2)] == ["<unk> good", "<unk> good"]
        assert (data.targets.tolist(), data.test_targets.tolist()) == ([0, 0, 1], [0, 1])
    assert built[0].vocabulary == built[1].vocabulary
