"""The page of repeated text: its numbers by SQL, its orders, its links, and corpora that have none."""

from __future__ import annotations

import html
import re
from pathlib import Path
from urllib.parse import parse_qsl

import pytest
from starlette.testclient import TestClient

from c4pipe.facts.corpus import Corpus
from c4pipe.inspect.serve import make_app
from c4pipe.inspect.serve.counting import count_pages
from c4pipe.inspect.serve.selection import known, parse
from c4pipe.page import Dropped, Page
from tests.inspect.serve.conftest import HOSTILE_URL, SCRIPT, Ask, cursor, owner_of, write

BASE = "http://127.0.0.1:8000"
OWNER, MENU, SONG = "http://owner.example/", "Sign up for our news.", "Row, row, row your boat."


def rows_of(body: str) -> list[list[str]]:
    """Cell by cell, without markup."""
    table = body.partition("<tbody>")[2].partition("</tbody>")[0]
    cells = [re.findall(r"<td[^>]*>(.*?)</td>", row, re.S) for row in table.split("</tr>")[:-1]]
    return [[" ".join(html.unescape(re.sub("<[^>]+>", "", cell)).split()) for cell in row] for row in cells]


@pytest.fixture
def sung(tmp_path: Path) -> Corpus:
    """Two pages lost the same line of a menu, one of them is kept; and that one lost another line seven times."""

    def line(text: str, owner: str) -> Dropped:
        return Dropped("repeated_span", text, owner)

    kept = Page("http://a.example/", "Kept text.", "2024", "a#1", language="en")
    lost = Page("http://b.example/", MENU, "2024", "a#2")
    owner = Page(OWNER, f"{MENU}\n{SONG}", "2024", "a#0", language="en")
    cut = [line(MENU, owner_of(OWNER)), *[line(SONG, "0" * 16)] * 7]
    return write(
        tmp_path / "c4",
        {("en", "train"): [[owner, kept]]},
        [(kept, "", "kept", "", cut), (lost, "spans", "nothing_left", "", cut[:1])],
    )


def test_a_text_counts_once_a_page_and_each_time(sung: Corpus, viewer: Ask) -> None:
    """The song is 23 characters, seven times on one page; the menu is 21 on two."""
    once, each = (rows_of(viewer(sung).get(f"/repeated?by={by}").text) for by in ("once", "each"))
    menu = [f"{MENU.lower()}kept in {OWNER}", "42", "42", "2", "2", "kept pages"]
    song = [f"{SONG.lower()}owned by a page that is not kept here", "24", "168", "1", "7", "kept pages"]
    assert [row[:5] for row in once] == [menu[:5], song[:5]]
    assert [row[:5] for row in each] == [song[:5], menu[:5]]
    assert once[0][5].startswith("kept pages that lost “sign up")
    assert "rejected pages that lost" in once[0][5]
    assert "rejected" not in once[1][5]


def test_an_unknown_order_is_refused(sung: Corpus, viewer: Ask) -> None:
    answer = viewer(sung).get("/repeated?by=size")
    assert answer.status_code == 400
    assert "unknown order 'size'" in html.unescape(answer.text)


@pytest.mark.parametrize("name", ["samples", "languages"])
def test_every_list_holds_the_pages_that_lost_the_text(name: str, request: pytest.FixtureRequest) -> None:
    corpus: Corpus = request.getfixturevalue(name)
    has, db = known(corpus), cursor(corpus)
    with TestClient(make_app(corpus), base_url=BASE, follow_redirects=False) as client:
        assert 'href="/repeated"' in client.get("/").text
        assert 'href="/repeated"' in client.get("/losses").text
        body = client.get("/repeated").text
        links = [html.unescape(link) for link in re.findall(r'href="(/\?[^"]*)"', body)]
        owners = [html.unescape(link) for link in re.findall(r'href="(/owner/[^"]*)"', body)]
        rows = rows_of(body)
        assert len(rows) > 5
        for row in rows[:5]:
            mine = [link for link in links if dict(parse_qsl(link[2:]))["q"] in row[0]]
            pages = [count_pages(db, corpus, parse(parse_qsl(link[2:]), has), has).total for link in mine]
            assert all(pages)
            assert sum(pages) >= int(row[-3].replace(",", "")), "pages that lost it within a longer text count too"
        assert owners
        assert all(client.get(link).status_code in (303, 404) for link in owners[:5])
        assert any(client.get(link).headers.get("location", "").endswith("#marked") for link in owners)


def test_text_of_strangers_is_shown_and_does_nothing(tmp_path: Path, viewer: Ask) -> None:
    page = Page(HOSTILE_URL, "Text.", "2024", "a#0", language="en")
    cut = [Dropped("repeated_line", f"{SCRIPT}\u202e", owner_of(HOSTILE_URL))] * 2
    corpus = write(tmp_path / "c4", {("en", "train"): [[page]]}, [(page, "", "kept", "", cut)])
    body = viewer(corpus).get("/repeated").text
    assert "<script>alert" not in body
    assert "\u202e" not in body
    assert "&lt;script&gt;" in body


def test_corpora_without_repeats_say_so(mixture: Corpus, hostile: Corpus, tmp_path: Path, viewer: Ask) -> None:
    assert "has no table of rejected pages" in viewer(mixture).get("/repeated").text
    assert 'href="/repeated"' not in viewer(mixture).get("/").text
    page = Page("http://a.example/", "Text.", "2024", "a#0", language="en")
    lost = Page("http://b.example/", "x", "2024", "a#1")
    corpus = write(tmp_path / "c4", {("en", "train"): [[page]]}, [(lost, "clean", "few_words", "", [])])
    assert "Nothing was cut" in viewer(corpus).get("/repeated").text


def test_what_was_cut_from_kept_pages_alone(sung: Corpus, viewer: Ask) -> None:
    body = viewer(sung).get("/repeated").text
    assert 'href="/repeated?by=once&amp;of=kept">kept pages</a>' in body
    rows = rows_of(viewer(sung).get("/repeated?of=kept&by=each").text)
    assert [row[1:5] for row in rows] == [["24", "168", "1", "7"]], "the menu was cut from a rejected page too"
    assert viewer(sung).get("/repeated?of=lost").status_code == 400
