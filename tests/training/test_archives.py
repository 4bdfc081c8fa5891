"""VOC 2007 and Oxford-IIIT Pet, on archives of the same layout that are made here: neither was ever run on its own."""

import io
import re
import tarfile
from collections.abc import Callable, Mapping
from hashlib import md5
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor
from torchvision.datasets import OxfordIIITPet
from torchvision.datasets.voc import DATASET_YEAR_DICT

from suite.cli import data as data_command
from suite.errors import DataError
from suite.training import voc_copies
from suite.training.data import oxford_pet, voc2007
from suite.training.data_cache import Dataset
from suite.training.fetch import Fetch
from suite.training.targets import VOID

Built = Callable[..., Dataset]
NOWHERE = "https://127.0.0.1:9/"
"""Nothing is fetched: a port that refuses."""


def encoded(pixels: np.ndarray, kind: str) -> bytes:
    """(H, W) or (H, W, 3) as a file."""
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, kind, **({"quality": 95} if kind == "JPEG" else {}))
    return file.getvalue()


def photograph(colour: tuple[int, int, int], height: int, width: int) -> bytes:
    return encoded(np.full((height, width, 3), colour, dtype=np.uint8), "JPEG")


def packed(path: Path, files: Mapping[str, bytes]) -> str:
    """The archive's checksum."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with tarfile.open(path, "w:gz" if path.suffix == ".gz" else "w") as archive:
        folder = tarfile.TarInfo(next(iter(files)).partition("/")[0])
        folder.type = tarfile.DIRTYPE
        archive.addfile(folder)
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return md5(path.read_bytes(), usedforsecurity=False).hexdigest()


def assert_refused(build: Built, *said: str) -> None:
    """In one line that says all of this."""
    with pytest.raises(DataError) as caught:
        build()
    message = str(caught.value)
    assert "\n" not in message
    assert [part for part in said if part not in message] == []


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("voc2007", ["2 images, 3 objects", "2 images, 1 objects", "300 × 300 pixels, 3 channels", "tvmonitor"]),
        ("oxford_pet", ["2 images", "1 images", "128 × 128 pixels, 3 channels", "background"]),
    ],
)
def test_both_are_described(
    name: str,
    said: list[str],
    voc: Built,
    pets: Built,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("SUITE_CACHE", str(tmp_path / "cache"))
    data_command.describe(name, data_dir=[tmp_path], results=tmp_path / "results")
    printed = capsys.readouterr().out.replace("\xa0", " ")
    assert [words for words in said if words not in printed] == []
    assert (tmp_path / "results" / "data" / name / "index.html").is_file()


# ------------------------------------------------------------------------------------------------------------- VOC


def thing(name: str, left: int, top: int, right: int, bottom: int, *, difficult: int = 0, more: str = "") -> str:
    """An object as VOC writes it; `more` stands before its box."""
    sides = f"<xmin>{left}</xmin><ymin>{top}</ymin><xmax>{right}</xmax><ymax>{bottom}</ymax>"
    said = f"<name>{name}</name><pose>Left</pose><truncated>0</truncated><difficult>{difficult}</difficult>"
    return f"<object>{said}{more}<bndbox>{sides}</bndbox></object>"


HEAD = "<part><name>head</name><bndbox><xmin>9</xmin><ymin>9</ymin><xmax>9</xmax><ymax>9</ymax></bndbox></part>"
FLAT = thing("dog", 9, 9, 8, 20) + thing("dog", 30, 9, 20, 8)
"""No width, and corners the wrong way round."""
VOC = {  # 40 high, 60 wide
    "trainval": {
        "000005": thing("tvmonitor", 1, 1, 60, 40) + thing("aeroplane", 31, 11, 60, 20, difficult=1),
        "000007": thing("person", 7, 5, 18, 12, more=HEAD),
    },
    "test": {"000001": thing("dog", 4, 4, 6, 8) + FLAT, "000002": ""},
}


def voc_files(part: str, folder: str = "VOCdevkit/VOC2007/") -> dict[str, bytes]:
    files = {
        "ImageSets/Main/dog_trainval.txt": b"000005 -1\n000007 -1\n",
        f"ImageSets/Main/{part}.txt": "".join(f"{name}\n" for name in VOC[part]).encode(),
    }
    for name, objects in VOC[part].items():
        files[f"Annotations/{name}.xml"] = f"<annotation>{objects}</annotation>".encode()
        files[f"JPEGImages/{name}.jpg"] = photograph((200, 100, 10 * int(name)), 40, 60)
    return {folder + name: content for name, content in files.items()}


@pytest.fixture
def voc(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Built:
    """Of archives that are as their checksums say."""
    monkeypatch.setenv("no_proxy", "*")
    for key, part in (("2007", "trainval"), ("2007-test", "test")):
        digest = packed(tmp_path / DATASET_YEAR_DICT[key]["filename"], voc_files(part))
        monkeypatch.setitem(DATASET_YEAR_DICT[key], "md5", digest)
        monkeypatch.setitem(DATASET_YEAR_DICT[key], "url", NOWHERE + part)
    fetch = Fetch(folders=[tmp_path], staging=tmp_path)
    return lambda **sides: voc2007.build(fetch, **sides)


def test_voc_has_trainval_to_train_on_and_test_to_test_on_at_one_size(voc: Built) -> None:
    data = voc(height=20, width=15)
    assert (data.inputs.shape, data.test_inputs.shape) == ((2, 20, 15, 3), (2, 20, 15, 3))
    assert data.inputs.dtype == torch.uint8
    assert len(data.classes) == len(set(data.classes)) == 20
    assert data.classes == tuple(sorted(data.classes))
    blue = [part[:, :, :, 2].float().mean((1, 2)) for part in (data.inputs, data.test_inputs)]
    assert torch.cat(blue).tolist() == pytest.approx([50, 70, 10, 20], abs=3)


def test_voc_s_boxes_go_from_edge_to_edge_and_no_object_is_left_out(voc: Built) -> None:
    """The first covers its picture; the second is difficult; the third has a part with a box of its own.

    Boxes without an area are no objects.
    """
    data = voc(height=40, width=60)
    nothing = [float(VOID), 0, 0, 0, 0]
    at = data.classes.index
    assert data.targets.tolist() == [
        [[at("tvmonitor"), 0, 0, 60, 40], [at("aeroplane"), 30, 10, 60, 20]],
        [[at("person"), 6, 4, 18, 12], nothing],
    ]
    assert data.test_targets.tolist() == [[[at("dog"), 3, 3, 6, 8], nothing], [nothing, nothing]]
    smaller = voc(height=20, width=120).targets
    assert smaller[1, 0].tolist() == [at("person"), 12, 2, 36, 6]


@pytest.mark.parametrize(("key", "part"), [("2007", "trainval"), ("2007-test", "test")])
def test_a_voc_archive_with_another_checksum_is_refused_by_name(
    voc: Built, tmp_path: Path, key: str, part: str
) -> None:
    name = DATASET_YEAR_DICT[key]["filename"]
    packed(tmp_path / name, {**voc_files(part), "VOCdevkit/more": b""})
    assert_refused(voc, str(tmp_path / name), "corrupt", DATASET_YEAR_DICT[key]["md5"])


@pytest.mark.parametrize(("key", "part"), [("2007", "trainval"), ("2007-test", "test")])
def test_a_voc_archive_that_is_nowhere_is_named_with_its_address_and_what_to_do(
    voc: Built, tmp_path: Path, key: str, part: str
) -> None:
    name = DATASET_YEAR_DICT[key]["filename"]
    (tmp_path / name).unlink()
    assert_refused(voc, name, str(tmp_path), "not found", NOWHERE + part, "--data-dir", "SUITE_DATA")


def test_a_voc_archive_without_a_picture_that_its_list_names_is_an_error_in_one_line(
    voc: Built, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = voc_files("test")
    del files["VOCdevkit/VOC2007/JPEGImages/000002.jpg"]
    digest = packed(tmp_path / DATASET_YEAR_DICT["2007-test"]["filename"], files)
    monkeypatch.setitem(DATASET_YEAR_DICT["2007-test"], "md5", digest)
    assert_refused(voc, "voc2007: cannot be read", "JPEGImages/000002.jpg")


def test_an_annotation_that_could_expand_without_end_is_refused(
    voc: Built, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = voc_files("test")
    name = "VOCdevkit/VOC2007/Annotations/000002.xml"
    files[name] = b'<!DOCTYPE a [<!ENTITY x "nine">]>' + files[name]
    digest = packed(tmp_path / DATASET_YEAR_DICT["2007-test"]["filename"], files)
    monkeypatch.setitem(DATASET_YEAR_DICT["2007-test"], "md5", digest)
    assert_refused(voc, "voc2007: cannot be read", "000002.xml declares a document type")


@pytest.mark.parametrize("place", ["copy/copy.tar", "copy.tar", "copy", "copy/VOCdevkit/VOC2007"])
def test_a_copy_without_a_checksum_is_found_packed_or_not_and_its_boxes_are_taken_as_they_stand(
    tmp_path: Path, place: str
) -> None:
    files = voc_files("trainval", "") | voc_files("test", "")
    if place.endswith(".tar"):
        packed(tmp_path / place, {f"VOCdevkit/VOC2007/{name}": content for name, content in files.items()})
    else:
        for name, content in files.items():
            (tmp_path / place / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / place / name).write_bytes(content)
    with pytest.raises(
        DataError, match=r"copy: not the published pictures and boxes \(SHA-256 \w+\); its page"
    ) as caught:
        copy(tmp_path, sha256="")
    (digest,) = re.findall(r"SHA-256 (\w+)", str(caught.value))
    assert copy(tmp_path, sha256=digest).targets[1, 0].tolist() == [voc2007._CLASSES.index("person"), 7, 5, 18, 12]


def copy(folder: Path, sha256: str) -> Dataset:
    published = voc_copies.Published(
        name="copy", page="its page", classes=voc2007._CLASSES, pool="trainval", test="test", sha256=sha256
    )
    return voc_copies.dataset(Fetch(folders=[folder], staging=folder), published, (40, 60))


# ------------------------------------------------------------------------------------------------------------ pets


def trimap(*, pet_rows: int, height: int = 24, width: int = 36) -> bytes:
    """A pet in the upper rows, then four rows nobody classified, then background."""
    values = np.full((height, width), 2, dtype=np.uint8)
    values[:pet_rows] = 1
    values[pet_rows : pet_rows + 4] = 3
    return encoded(values, "PNG")


PETS = {"trainval": {"Abyssinian_100": 8, "beagle_2": 12}, "test": {"Abyssinian_201": 16}}


def pet_files() -> dict[str, dict[str, bytes]]:
    annotations = {"annotations/list.txt": b"#Image CLASS-ID SPECIES BREED ID\n"}
    images = {"images/Abyssinian_100.mat": b"no picture"}
    for part, rows in PETS.items():
        annotations[f"annotations/{part}.txt"] = "".join(f"{name} 1 1 1\n" for name in rows).encode()
        for name, row in rows.items():
            annotations[f"annotations/trimaps/{name}.png"] = trimap(pet_rows=row)
            annotations[f"annotations/trimaps/._{name}.png"] = b"no picture"
            images[f"images/{name}.jpg"] = photograph((10 * row, 50, 90), 24, 36)
    return {"images.tar.gz": images, "annotations.tar.gz": annotations}


@pytest.fixture
def pets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Built:
    """Of archives that are as their checksums say."""
    monkeypatch.setenv("no_proxy", "*")
    resources = [
        (NOWHERE + name, packed(tmp_path / "oxford-iiit-pet" / name, files)) for name, files in pet_files().items()
    ]
    monkeypatch.setattr(OxfordIIITPet, "_RESOURCES", tuple(resources))
    fetch = Fetch(folders=[tmp_path], staging=tmp_path)
    return lambda **sides: oxford_pet.build(fetch, **sides)


def test_pets_have_trainval_to_train_on_and_test_to_test_on_at_one_size(pets: Built) -> None:
    data = pets(height=12, width=16)
    assert (data.inputs.shape, data.test_inputs.shape) == ((2, 12, 16, 3), (1, 12, 16, 3))
    assert (data.targets.shape, data.test_targets.shape) == ((2, 12, 16), (1, 12, 16))
    assert (data.inputs.dtype, data.targets.dtype) == (torch.uint8, torch.int16)
    assert data.classes == ("background", "pet")
    red = torch.cat([data.inputs, data.test_inputs])[..., 0].float().mean((1, 2))
    assert red.tolist() == pytest.approx([80, 120, 160], abs=3)


def test_what_the_trimaps_do_not_classify_is_void(pets: Built) -> None:
    def column(pet_rows: int) -> Tensor:
        return torch.tensor([1] * pet_rows + [VOID] * 4 + [0] * (20 - pet_rows), dtype=torch.int16)

    data = pets(height=24, width=36)
    for maps, rows in ((data.targets, (8, 12)), (data.test_targets, (16,))):
        wanted = torch.stack([column(row) for row in rows])
        assert torch.equal(maps, wanted[:, :, None].expand(-1, -1, 36))


@pytest.mark.parametrize("name", ["images.tar.gz", "annotations.tar.gz"])
def test_a_pet_archive_with_another_checksum_is_refused_by_name(pets: Built, tmp_path: Path, name: str) -> None:
    path = tmp_path / "oxford-iiit-pet" / name
    path.write_bytes(b"no archive")
    published = {url.rpartition("/")[2]: digest for url, digest in OxfordIIITPet._RESOURCES}
    assert_refused(pets, str(path), "corrupt", published[name])


@pytest.mark.parametrize("name", ["images.tar.gz", "annotations.tar.gz"])
def test_a_pet_archive_that_is_nowhere_is_named_with_its_address_and_what_to_do(
    pets: Built, tmp_path: Path, name: str
) -> None:
    (tmp_path / "oxford-iiit-pet" / name).rename(tmp_path / name)  # such a name alone may be anybody's
    assert_refused(pets, f"oxford_pet/{name}", "not found", str(tmp_path), NOWHERE + name, "--data-dir", "SUITE_DATA")
