import base64
import io
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from suite.errors import StoreError
from suite.report.data_page import write_page
from suite.report.image_page import describe

NASTY = ("<b>&", "<script>alert(1)</script>", "$x_1$ “猫”", '"quoted" onload="alert(1)"')
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update",
             "--disable-sync", "--no-first-run"]  # fmt: skip
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")


def written(
    folder: Path, classes: tuple[str, ...] = NASTY, *, channels: int = 3, side: int = 8, each: int = 12
) -> Path:
    """The page of noise in which test example 3 occurs in the pool under another label."""
    generator = np.random.default_rng(0)
    targets = np.arange(each * len(classes)) % len(classes)
    inputs, test_inputs = generator.integers(0, 256, (2, len(targets), side, side, channels), dtype=np.uint8)
    test_inputs[3] = inputs[1]
    found = describe(inputs, targets, test_inputs, targets, classes)
    return write_page("<i>noise</i>", found, folder, source="https://example.org/<u>")


def pictures(html: str) -> list[Image.Image]:
    found = re.findall(r'<img src="data:image/png;base64,([^"]+)"', html)
    return [Image.open(io.BytesIO(base64.b64decode(data))) for data in found]


def test_the_page_is_one_file_that_loads_nothing(tmp_path: Path) -> None:
    page = written(tmp_path / "new" / "folder")
    html = page.read_text(encoding="utf-8")
    assert [item.name for item in page.parent.iterdir()] == ["index.html"]
    assert re.findall(r'(?:src|href)="(?!data:|#)[^"]*"', html) == []
    assert re.findall(r"url\((?!#)|@import|<link|<script", html) == []


def test_everything_is_escaped(tmp_path: Path) -> None:
    html = written(tmp_path).read_text(encoding="utf-8")
    for raw in ("<b>&", "<script", "<i>noise", "<u>", '"quoted" onload='):
        assert raw not in html
    for escaped in ("&lt;b&gt;&amp;", "&lt;script&gt;alert(1)&lt;/script&gt;", "&lt;i&gt;noise&lt;/i&gt;", "猫"):
        assert escaped in html


def test_findings_come_before_pictures_and_the_leak_first(tmp_path: Path) -> None:
    html = written(tmp_path).read_text(encoding="utf-8")
    places = [
        html.index(words)
        for words in (
            "2 things to know before training",
            "1 of the 48 examples of the test part occurs in the training pool",
            "The same content carries different labels in 1 case:",
            "Classes are balanced: 12 examples each",
            'id="pictures"',
            'id="copies"',
            "pool 1; test 3",
        )
    ]
    assert places == sorted(places)


def test_the_same_data_give_the_same_bytes(tmp_path: Path) -> None:
    assert written(tmp_path / "a").read_bytes() == written(tmp_path / "b").read_bytes()


@pytest.mark.parametrize(("channels", "mode"), [(1, "L"), (2, "L"), (3, "RGB")])
def test_a_row_of_pictures_per_class_shows_the_pool_s_own_pixels(tmp_path: Path, channels: int, mode: str) -> None:
    html = written(tmp_path, channels=channels).read_text(encoding="utf-8")
    shown = pictures(html)
    assert len(shown) == len(NASTY) + 1  # and the copy
    assert {(item.mode, item.size) for item in shown[:-1]} == {(mode, (10 * 8 + 9, 8))}
    inputs = np.random.default_rng(0).integers(0, 256, (2, 48, 8, 8, channels), dtype=np.uint8)[0]
    expected = inputs[1] if channels == 3 else inputs[1, ..., 0]
    np.testing.assert_array_equal(np.asarray(shown[1])[:, :8], expected)
    np.testing.assert_array_equal(np.asarray(shown[-1]), expected)


def test_many_classes_and_large_pictures_stay_readable(tmp_path: Path) -> None:
    html = written(tmp_path, tuple(f"class {place}" for place in range(90)), side=200, each=2).read_text("utf-8")
    assert "66 more classes not shown" in html
    assert "Only the 20 largest and smallest classes are drawn" in html
    assert max(item.height for item in pictures(html)) <= 96
    assert re.search(r"<td[^>]*>class 89</td>", html)


def test_a_folder_that_cannot_be_made_gets_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="the page cannot be written"):
        written(tmp_path / "file" / "below")


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    with playwright.sync_playwright() as driver:
        own = Path(driver.chromium.executable_path)
        found = next(filter(None, map(shutil.which, BROWSERS)), None) or (str(own) if own.exists() else None)
        if found is None:
            pytest.skip(f"no browser: none of {', '.join(BROWSERS)} on PATH, and playwright has none installed")
        started = driver.chromium.launch(executable_path=found, args=ARGUMENTS)
        yield started
        started.close()


@pytest.mark.parametrize("width", [375, 1280], ids=["phone", "desk"])
def test_the_page_opens_quietly_and_fits_the_screen(browser: Any, tmp_path: Path, width: int) -> None:
    path = written(tmp_path)
    problems: list[str] = []
    requests: list[str] = []
    page = browser.new_page(viewport={"width": width, "height": 900})
    page.on("console", lambda message: problems.append(message.text))
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on("request", lambda request: requests.append(request.url))
    page.goto(path.as_uri())
    assert problems == []
    assert [url for url in requests if not url.startswith("data:")] == [path.as_uri()]
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.evaluate("document.images.length") == len(NASTY) + 1
    assert page.evaluate("[...document.images].every(image => image.complete && image.naturalWidth > 0)")
    assert page.locator(".panels svg").count() == 2
    assert page.locator("#pictures .strips p").first.inner_text().startswith(NASTY[0])
    page.close()
