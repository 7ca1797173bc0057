"""The viewer on pages that stand for others: what it says, where its links lead, and what a browser makes of it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from c4pipe.facts.corpus import Corpus, connect, open_corpus
from c4pipe.page import Page
from tests.inspect import tiny
from tests.inspect.serve.conftest import SCRIPT, Ask, owner_of, served
from tests.inspect.serve.test_app import text_of
from tests.inspect.serve.test_browser import watched
from tests.inspect.test_standing import FOG, NEAR, near, row_of

__all__ = ["watched"]


def place_of(corpus: Corpus, url: str) -> str:
    with connect(corpus) as views:
        (found,) = views.execute("SELECT part, row FROM rejected WHERE url = $1 AND stage != ''", [url]).fetchall()
    return f"{found[0]}/{found[1]}"


@pytest.fixture(scope="module")
def crawled(second_crawl: Corpus) -> Iterator[str]:
    with served(second_crawl) as address:
        yield address


def test_the_page_view_leads_to_the_page_that_stands_for_it(second_crawl: Corpus, viewer: Ask) -> None:
    place = place_of(second_crawl, "http://new.example/a")
    client = viewer(second_crawl)
    assert f'row={quote(place, safe="")}" aria-label="The page that replaces' in client.get(f"/page/{place}").text
    body = client.get(f"/stands/{place}").text
    words = text_of(body)
    assert "It is a kept page of this corpus." in words
    assert "Of all word 5-grams in either text, about 9" in words
    assert body.count("<mark>trumpets</mark>") == 4
    link = f"/owner/{owner_of('http://new.example/b')}"
    assert f'href="{link}?"' in body
    answer = client.get(link, follow_redirects=False)
    assert answer.status_code == 303
    assert "http://new.example/b" in client.get(answer.headers["location"]).text


def test_the_text_of_an_earlier_corpus_is_shown(first_crawl: Corpus, second_crawl: Corpus, viewer: Ask) -> None:
    client = viewer(second_crawl)
    for url, other in (("new.example/fog", "old.example/fog-again"), ("old.example/news", "old.example/news")):
        body = client.get(f"/stands/{place_of(second_crawl, f'http://{url}')}").text
        link = f"/owner/{owner_of(f'http://{other}')}"
        assert f'href="{link}?"' in body
        words = text_of(client.get(link).text)
        assert "Kept in an earlier corpus, that this one was built against" in words
        assert str(first_crawl.folder) in words
        assert f"http://{other}" in words
    name = owner_of("http://old.example/span")
    told = client.get(f"/owners?name={name}").json()[name]
    assert told == {"url": "http://old.example/span", "kept": True, "earlier": str(first_crawl.folder)}


def test_a_page_that_fell_by_itself_has_none(second_crawl: Corpus, viewer: Ask) -> None:
    with connect(second_crawl) as views:
        ((part, row),) = views.execute("SELECT part, row FROM rejected WHERE reason = 'not_a_page'").fetchall()
    assert "/stands" not in viewer(second_crawl).get(f"/page/{part}/{row}").text
    assert viewer(second_crawl).get(f"/stands/{part}/{row}").status_code == 404


@pytest.fixture(scope="module")
def evil(tmp_path_factory: pytest.TempPathFactory) -> Corpus:
    """Two pages whose texts, URLs and folder want to be run; the earlier corpus is damaged."""
    folder = tmp_path_factory.mktemp("evil")
    old = tiny.write(folder / "old <i>", [Page("http://b.example/", FOG, "", "a#1")], **NEAR)
    row = row_of(old)
    next((old / "en").iterdir()).write_bytes(b"")
    url = f"http://c.example/{SCRIPT}"
    rows = [
        near("http://a.example/", "http://b.example/"),
        near("http://d.example/", url, f"{FOG}\n{SCRIPT}", detail=f"0.9{SCRIPT}"),
    ]
    pages = [Page(url, f"{FOG}\n<b>\u202e</b>", "", "a#2")]
    return open_corpus(tiny.write(folder / "new", pages, rows, **NEAR, against=[row]))


def test_hostile_text_is_shown_and_a_damaged_earlier_corpus_is_named(evil: Corpus, viewer: Ask) -> None:
    client = viewer(evil)
    body = client.get(f"/stands/{place_of(evil, 'http://d.example/')}").text
    assert SCRIPT not in body
    assert "&lt;script&gt;" in body
    assert "<i>" not in body
    damaged = client.get(f"/stands/{place_of(evil, 'http://a.example/')}").text
    assert "Or it is a page of an earlier corpus that was not found" in text_of(damaged)
    assert "Copy or build the corpus again" in text_of(damaged)
    answer = client.get(f"/owner/{owner_of('http://b.example/')}")
    assert (answer.status_code, "<i>" in answer.text) == (404, False)
    assert "was not found" in answer.text


@pytest.mark.parametrize(
    ("rejected", "says", "never"),
    [
        ("all", "nor in the table of rejected pages. Nothing in the table", ("a later stage", "sample")),
        ("sample", "nor in the sample of rejected pages. Nothing in the table", ("a later stage",)),
    ],
)
def test_no_more_is_said_of_an_owner_than_is_known(
    tmp_path: Path, viewer: Ask, rejected: str, says: str, never: tuple[str, ...]
) -> None:
    cut = [{"reason": "repeated_line", "line": "x", "owner": "0" * 16}]
    rows = [tiny.lost("http://a.example/", "", "kept", "x", dropped=cut)]
    corpus = open_corpus(tiny.write(tmp_path / "c4", [], rows, settings={"rejected": rejected}))
    made_up = text_of(viewer(corpus).get("/owner/ffffffffffffffff").text)
    assert says in made_up
    assert "may not be an owner at all" in made_up
    assert not any(words in made_up for words in never)
    named = text_of(viewer(corpus).get("/owner/0000000000000000").text)
    assert "What was cut here names it" in named
    assert ("may be a page that a later stage rejected" in named) == (rejected == "sample")


def test_a_corpus_without_a_table_claims_none(mixture: Corpus, viewer: Ask) -> None:
    words = text_of(viewer(mixture).get("/owner/ffffffffffffffff").text)
    assert "not among the kept pages, and there is no table of rejected pages. Nothing names it" in words


def test_a_stranger_finds_out_which_page_stands_for_it(watched: Any, crawled: str, second_crawl: Corpus) -> None:
    watched.goto(f"{crawled}/page/{place_of(second_crawl, 'http://new.example/fog')}")
    watched.locator("#stands .differs").wait_for()
    assert "near_duplicate" in watched.locator(".verdict").inner_text()
    said = watched.locator("#stands").inner_text()
    assert "It is a kept page of the earlier corpus" in said
    assert watched.locator("#stands .gone mark").first.inner_text() == "umbrellas"
    assert watched.locator("#stands .come mark").first.inner_text() == "elephants"
    watched.locator("#stands .which a").click()
    watched.wait_for_url("**/owner/**")
    assert watched.locator("h1.address").inner_text() == "http://old.example/fog-again"


@pytest.mark.parametrize("watched", [{"viewport": {"width": 375, "height": 700}}], indirect=True)
def test_it_fits_a_telephone(watched: Any, crawled: str, second_crawl: Corpus) -> None:
    watched.goto(f"{crawled}/page/{place_of(second_crawl, 'http://new.example/a')}")
    watched.locator("#stands .differs").wait_for()
    assert watched.evaluate("document.documentElement.scrollWidth") == 375


@pytest.fixture(scope="module")
def evil_address(evil: Corpus) -> Iterator[str]:
    with served(evil) as address:
        yield address


def test_what_the_file_says_is_run_nowhere(watched: Any, evil: Corpus, evil_address: str) -> None:
    watched.goto(f"{evil_address}/page/{place_of(evil, 'http://d.example/')}")
    watched.locator("#stands .which").wait_for()
    assert SCRIPT in watched.locator("#stands .which").inner_text()
