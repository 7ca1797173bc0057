"""What a screen reader and a keyboard find: languages of texts, headings in order, a short way to the first result."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import pytest

from c4pipe.facts.corpus import Corpus, connect, open_corpus
from c4pipe.languages.codes import MC4
from c4pipe.languages.tags import direction, language_tag
from c4pipe.page import Page
from tests.inspect import tiny
from tests.inspect.serve.conftest import Ask, served
from tests.inspect.serve.test_browser import counted, watched

__all__ = ["watched"]

TEXTS = {
    "ja": ("直接の話です。", "ja", "ltr"),
    "zh": ("直接的说话。", "zh", "ltr"),
    "iw": ("שלום עולם.", "he", "rtl"),
    "ar": ("مرحبا بالعالم.", "ar", "rtl"),
    "hi-Latn": ("Yeh ek vakya hai.", "hi-Latn", "ltr"),
    "und": ("Abc def.", "", "auto"),
}


@pytest.fixture(scope="module")
def speaking(tmp_path_factory: pytest.TempPathFactory) -> Corpus:
    pages = [
        Page(f"http://{code}.example/", text, "2024", f"a#{code}", f"urn:{code}", code, 0.9)
        for code, (text, _, _) in TEXTS.items()
    ]
    rows = [
        tiny.lost("http://de.example/", "language", "other_language", "Ein Satz.", detail="de"),
        tiny.lost("http://x.example/", "clean", "few_words", "Kurz."),
        tiny.lost("http://iw.example/", "", "kept", TEXTS["iw"][0], source="a#iw"),
    ]
    return open_corpus(tiny.write(tmp_path_factory.mktemp("speaking") / "c4", pages, rows))


def test_texts_of_a_list_say_their_language(speaking: Corpus, viewer: Ask) -> None:
    body = viewer(speaking).get("/").text
    said = dict(re.findall(r'<p class="snippet" (lang="[^"]*" dir="[^"]*")>([^<]*)</p>', body))
    assert said == {f'lang="{tag}" dir="{way}"': text for text, tag, way in TEXTS.values()}
    body = viewer(speaking).get("/?outcome=rejected").text
    assert '<p class="snippet" lang="de" dir="ltr">Ein Satz.</p>' in body
    assert '<p class="snippet" lang="" dir="auto">Kurz.</p>' in body


@pytest.mark.parametrize("code", TEXTS)
def test_the_lines_of_a_page_say_their_language(speaking: Corpus, viewer: Ask, code: str) -> None:
    text, tag, way = TEXTS[code]
    body = viewer(speaking).get(f"/page?id=urn:{code}").text
    assert f'<div class="raw" lang="{tag}" dir="{way}">{text}</div>' in body


def test_the_names_of_rules_are_english(samples: Corpus, viewer: Ask) -> None:
    with connect(samples) as views:
        sql = "SELECT source FROM rejected WHERE reason = 'kept' ORDER BY len(dropped) DESC, source LIMIT 1"
        ((source,),) = views.execute(sql).fetchall()
    body = viewer(samples).get("/page", params={"id": source}).text
    tags = re.findall(r'<(?:a|span)[^>]*class="tag[^>]*>', body)
    assert tags
    assert all('lang="en"' in tag for tag in tags)


@pytest.mark.parametrize("code", MC4)
def test_every_language_of_mc4_has_a_tag(code: str) -> None:
    assert re.fullmatch(r"[a-z]{2,3}(-Latn)?", language_tag(code))
    assert direction(code) == ("rtl" if code in ("ar", "fa", "iw", "ps", "sd", "ur", "yi") else "ltr")


@pytest.fixture(scope="module")
def address(samples: Corpus) -> Iterator[str]:
    with served(samples) as shown:
        yield shown


HEADINGS = "[...document.querySelectorAll('h1, h2, h3, h4, h5, h6')].map((e) => +e.tagName[1])"


def test_headings_come_in_order(browser: Any, address: str) -> None:
    page = browser.new_page()
    for path in (
        "/", "/?q=harbour&split=train", "/?outcome=rejected", "/why", "/why?url=http://nowhere/", "/rule/few_words",
        "/page/__rejected/part-kept.parquet/0", "/page?id=nothing", "/nowhere",
    ):  # fmt: skip
        page.goto(address + path)
        levels = page.evaluate(HEADINGS)
        assert levels[0] == 1, path
        assert levels.count(1) == 1, path
        assert all(after <= before + 1 for before, after in pairwise(levels)), (path, levels)
    page.close()


@pytest.mark.parametrize(
    "watched",
    [{"viewport": {"width": 1280, "height": 800}}, {"viewport": {"width": 375, "height": 800}}],
    indirect=True,
)
def test_the_first_result_is_a_few_tabs_away(watched: Any, address: str) -> None:
    def opened() -> None:
        """From the start: a reload would remember where one was."""
        watched.goto("about:blank")
        watched.goto(f"{address}/?q=harbour&split=train")
        counted(watched)

    opened()
    first = watched.locator(".hit").first
    focused = "e => e === document.activeElement"
    for presses in range(1, 30):  # noqa: B007
        watched.keyboard.press("Tab")
        if first.evaluate(focused):
            break
    assert presses <= 19, "without the skip link"
    opened()
    for key in ("Tab", "Enter", "Tab"):
        watched.keyboard.press(key)
    assert first.evaluate(focused)
    opened()
    for key in ("Tab", "Tab", "Enter", "Tab"):
        watched.keyboard.press(key)
    assert watched.evaluate("document.activeElement.closest('#filters') !== null")
    assert watched.evaluate(
        "document.querySelector('.results').compareDocumentPosition(document.querySelector('#filters')) & 4"
    )


def test_the_filters_stand_where_they_stood(watched: Any, address: str) -> None:
    watched.goto(address)
    filters, results = watched.locator("#filters").bounding_box(), watched.locator(".results").bounding_box()
    assert filters["x"] + filters["width"] <= results["x"]
    assert abs(filters["y"] - results["y"]) < 2
    watched.set_viewport_size({"width": 375, "height": 800})
    filters, results = watched.locator("#filters").bounding_box(), watched.locator(".results").bounding_box()
    assert filters["y"] < results["y"]
