"""The report of a run in a browser: nothing of it is cut off, in a narrow window or a wide one."""

import pytest
from tests.report.conftest import RECIPE, scored

from paraverbal.evaluation.protocol import Training, run_document, write_document
from paraverbal.report.page import write_report

pytestmark = pytest.mark.browser

EIGHT = ("anger", "calm", "disgust", "fear", "happiness", "neutral", "sadness", "surprise")
PARTS = {"train": 1020, "valid": 180, "test": 240}

# What can be seen of a figure or table, or of the box that it scrolls in, ends where its section ends.
CUT_OFF = """() => [...document.querySelectorAll("section img, section table, section pre")].filter(one => {
    const scrolls = box => ["auto", "scroll"].includes(getComputedStyle(box).overflowX);
    let box = one;
    while (box.tagName !== "SECTION" && !scrolls(box)) box = box.parentElement;
    const seen = box.tagName === "SECTION" ? one : box;
    return seen.getBoundingClientRect().right > one.closest("section").getBoundingClientRect().right;
}).map(one => one.tagName + " " + (one.alt || one.textContent).slice(0, 60))"""
TO_BE_SCROLLED = """() => [...document.querySelectorAll(".scroll:has(img[class^=confusion])")]
    .filter(box => box.scrollWidth > box.clientWidth).map(box => box.textContent)"""
SCROLLS_SIDEWAYS = "() => document.documentElement.scrollWidth > document.documentElement.clientWidth"


@pytest.fixture(scope="module")
def browser(launch):
    one = launch()
    yield one
    one.close()


@pytest.fixture(scope="module")
def reports(evaluated, tmp_path_factory):
    """The reports of a run with all sections, and of one of eight emotions."""
    folder = tmp_path_factory.mktemp("eight")
    parts = {part: scored(clips, 3, seed, labels=EIGHT) for seed, (part, clips) in enumerate(PARTS.items())}
    training = Training(recipe=RECIPE, epochs=40, best_epoch=31, minutes=12.3, parameters=2_752_197, failed=[])
    write_document(run_document(parts, training), folder / "result.json")
    return {name: write_report(run).as_uri() for name, run in (("all sections", evaluated), ("eight", folder))}


@pytest.fixture
def visit(browser, reports):
    """Open a report in a window of a width."""
    contexts = []

    def visit_report(run, width):
        contexts.append(browser.new_context(viewport={"width": width, "height": 900}))
        page = contexts[-1].new_page()
        page.goto(reports[run])
        assert page.locator("img").count() >= 3
        return page

    yield visit_report
    for context in contexts:
        context.close()


@pytest.mark.parametrize("width", [360, 700, 1200])
@pytest.mark.parametrize("run", ["all sections", "eight"])
def test_nothing_of_the_report_is_cut_off(run, width, visit):
    page = visit(run, width)
    assert not page.evaluate(SCROLLS_SIDEWAYS)
    assert page.evaluate(CUT_OFF) == []


@pytest.mark.parametrize("width", [700, 1200])
@pytest.mark.parametrize("run", ["all sections", "eight"])
def test_confusion_matrices_are_seen_whole_without_scrolling(run, width, visit):
    assert visit(run, width).evaluate(TO_BE_SCROLLED) == []
