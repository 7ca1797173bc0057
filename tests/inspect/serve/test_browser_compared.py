"""Comparing and SQL in a real browser: by keyboard, on a telephone, at night, without scripts."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest

from c4pipe.facts.corpus import Corpus
from tests.inspect.serve.conftest import served
from tests.inspect.serve.test_browser import CONTRAST, wide
from tests.inspect.serve.test_browser import watched as watched

SQL = "SELECT registered_domain(url) AS domain, count(*) AS pages FROM pages GROUP BY ALL ORDER BY pages DESC, domain"
PATHS = (
    "/compare",
    "/compare/pages?list=only_a",
    "/compare/pages?list=other_text&q=e",
    "/sql",
    f"/sql?q={quote(SQL)}",
    f"/sql?q={quote('SELECT * FROM rejected LIMIT 3')}",
    "/why/presets",
)


@pytest.fixture(scope="module")
def two(samples: Corpus, languages: Corpus) -> Iterator[str]:
    with served(samples, others=[languages]) as address:
        yield address


def test_from_a_number_to_a_page_in_three_clicks_and_back(watched: Any, two: str) -> None:
    watched.goto(two)
    watched.get_by_role("link", name="Compare").click()
    watched.get_by_role("link", name="In both, with different text").click()
    url = watched.locator(".hit").first.inner_text()
    watched.locator(".hit").first.click()
    watched.wait_for_selector(".beside")
    assert watched.locator("h1.address").inner_text() == url
    assert watched.locator(".beside mark").count() > 0
    heads = watched.locator(".beside .heads h2")
    left, right = (heads.nth(n).bounding_box() for n in (0, 1))
    assert left["x"] + left["width"] <= right["x"]
    watched.wait_for_load_state()  # the script hears of keys when the page is there
    watched.keyboard.press("j")
    watched.wait_for_function("url => document.querySelector('h1.address').innerText !== url", arg=url)
    watched.wait_for_load_state()
    watched.keyboard.press("k")
    watched.locator("h1.address", has_text=url).wait_for()
    watched.wait_for_load_state()
    watched.keyboard.press("u")
    watched.wait_for_selector("#hits")
    watched.wait_for_load_state()
    watched.keyboard.press("j")
    assert watched.locator(".hit").first.evaluate("e => e === document.activeElement")


def test_a_query_is_typed_run_and_kept_in_the_address(watched: Any, two: str, samples: Corpus) -> None:
    watched.goto(two)
    watched.get_by_role("link", name="SQL").click()
    watched.get_by_label("Query").fill(SQL)
    watched.get_by_role("button", name="Run").focus()
    watched.keyboard.press("Enter")
    watched.wait_for_selector("#answer-table")
    assert "q=SELECT" in watched.url
    assert watched.get_by_label("Query").input_value() == SQL
    assert watched.get_by_role("img", name="pages by domain").count() == 1
    rows = watched.locator("#answer-table tbody tr")
    assert watched.locator("svg rect").count() == min(30, rows.count()) > 3
    widths = watched.locator("svg rect").evaluate_all("all => all.map((e) => +e.getAttribute('width'))")
    assert widths == sorted(widths, reverse=True)
    with watched.expect_download() as saved:
        watched.get_by_role("link", name="CSV").click()
    assert re.fullmatch(r".+-[0-9a-f]{8}-sql-[0-9a-f]{8}\.csv", saved.value.suggested_filename)


@pytest.mark.parametrize("watched", [{"viewport": {"width": 375, "height": 700}}], indirect=True)
def test_narrow_screens_scroll_one_way_only(watched: Any, two: str) -> None:
    for path in PATHS:
        watched.goto(two + path)
        assert wide(watched) <= 0, path
        assert watched.locator("h1").count() == 1
    watched.goto(f"{two}/compare/pages?list=other_text")
    watched.locator(".hit").first.click()
    watched.wait_for_selector(".beside")
    assert wide(watched) <= 0


@pytest.mark.parametrize(
    "watched", [{"color_scheme": "light"}, {"color_scheme": "dark"}], indirect=True, ids=["day", "night"]
)
def test_it_can_be_read_by_day_and_by_night(watched: Any, two: str) -> None:
    for path in PATHS:
        watched.goto(two + path)
        assert watched.evaluate(CONTRAST) == [], path
        unnamed = (
            "[...document.querySelectorAll('input:not([type=hidden]), select, textarea')]"
            ".filter((e) => !e.labels.length).map((e) => e.outerHTML)"
        )
        assert watched.evaluate(unnamed) == [], path
    watched.goto(f"{two}/compare/pages?list=other_text")
    watched.locator(".hit").first.click()
    watched.wait_for_selector(".beside")
    assert watched.evaluate(CONTRAST) == []


def test_scripts_are_not_needed(browser: Any, two: str) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{two}/compare")
    page.get_by_role("link", name="Only in A", exact=True).click()
    page.locator(".hit").first.click()
    page.wait_for_selector(".beside")
    page.goto(f"{two}/sql")
    page.get_by_role("link", name="pages and characters per domain").click()
    page.wait_for_selector("#answer-table")
    context.close()
