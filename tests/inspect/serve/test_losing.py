"""The page of losses: its numbers, its order, its links, its file, and what is said where there is no table."""

from __future__ import annotations

import csv
import html
import io
import json
import re
from collections.abc import Iterator
from urllib.parse import parse_qsl

import pytest
from starlette.testclient import TestClient

from c4pipe.corpus.cells import LossCell
from c4pipe.facts.corpus import Corpus
from c4pipe.facts.ledger_losses import ledger_losses
from c4pipe.facts.losses import Amount, LossRow, read_losses
from c4pipe.facts.table_losses import table_losses
from c4pipe.inspect.__main__ import main
from c4pipe.inspect.serve.app import make_app
from c4pipe.inspect.serve.counting import count_pages
from c4pipe.inspect.serve.losing import LossQuestion
from c4pipe.inspect.serve.loss_links import rows_pages
from c4pipe.inspect.serve.selection import Known, known, parse
from tests.inspect.serve.conftest import Ask, cursor

HERE = "http://127.0.0.1"


@pytest.fixture(scope="module")
def client(languages: Corpus) -> Iterator[TestClient]:
    with TestClient(make_app(languages), HERE) as found:
        yield found


def numbers_of(page: str) -> list[list[str]]:
    """The rows of the first table, cell by cell, without markup."""
    body = re.sub('<span class="takes">.*?</span>', "", page.partition("<tbody>")[2].partition("</tbody>")[0])
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
    assert lead.startswith(f"{first.key} drops most text: {first.lost.characters:,} of {losses.read.characters:,}")
    rows = numbers_of(page)
    assert [row[0] for row in rows] == [row.said for row in losses.most()]
    assert rows[0][2] == f"{first.lost.characters:,}"
    assert '<a href="/losses">Losses</a>' in client.get("/").text


def test_any_column_orders_the_rows_both_ways_without_a_script(client: TestClient) -> None:
    link = next(link for link in links_of(client.get("/losses").text) if link.endswith("sort=pages"))
    falling = [int(row[8].replace(",", "")) for row in numbers_of(client.get(link).text)]
    assert falling == sorted(falling, reverse=True)
    back = next(link for link in links_of(client.get(link).text) if "rising=1" in link)
    assert [int(row[8].replace(",", "")) for row in numbers_of(client.get(back).text)] == falling[::-1]


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


@pytest.mark.parametrize("by", ["rule", "language", "domain", "length"])
@pytest.mark.parametrize("name", ["samples", "languages"])
def test_the_pages_behind_a_cell_are_as_many_as_it_says(name: str, by: str, request: pytest.FixtureRequest) -> None:
    """The table holds all that these builds rejected."""
    corpus: Corpus = request.getfixturevalue(name)
    losses, has, asked = read_losses(corpus), known(corpus), cursor(corpus)
    assert losses is not None
    followed = 0
    for rule in losses.rules if by != "rule" else [""]:
        question = LossQuestion(by=by, rule=rule)
        rows = losses.by_rule() if by == "rule" else losses.by_group(by, rule)
        for row in [row for row in rows if row.lost.pages][: 9 if by == "rule" else 3]:
            links = rows_pages(row, question.group_of(row), has)
            pages = {
                words: count_pages(asked, corpus, parse(parse_qsl(link[2:]), has), has).total for words, link in links
            }
            followed += len(pages)
            whole = row.cell is not None and row.cell.unit == "page"
            if whole or (by in ("rule", "domain") and pages):
                assert sum(pages.values()) == row.lost.pages or not pages, (row, links)
            elif by == "language" and pages:
                assert sum(pages.values()) >= row.lost.pages, "with those that fell before it was asked"
            elif by == "length":
                assert pages.keys() <= {"rejected"}
                assert sum(pages.values()) <= row.lost.pages
    assert followed > 3


def test_lengths_are_no_links_where_texts_are_masked_or_withheld() -> None:
    has = Known((), (), ("clean/few_sentences", "exclusion/excluded"), rejected_columns=("language",))
    for reason, stage in (("few_sentences", "clean"), ("excluded", "exclusion")):
        row = LossRow(9, LossCell(stage, reason, "page"), Amount(1, 1, 600), Amount(2, 2, 900))
        links = rows_pages(row, ("length", 9), has)
        assert bool(links) == (reason == "few_sentences")
        assert rows_pages(row, ("length", 9), has, as_read=False) == []
        assert len(rows_pages(row, ("language", "de"), has)) == 1
        assert rows_pages(row, ("language", "de"), has._replace(rejected_columns=())) == []


def test_the_file_has_every_row(client: TestClient, languages: Corpus) -> None:
    losses = read_losses(languages)
    assert losses is not None
    answer = client.get("/losses.csv?by=domain&rule=paragraphs/few_paragraphs")
    assert answer.headers["content-type"].startswith("text/csv")
    asked = "losses-domain-rule-paragraphs_few_paragraphs-sort-characters"
    name = f"{languages.folder.name}-{languages.digest[:8]}-{asked}.csv"
    assert answer.headers["content-disposition"] == f'attachment; filename="{name}"'
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    expected = losses.by_group("domain", "paragraphs/few_paragraphs")
    assert {row["of"]: int(row["pages_lost"]) for row in rows} == {row.key: row.lost.pages for row in expected}
    assert sum(int(row["characters_came"]) for row in rows) == losses.read.characters


def test_pages_that_fell_before_their_language_was_asked(client: TestClient) -> None:
    page = client.get("/losses?by=language&rule=paragraphs/few_paragraphs").text
    assert "<h2>Pages rejected before language identification</h2>" in page
    assert "Their language is what cld2 says" in page
    assert "<h2>Pages that fell before" not in client.get("/losses?by=language&rule=lines/repeated_line").text


@pytest.mark.parametrize(
    "query",
    [
        "by=nothing",
        "sort=size",
        "bin=x",
        "bin=999",
        "rule=clean/nothing&by=domain",
        "rule=clean/nothing&by=language,domain",
        "whatever=1",
        "language=%00%ff",
    ],
)
def test_what_cannot_be_answered_is_said(client: TestClient, query: str) -> None:
    answer = client.get(f"/losses?{query}")
    assert answer.status_code == 400
    assert "\x00" not in answer.text
    if "rule" in query:
        assert client.get(f"/losses.csv?{query}").status_code == 400


@pytest.mark.parametrize("change", [{}, {"removed": [{}]}], ids=["an older build", "pages taken out"])
def test_a_corpus_without_a_count_has_the_ledger(languages: Corpus, change: dict[str, list[dict[str, str]]]) -> None:
    """By rule it says what the count says: pages of page rules, lines of line rules, characters of all."""
    losses = read_losses(languages)
    older = languages._replace(manifest={**languages.manifest, "about": [], **change})
    by_ledger = ledger_losses(older)
    assert losses is not None
    assert by_ledger is not None
    assert (by_ledger.pages, by_ledger.characters) == (losses.read.pages, losses.read.characters)
    told = [(row.key, row.unit, row.taken, row.characters) for row in by_ledger.rows]
    taken = {"page": "pages", "line": "lines"}
    rows = [row for row in losses.most() if row.cell is not None and any(row.lost)]
    assert told == [
        (row.key, row.cell.unit, getattr(row.lost, taken.get(row.cell.unit, ""), None), row.lost.characters)
        for row in rows
        if row.cell is not None
    ]
    with TestClient(make_app(older), HERE) as client:
        page = client.get("/losses?by=domain").text
        assert [row[0] for row in numbers_of(page)] == [row.said for row in by_ledger.rows]
        assert ("removed from it" if change else "did not count") in page
        assert "has no table of losses" in client.get("/losses.csv").text
        assert client.get("/losses", params={"rule": by_ledger.rows[0].key}).status_code == 200
        gone = client.get("/losses?rule=clean/gone")
        assert (gone.status_code, "unknown rule" in gone.text) == (400, True)


def test_a_mixture_says_that_it_lost_nothing(mixture: Corpus) -> None:
    with TestClient(make_app(mixture), HERE) as client:
        assert "a mixture was drawn from corpora" in client.get("/losses").text


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
        ("bin=99", "unknown bin 99. Did you mean"),
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


def test_a_language_counts_with_its_pages_that_were_never_asked(client: TestClient, languages: Corpus) -> None:
    losses = read_losses(languages)
    assert losses is not None
    assert losses.never.pages
    page = client.get("/losses?by=language&sort=pages").text
    assert (
        f"{losses.never.pages:,} pages were rejected before that and count as pages, with the language that cld2 "
        "identifies" in page
    )
    rows = {row[0]: row for row in numbers_of(page)}
    told = {str(row.key): row.whole for row in losses.by_group("language") if row.whole is not None}
    assert any(whole.lost.pages > whole.came.pages - 1 for whole in told.values())
    for key, whole in told.items():
        assert rows[key][5].removeprefix("about ").split(" ")[0] == f"{round(whole.lost.pages):,}"
    file = list(csv.DictReader(io.StringIO(client.get("/losses.csv?by=language").text)))
    assert {row["of"]: float(row["pages_lost_with_never_asked"]) for row in file if row["of"]} == {
        key: whole.lost.pages for key, whole in told.items()
    }


def test_languages_and_domains_together(client: TestClient, languages: Corpus) -> None:
    """By the address of either, in any order, each number with the pages that it counts, and as a file."""
    body = client.get("/losses?by=language,domain&sort=kept").text
    rows = numbers_of(body)
    assert len(rows) > 40
    assert [int(row[3]) for row in rows] == sorted((int(row[3]) for row in rows), reverse=True)
    linked = 0
    for row, markup in list(zip(rows, body.partition("<tbody>")[2].split("</tr>"), strict=False))[:12]:
        links = [html.unescape(link) for link in re.findall(r'href="(/[?][^"]*)"', markup)]
        if not links:
            assert row[6] in ("no URL", "language not known")
        for link in links:
            side = 2 if "outcome=" in link else 3
            assert f"<p data-total hidden>{row[side]} page" in client.get(f"/counts{link[1:]}").text, link
            linked += 1
    assert linked > 9
    (lead,) = [
        link
        for link in links_of(client.get("/losses?language=de").text)
        if "by=domain" in link and "language=de" in link
    ]
    german = numbers_of(client.get(lead).text)
    assert {row[1] for row in german} == {"de"}
    assert [row[0] for row in german] == [
        row[0] for row in numbers_of(client.get("/losses?by=language,domain&sort=lost").text) if row[1] == "de"
    ]
    domain = german[0][0]
    assert {row[0] for row in numbers_of(client.get(f"/losses?by=language&domain={domain}").text)} == {domain}
    saved = list(csv.DictReader(io.StringIO(client.get("/losses.csv?by=language,domain&sort=kept").text)))
    assert [(row["domain"], row["language"], row["pages_kept"]) for row in saved] == [
        (row[0].replace("no URL", ""), row[1].replace("not known", ""), row[3]) for row in rows
    ]
    refused = client.get("/losses?by=language,domain&rule=lines/repeated_line")
    assert refused.status_code == 400
    assert "drops pages" in refused.text
    for query, said in (
        ("by=rule&language=de&domain=x.example", "language and domain do not go together"),
        ("by=domain&language=de&bin=10", "language and bin do not go together"),
        ("by=language,domain&bin=10", "bin selects lengths"),
    ):
        refused = client.get(f"/losses?{query}")
        assert (refused.status_code, said in refused.text) == (400, True), query
    for query in ("by=language&domain=none.example", "by=domain&language=xx"):
        assert client.get(f"/losses?{query}").status_code == 400, query
        assert client.get(f"/losses.csv?{query}").status_code == 400, query
    ruled = client.get("/losses?by=language,domain&rule=paragraphs/few_paragraphs").text
    assert all(int(row[2]) >= 0 for row in numbers_of(ruled))
    assert "outcome=paragraphs%2Ffew_paragraphs" in ruled


def test_a_length_that_no_page_has_is_refused_in_the_order_of_numbers(client: TestClient, languages: Corpus) -> None:
    losses = read_losses(languages)
    assert losses is not None
    bins = sorted(int(row.key) for row in losses.by_group("length") if row.key is not None)
    assert [str(each) for each in bins] != sorted(map(str, bins)), "else their order says nothing"
    missing = next(each for each in range(40) if each not in bins)
    near = min(abs(each - missing) for each in bins)
    said = html.unescape(client.get(f"/losses?bin={missing}").text)
    assert f"Known: {', '.join(map(str, bins))}." in said
    assert abs(int(re.findall(r"Did you mean (\d+)", said)[0]) - missing) == near


@pytest.mark.parametrize("name", ["samples", "languages"])
def test_every_list_of_a_table_has_pages(name: str, request: pytest.FixtureRequest) -> None:
    """By rule, and of each rule and of all by language, domain and length."""
    corpus: Corpus = request.getfixturevalue(name)
    losses, has, asked, followed = read_losses(corpus), known(corpus), cursor(corpus), dict[str, set[str]]()
    assert losses is not None
    with TestClient(make_app(corpus), HERE) as client:
        for by in ("rule", "language", "domain", "length"):
            for rule in ["", *losses.rules][:6]:
                body = client.get(f"/losses?by={by}&rule={rule}").text.partition("<tbody>")[2].partition("</tbody>")[0]
                links = {html.unescape(link) for link in re.findall(r'href="(/\?[^"]*)"', body)}
                followed.setdefault(by, set()).update(sorted(links)[:12])
    for by, links in followed.items():
        assert links, f"no list by {by}"
        for link in sorted(links):
            found = count_pages(asked, corpus, parse(parse_qsl(link[2:]), has), has)
            assert found.total > 0, link


@pytest.mark.parametrize("by", ["language", "domain"])
def test_a_row_of_all_rules_leads_to_its_rejected_pages(client: TestClient, languages: Corpus, by: str) -> None:
    """The tables of these builds hold all pages; a language has those too that were never asked for it."""
    has, asked = known(languages), cursor(languages)
    rows = [row for row in numbers_of(client.get(f"/losses?by={by}").text) if row[-1]]
    assert len(rows) > 1
    for row in rows[:8]:
        link = f"/?outcome=rejected&{by}={row[0]}"
        pages = count_pages(asked, languages, parse(parse_qsl(link[2:]), has), has).total
        of = "language" if by == "language" else "registered(url)"  # records that gave no page are rejected ones too
        sql = f"SELECT count(*) FROM rejected WHERE stage = 'read' AND {of} = $1"
        ((unread,),) = asked.execute(sql, [row[0]]).fetchall()
        assert row[5].removeprefix("about ").partition(" ")[0] == f"{pages - unread:,}", row


@pytest.mark.parametrize("name", ["samples", "languages"])
def test_no_range_has_equal_ends(name: str, request: pytest.FixtureRequest) -> None:
    corpus: Corpus = request.getfixturevalue(name)
    losses = read_losses(corpus)
    assert losses is not None
    with TestClient(make_app(corpus), HERE) as client:
        for by in ("language", "domain"):
            for rule in ["", *losses.rules]:
                for row in numbers_of(client.get(f"/losses?by={by}&rule={rule}").text):
                    for cell in row:
                        assert not re.search(r"(?<![\d.])([\d.,]+(?: %)?) to \1(?![\d.,])", cell), (by, rule, row)


def test_what_was_cut_from_kept_pages_and_how_long_pages_were_that_fell(client: TestClient, languages: Corpus) -> None:
    """By SQL, of the table that has every page; of edits nothing is known."""
    db, page, losses = cursor(languages), client.get("/losses").text, read_losses(languages)
    assert losses is not None
    assert "With another order of stages, another rule may drop most." in page
    rows = {row[0]: row for row in numbers_of(page)}
    cut = db.execute(
        "SELECT cut.reason, sum(length(cut.line))::BIGINT FROM (SELECT unnest(dropped) AS cut FROM rejected "
        "WHERE stage = '') GROUP BY ALL"
    ).fetchall()
    fell = db.execute(
        "SELECT stage || '/' || reason, sum(length(text))::BIGINT FROM rejected WHERE stage != '' GROUP BY ALL"
    ).fetchall()
    assert cut
    assert fell
    for code, chars in cut:
        assert next(row[4] for name, row in rows.items() if name.endswith(f"/{code}")) == f"{chars:,}"
    for name, chars in fell:
        if name in rows:
            assert rows[name][5] == f"{chars:,}"
    assert all(not row[4] and not row[5] for name, row in rows.items() if name.startswith("edits"))
    file = {row["rule"]: row for row in csv.DictReader(io.StringIO(client.get("/losses.csv").text))}
    assert all(file[name]["characters_of_pages_as_read"] == str(chars) for name, chars in fell if name in file)
    masking = {"stages": [*languages.manifest["preset"]["stages"], {"kind": "MaskPersonal"}]}
    masked = languages._replace(manifest={**languages.manifest, "preset": {**languages.manifest["preset"], **masking}})
    assert table_losses(db, masked, losses) is None


def test_a_language_that_the_preset_does_not_want_is_not_marked(samples: Corpus) -> None:
    losses = read_losses(samples)
    assert losses is not None
    assert losses.wanted == {"en"}
    rows = losses.by_group("language")
    assert {row.key for row in rows if row.excluded} == {row.key for row in rows} - {"", "en"} != set()
    assert not [row for row in rows if row.more and row.excluded]
    assert not [row for row in losses.by_group("language", "clean/few_sentences") if row.excluded]
    with TestClient(make_app(samples), HERE) as client:
        page = client.get("/losses?by=language").text
    told = {row[0]: row[7] for row in numbers_of(page)}
    assert all("more than all" not in words for name, words in told.items() if name != "en")
    assert "not wanted by the preset" in told["de"]


def test_a_distribution_over_lengths_begins_with_its_order(samples: Corpus, viewer: Ask) -> None:
    body = viewer(samples).get("/losses?by=length").text
    assert re.findall(r'aria-sort="(\w+)"><a href="([^"]*)">(\w+)', body) == [
        ("ascending", "/losses?by=length&amp;sort=key&amp;rising=1", "length")
    ]
    sizes = [int(found) for found in re.findall(r"bin=(\d+)", body)]
    assert sizes == sorted(sizes) != []
    assert not re.search(r'class="sr">, \d+</span>', body), "a bin's number is no name"
    most = viewer(samples).get("/losses").text
    assert re.findall(r'aria-sort="(\w+)"><a href="[^"]*">(\w+)', most) == [("descending", "characters")]
