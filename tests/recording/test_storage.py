"""A copy of the results where other machines reach it: a folder, and an object store that speaks S3."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import make_result

from suite.errors import StoreError
from suite.recording.storage import Storage
from suite.recording.store import Store


@pytest.fixture(scope="module")
def bucket() -> Iterator[str]:
    """An empty bucket's address, on a server of this machine."""
    boto3 = pytest.importorskip("boto3")
    server_module = pytest.importorskip("moto.server")
    server = server_module.ThreadedMotoServer(ip_address="127.0.0.1", port=0)
    server.start()
    host, port = server.get_host_and_port()
    keys = {
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing-secret",
        "AWS_DEFAULT_REGION": "us-east-1",
    }
    before = dict(os.environ)
    os.environ.update(keys)
    boto3.client("s3", endpoint_url=f"http://{host}:{port}").create_bucket(Bucket="results")
    yield f"s3://results/team?endpoint_override={host}:{port}&scheme=http&region=us-east-1"
    server.stop()
    os.environ.clear()
    os.environ.update(before)


@pytest.fixture(params=["folder", "bucket"])
def uri(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    return str(tmp_path / "shared") if request.param == "folder" else request.getfixturevalue("bucket")


def test_two_machines_share_what_they_have_trained(tmp_path: Path, uri: str) -> None:
    here, there = Store(tmp_path / "here"), Store(tmp_path / "there")
    here.open()
    there.open()
    for store, seed, status in ((here, 1, "completed"), (here, 2, "failed"), (there, 3, "diverged")):
        result = make_result(seed=seed, status=status)
        store.put(result)
        Storage(uri).push(store, result)
    here.record_fingerprint("digits()", "a" * 64)
    (here.root / "reports").mkdir()
    (here.root / "reports" / "index.html").write_text("a report")
    unpushed = make_result(seed=4)
    here.put(unpushed)
    Storage(uri).push_missing(here, "reports", "exports")
    there.record_fingerprint("glyphs()", "b" * 64)
    Storage(uri).push_missing(there)

    assert Storage(uri).pull(there) == 3, "one had never been pushed by itself"
    assert Storage(uri).pull(here) == 1
    assert Storage(uri).pull(here) == 0, "nothing twice"
    assert there.load() == here.load()
    assert {result.seed for result in there.load().values()} == {1, 2, 3, 4}
    assert here.fingerprints() == there.fingerprints() == {"digits()": "a" * 64, "glyphs()": "b" * 64}
    assert there.notices == []


def test_an_empty_place_is_no_error(tmp_path: Path) -> None:
    store = Store(tmp_path / "here")
    store.open()
    assert Storage(str(tmp_path / "nothing")).pull(store) == 0


@pytest.mark.parametrize(
    ("uri", "said"),
    [("ftp://host/x", "takes a path, s3://"), ("s3://user:very-secret-word@[", "takes a path, s3://")],
)
def test_what_is_no_storage_is_named_in_one_line(uri: str, said: str) -> None:
    with pytest.raises(StoreError, match=said) as refused:
        Storage(uri)
    assert "\n" not in str(refused.value)
    assert "very-secret-word" not in str(refused.value)


def test_a_place_that_cannot_be_written_is_named_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    store = Store(tmp_path / "here")
    store.open()
    result = make_result()
    store.put(result)
    with pytest.raises(StoreError, match=r"--storage .*file/x: cannot be written"):
        Storage(str(tmp_path / "file" / "x")).push(store, result)
