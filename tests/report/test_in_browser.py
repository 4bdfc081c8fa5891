"""The pages in headless Chromium, at the width of a phone and of a desk."""

import itertools
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import report_study

from suite.report.catalogue import write_index
from suite.report.page import write_report
from suite.verdict.judge import judge

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")

ARGUMENTS = [
    "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--no-first-run",
]  # fmt: skip
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
PHONE, DESK = {"width": 375, "height": 812}, {"width": 1280, "height": 900}


@dataclass
class Visit:
    """An open page, and what the browser had to say about it."""

    page: Any
    problems: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with playwright.sync_playwright() as driver:
        own = Path(driver.chromium.executable_path)
        found = next(filter(None, map(shutil.which, NAMES)), None) or (str(own) if own.exists() else None)
        if found is None:
            pytest.skip(f"no browser: none of {', '.join(NAMES)} on PATH, and playwright has none installed")
        started = driver.chromium.launch(executable_path=found, args=ARGUMENTS)
        yield started
        started.close()


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    root = tmp_path_factory.mktemp("reports")
    design = report_study.design()
    stages = {"finished": report_study.results(design), "begun": report_study.results(design, at_most=60), "empty": {}}
    found = {}
    for name, results in stages.items():
        verdict = judge(design, results)
        found[name] = write_report(design, verdict, results, root / name / "bn_vs_dropout" / "quick")
        found[f"{name} catalogue"] = write_index([(design, verdict)], root / name)
    return found


def visit(browser: Any, path: Path, size: dict[str, int]) -> Visit:
    page = browser.new_page(viewport=size)
    seen = Visit(page)
    page.on("console", lambda message: seen.problems.append(message.text))
    page.on("pageerror", lambda error: seen.problems.append(str(error)))
    page.on("request", lambda request: seen.requests.append(request.url))
    page.goto(path.as_uri())
    return seen


@pytest.mark.parametrize("size", [PHONE, DESK], ids=["phone", "desk"])
@pytest.mark.parametrize("name", ["finished", "begun", "empty", "finished catalogue", "empty catalogue"])
def test_a_page_opens_quietly_from_disk_and_fits_the_screen(
    browser: Any, pages: dict[str, Path], name: str, size: dict[str, int]
) -> None:
    seen = visit(browser, pages[name], size)
    assert seen.problems == []
    assert seen.requests == [pages[name].as_uri()]
    assert seen.page.evaluate("document.documentElement.scrollWidth") <= size["width"]
    levels = seen.page.evaluate("[...document.querySelectorAll('h1,h2,h3,h4')].map(h => Number(h.tagName[1]))")
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in itertools.pairwise(levels))
    seen.page.close()


@pytest.mark.parametrize("size", [PHONE, DESK], ids=["phone", "desk"])
def test_every_figure_is_drawn_and_large_enough_to_read(
    browser: Any, pages: dict[str, Path], size: dict[str, int]
) -> None:
    seen = visit(browser, pages["finished"], size)
    boxes = seen.page.evaluate(
        """[...document.querySelectorAll('.panels svg')].map(svg => {
            const box = svg.getBoundingClientRect();
            return {width: box.width, height: box.height, right: box.right, points: svg.viewBox.baseVal.width,
                    paths: svg.querySelectorAll('path').length, alt: svg.getAttribute('aria-label')};
        })"""
    )
    assert len(boxes) >= 12
    for box in boxes:
        assert box["right"] <= size["width"]
        assert box["paths"] > 5
        assert box["alt"]
        assert 8.5 * box["width"] / box["points"] >= 8.5  # CSS pixels of the figures' tick labels, 8.5 points large
    assert seen.page.evaluate("[...document.images].every(image => image.complete && image.naturalWidth > 0)")
    seen.page.close()


def test_the_badges_say_the_verdict_and_the_tip_s_fate(browser: Any, pages: dict[str, Path]) -> None:
    seen = visit(browser, pages["finished"], DESK)
    assert seen.page.locator("#answer .badge").all_inner_texts() == ["helps", "tip supported"]
    assert seen.page.locator(".claims .badge").all_inner_texts() == ["no practical difference", "as expected"]
    empty = visit(browser, pages["empty"], DESK)
    assert empty.page.locator("#answer .badge").all_inner_texts() == ["not decided yet", "tip undecided"]


def test_a_pair_s_link_opens_the_row_of_its_trial(browser: Any, pages: dict[str, Path]) -> None:
    page = visit(browser, pages["finished"], DESK).page
    page.locator("#trials summary").first.click()
    link = page.locator("#trials td a.id").first
    trial_id = link.inner_text()
    link.click()
    assert page.evaluate("location.hash") == f"#trial-{trial_id}"
    row = page.locator(f"#trial-{trial_id}")
    assert row.is_visible()
    assert trial_id in row.inner_text()


def test_the_catalogue_leads_to_the_report(browser: Any, pages: dict[str, Path]) -> None:
    page = visit(browser, pages["finished catalogue"], DESK).page
    page.locator("td.tip a").first.click()
    assert page.locator("h1").inner_text() == report_study.design().ablation.tip


def test_the_page_prints_with_its_figures(browser: Any, pages: dict[str, Path], tmp_path: Path) -> None:
    page = visit(browser, pages["finished"], DESK).page
    page.emulate_media(media="print")
    assert page.locator("nav").is_hidden()
    assert page.locator(".panels svg").first.is_visible()
    assert page.pdf(format="A4").startswith(b"%PDF")
