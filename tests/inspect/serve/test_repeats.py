"""Repeated text: where it stands first, and the way to the page that keeps it, with the line marked there."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from c4pipe.facts.corpus import Corpus, connect, open_corpus
from c4pipe.inspect.explain import Segment
from c4pipe.inspect.serve.repeats import FirstLines, lines_with
from c4pipe.page import Page
from tests.inspect import tiny
from tests.inspect.serve.conftest import Ask, owner_of, served
from tests.inspect.serve.test_app import text_of
from tests.inspect.serve.test_browser import CONTRAST, watched

__all__ = ["watched"]

HERE, THERE = "http://here.example/", "http://there.example/"
OWN = ["The tide comes in twice a day.", "It goes out twice a day, too.", "Nobody can hold it back."]
SHARED = ["Read  MORE about the tides here, please.", "All of our tables are for free.", "Write to us at any time."]
CUT = "repeated_span"


def cut(line: str, owner: str = "") -> dict[str, str]:
    return {"reason": CUT, "line": line, "owner": owner and owner_of(owner)}


@pytest.fixture(scope="module")
def tides(tmp_path_factory: pytest.TempPathFactory) -> Corpus:
    """A page that repeats three lines of its own and three of another page, which is long."""
    mine = "\n".join([*OWN, "And so it goes on and on.", *SHARED, *OWN])
    there = "\n".join([*(f"Line {n} of many on this page." for n in range(200)), *SHARED])
    pages = [
        Page(HERE, "\n".join([*OWN, "And so it goes on and on."]), "2024", "a#1", "urn:1", "en", 0.9),
        Page(THERE, there, "2024", "a#2", "urn:2", "en", 0.9),
    ]
    dropped = [*(cut(line, THERE) for line in SHARED), *(cut(line, HERE) for line in OWN)]
    rows = [
        tiny.lost(HERE, "", "kept", mine, source="a#1", dropped=dropped),
        tiny.lost(THERE, "", "kept", there, source="a#2"),
    ]
    return open_corpus(tiny.write(tmp_path_factory.mktemp("tides") / "c4", pages, rows))


def segments(*lines: str) -> list[list[Segment]]:
    """Lines with what was cut in brackets."""
    return [
        [
            Segment(text.strip("[]"), CUT if text.startswith("[") else "")
            for text in re.findall(r"\[[^]]*\]|[^[]+", line)
        ]
        for line in lines
    ]


@pytest.mark.parametrize(
    ("lines", "text", "number"),
    [
        (["One.", "Two.", "[One.]"], "One.", 1),
        (["[One.]", "Two.", "One."], "One.", 3),
        (["The one.", "One.", "[One.]"], "ONE.", 2),
        (["Two. One. Three.", "[One.]"], "One.", 1),
        (["One. [One.]"], "One.", 1),
        (["[One.]", "[one.]"], "One.", 1),
        (["Two.", "[One.]"], "Three.", 0),
        (["", "[ ]"], " ", 0),
        (["a", "b", "c  D", "[c d]"], "C D", 3),
    ],
)
def test_where_a_text_stands_first(lines: list[str], text: str, number: int) -> None:
    assert FirstLines(segments(*lines)).of(text) == number


def test_the_first_characters_of_a_text_decide() -> None:
    text = "x " * 300
    assert lines_with(["x", text, text[:250]], text) == [2, 3]
    assert lines_with(["x", ""], "") == []


def test_a_line_of_the_page_itself_leads_to_its_first_place(tides: Corpus, viewer: Ask) -> None:
    body = viewer(tides).get("/page?id=urn:1").text
    assert '<a class="tag h' in body
    assert re.findall(r'href="#line-(\d+)"', body) == ["1", "2", "3"]
    assert '<li id="line-3">' in body
    assert "its first occurrence is above, in line 3" in text_of(body)
    assert owner_of(HERE) not in body


def test_a_line_that_a_page_says_twice_leads_to_the_first(languages: Corpus, viewer: Ask) -> None:
    with connect(languages) as views:
        ((source,),) = views.execute(
            "SELECT source FROM rejected WHERE list_contains([d.reason FOR d IN dropped], 'repeated_in_page') "
            "AND reason = 'kept' ORDER BY source LIMIT 1"
        ).fetchall()
    words = text_of(viewer(languages).get("/page", params={"id": source}).text)
    assert re.search(r"repeated_in_page its first occurrence is (above|below), in line \d+", words)


def test_the_way_to_the_owner_keeps_the_filters_and_marks_the_line(tides: Corpus, viewer: Ask) -> None:
    client = viewer(tides)
    body = client.get("/page?id=urn:1&q=tide&config=en&after=0:1").text
    link = html.unescape(re.findall(r'href="(/owner/[^"]*)"', body)[0])
    assert urlsplit(link).path == f"/owner/{owner_of(THERE)}"
    answer = client.get(link, follow_redirects=False)
    location = urlsplit(answer.headers["location"])
    asked = {name: value for name, (value,) in parse_qs(location.query).items()}
    assert asked.pop("row").startswith("en/train-")
    assert asked == {"id": "urn:2", "url": THERE, "q": "tide", "config": "en", "after": "0:1", "mark": SHARED[0]}
    assert location.fragment == "marked"
    body = client.get(link).text
    assert body.count('class="marked"') == body.count('id="marked"') == 1
    assert '<li id="line-201" class="marked">' in body


def test_a_line_that_is_not_there_is_said_not_to_be(tides: Corpus, viewer: Ask) -> None:
    words = text_of(viewer(tides).get("/page?id=urn:2&mark=Nobody+wrote+this").text)
    assert "The line searched for is not in the text shown: Nobody wrote this" in words


def test_no_link_to_an_owner_leads_to_its_own_page(languages: Corpus, viewer: Ask) -> None:
    with connect(languages) as views:
        pages = views.execute(
            "SELECT source, left(md5(url), 16) FROM rejected WHERE reason = 'kept' AND len(dropped) > 0 LIMIT 40"
        ).fetchall()
    owners = own = 0
    for source, code in pages:
        body = viewer(languages).get("/page", params={"id": source}).text
        found = re.findall(r'href="/owner/([0-9a-f]+)', body)
        assert code not in found
        for number in re.findall(r'href="#line-(\d+)"', body):
            assert f'<li id="line-{number}"' in body
            own += 1
        owners += len(found)
    assert owners > 3
    assert own > 3


@pytest.fixture(scope="module")
def address(tides: Corpus) -> Iterator[str]:
    with served(tides) as shown:
        yield shown


def test_the_page_of_the_owner_opens_at_the_line(watched: Any, address: str) -> None:
    watched.goto(f"{address}/page?id=urn:1&q=tide")
    watched.locator("a.tag[data-owner]").first.click()
    watched.wait_for_url("**#marked")
    marked = watched.locator(".lines > .marked")
    box = marked.bounding_box()
    assert 0 <= box["y"] <= 800 - box["height"]
    assert watched.evaluate("scrollY") > 1000
    ground = "e => getComputedStyle(e).backgroundColor"
    assert marked.evaluate(ground) != watched.locator(".lines > li").first.evaluate(ground)
    assert "q=tide" in watched.url
    watched.go_back()
    watched.locator("a.tag[href^='#line-']").first.click()
    assert watched.locator(".lines > li:target .no").inner_text() == "1"


@pytest.mark.parametrize("watched", [{"color_scheme": "light"}, {"color_scheme": "dark"}], indirect=True)
def test_a_marked_line_can_be_read_by_day_and_by_night(watched: Any, address: str) -> None:
    watched.goto(f"{address}/page?id=urn:1&mark={SHARED[1]}#marked")
    assert watched.locator(".lines > .marked").count() == 1
    watched.get_by_text("Link and cite").click()
    assert watched.evaluate(CONTRAST) == []


def test_owners_of_other_corpora_are_marked_too(second_crawl: Corpus, viewer: Ask) -> None:
    link = f"/owner/{owner_of('http://old.example/span')}"
    client = viewer(second_crawl)
    body = client.get(link).text
    line = html.unescape(re.findall(r'<div class="raw"[^>]*>([^<]+)', body)[0])
    assert client.get(link, params={"mark": line}).text.count('id="marked"') == 1
    assert 'id="marked"' not in body
