"""The page of losses: its numbers, its order, its links, its file, and what is said where there is no table."""

from __future__ import annotations

import csv
import html
import io
import json
import re
from collections.abc import Iterator

import pytest
from starlette.testclient import TestClient

from c4pipe.facts.corpus import Corpus
from c4pipe.facts.losses import read_losses
from c4pipe.inspect.__main__ import main
from c4pipe.inspect.serve.app import make_app

HERE = "http://127.0.0.1"


@pytest.fixture(scope="module")
def client(languages: Corpus) -> Iterator[TestClient]:
    with TestClient(make_app(languages), HERE) as found:
        yield found


def numbers_of(page: str) -> list[list[str]]:
    """The rows of the first table, cell by cell, without markup."""
    body = page.partition("<tbody>")[2].partition("</tbody>")[0]
    cells = (re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row, re.S) for row in body.split("</tr>")[:-1])
    return [[" ".join(html.unescape(re.sub("<[^>]+>", "", cell)).split()) for cell in row] for row in cells]


def links_of(page: str) -> list[str]:
    main_part = page.partition("<main")[2].partition("</main>")[0]
    return [html.unescape(link) for link in re.findall(r'href="(/[^"]*)"', main_part)]


def test_the_first_screen_says_which_rule_takes_most_text(client: TestClient, languages: Corpus) -> None:
    losses = read_losses(languages)
    assert losses is not None
    first = losses.most()[0]
    page = client.get("/losses").text
    lead = " ".join(re.sub("<[^>]+>", "", page.partition('class="lead">')[2].partition("</p>")[0]).split())
    assert lead.startswith(f"{first.key} takes most text: {first.lost.characters:,} of {losses.read.characters:,}")
    rows = numbers_of(page)
    assert [row[0] for row in rows] == [row.key for row in losses.most()]
    assert rows[0][2] == f"{first.lost.characters:,}"
    assert '<a href="/losses">Losses</a>' in client.get("/").text


def test_any_column_orders_the_rows_both_ways_without_a_script(client: TestClient) -> None:
    link = next(link for link in links_of(client.get("/losses").text) if link.endswith("sort=pages"))
    falling = [int(row[6].replace(",", "")) for row in numbers_of(client.get(link).text)]
    assert falling == sorted(falling, reverse=True)
    back = next(link for link in links_of(client.get(link).text) if "rising=1" in link)
    assert [int(row[6].replace(",", "")) for row in numbers_of(client.get(back).text)] == falling[::-1]


def test_every_link_leads_somewhere_and_counts_what_it_says(client: TestClient, languages: Corpus) -> None:
    seen: dict[str, str] = {}
    waiting = [f"/losses?by={way}" for way in ("rule", "language", "domain", "length")]
    while waiting and len(seen) < 60:
        link = waiting.pop(0)
        if link in seen:
            continue
        answer = client.get(link)
        assert answer.status_code == 200, (link, answer.text[-400:])
        seen[link] = answer.text
        if link.startswith("/losses?"):
            waiting += [link for link in links_of(answer.text) if link.startswith(("/losses?", "/?"))]
    assert any(link.startswith("/?outcome=") for link in seen)
    assert any("lost=" in link for link in seen)


def test_the_file_has_every_row(client: TestClient, languages: Corpus) -> None:
    losses = read_losses(languages)
    assert losses is not None
    answer = client.get("/losses.csv?by=domain&rule=paragraphs/few_paragraphs")
    assert answer.headers["content-type"].startswith("text/csv")
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    expected = losses.by_group("domain", "paragraphs/few_paragraphs")
    assert {row["of"]: int(row["pages_lost"]) for row in rows} == {row.key: row.lost.pages for row in expected}
    assert sum(int(row["characters_came"]) for row in rows) == losses.read.characters


def test_pages_that_fell_before_their_language_was_asked(client: TestClient) -> None:
    page = client.get("/losses?by=language&rule=paragraphs/few_paragraphs").text
    assert "<h2>Pages that fell before their language was asked</h2>" in page
    assert "Their language is what cld2 says" in page
    assert "<h2>Pages that fell before" not in client.get("/losses?by=language&rule=lines/repeated_line").text


@pytest.mark.parametrize(
    "query",
    ["by=nothing", "sort=size", "bin=x", "bin=999", "rule=clean/nothing&by=domain", "whatever=1", "language=%00%ff"],
)
def test_what_cannot_be_answered_is_said(client: TestClient, query: str) -> None:
    answer = client.get(f"/losses?{query}")
    assert answer.status_code == 400
    assert "\x00" not in answer.text


def test_a_corpus_without_a_count_says_why(languages: Corpus) -> None:
    older = languages._replace(manifest={**languages.manifest, "about": []})
    with TestClient(make_app(older), HERE) as client:
        for path in ("/losses", "/losses.csv"):
            answer = client.get(path)
            assert answer.status_code in (400, 404)
            assert "has no table of losses" in answer.text


def test_the_terminal_says_the_same(capsys: pytest.CaptureFixture[str], languages: Corpus) -> None:
    losses = read_losses(languages)
    assert losses is not None
    assert main([str(languages.folder), "--losses"]) == 0
    told = capsys.readouterr().out
    first = losses.most()[0]
    heads = [number for number, line in enumerate(told.splitlines()) if line.split()[:2] == ["rule", "takes"]]
    assert told.splitlines()[heads[0] + 1].split()[0] == first.key
    assert f"{first.lost.characters:,}" in told
    assert main([str(languages.folder), "--losses", "--json"]) == 0
    facts = json.loads(capsys.readouterr().out)
    assert facts["view"] == "losses"
    assert [row["key"] for row in facts["rules"]] == [row.key for row in losses.most()]
    assert main([str(languages.folder), "--losses", "--sample", "3"]) == 2


@pytest.mark.parametrize(
    ("query", "says"),
    [
        ("rule=x", "unknown rule 'x'"),
        ("by=language&rule=x", "unknown rule 'x'"),
        ("bin=99", "unknown bin '99'"),
        ("language=zz", "unknown language 'zz'"),
        ("domain=nowhere.example", "unknown domain 'nowhere.example'"),
        ("by=language&language=zz", "unknown language 'zz'"),
    ],
)
def test_what_no_page_is_of_is_refused(client: TestClient, query: str, says: str) -> None:
    for path in ("/losses", "/losses.csv"):
        answer = client.get(f"{path}?{query}")
        assert answer.status_code == 400
        assert says in html.unescape(answer.text)
