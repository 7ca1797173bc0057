"""Two corpora in the viewer: numbers that lead to lists, lists to pages, and pages written to hurt."""

from __future__ import annotations

import html
import io
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pyarrow.csv
import pyarrow.parquet as pq
import pytest
from starlette.testclient import TestClient

from c4pipe.facts.corpus import Corpus, connect, open_corpus
from c4pipe.facts.differences import setting_changes
from c4pipe.facts.fates import compare
from c4pipe.inspect.serve import make_app
from c4pipe.inspect.serve.pairs import MOST_PAIRS, CorpusPairs
from c4pipe.page import Dropped, Page
from tests.facts import test_fates
from tests.inspect import tiny
from tests.inspect.serve.conftest import HOSTILE_URL, SCRIPT, write

BASE = "http://127.0.0.1:8000"


def client(corpus: Corpus, *others: Corpus) -> TestClient:
    return TestClient(make_app(corpus, others=others), base_url=BASE, follow_redirects=False)


@pytest.fixture(scope="module")
def both(samples: Corpus, languages: Corpus) -> Iterator[TestClient]:
    with client(samples, languages) as found:
        yield found


def words(body: str) -> str:
    return " ".join(html.unescape(re.sub(r"<[^>]*>", " ", body)).split())


def links(body: str, path: str) -> list[str]:
    return [html.unescape(link) for link in re.findall(rf'href="({path}\?[^"]*)"', body)]


def hits(body: str) -> list[str]:
    return [html.unescape(url) for url in re.findall(r'class="hit"[^>]*><bdi>(.*?)</bdi>', body)]


def test_the_numbers_are_those_of_the_command_line(both: TestClient, samples: Corpus, languages: Corpus) -> None:
    found = compare(samples, languages, shown=0)
    body = both.get("/compare").text
    said = words(body)
    assert f"Same in both {found.same:,}" in said
    assert f"In both, with different text {found.other_text:,}" in said
    assert f"Only in A {found.only[0]:,}" in said
    assert f"Only in B {found.only[1]:,}" in said
    for why in (*found.gone, *found.come):
        assert f"{why.stage}: {why.reason} {why.pages:,}" in said
    changes = setting_changes(samples.manifest, languages.manifest)
    assert [change.line() for change in changes] == found.settings
    assert all(f"{one.what} {one.said or one.a or ('yes' if one.a == '' else '–')}" in said for one in changes)
    assert '<a href="/compare" aria-current="page">Compare</a>' in body


def test_every_number_leads_to_a_list_of_so_many_pages(both: TestClient) -> None:
    body = both.get("/compare").text
    rows = re.findall(r'<th scope="row"><a href="([^"]*)">.*?</th><td class="num">([\d,]+)</td>', body)
    assert len(rows) > 6
    for link, number in rows:
        listed = both.get(html.unescape(link)).text
        assert f": {number} page" in re.sub(r"\s+", " ", listed)
        seen, following = hits(listed), links(listed, "/compare/pages")
        while forward := re.search(r'id="next" href="([^"]*)"', listed):
            listed = both.get(html.unescape(forward[1])).text
            seen += hits(listed)
        assert len(seen) == int(number.replace(",", ""))
        assert following


def test_bytes_beside_a_number_of_pages_say_whose_they_are(both: TestClient, samples: Corpus) -> None:
    pages, size = connect(samples).execute("SELECT count(*), sum(strlen(text)) FROM pages").fetchall()[0]
    assert f"A {pages:,} {size:,} B" in words(both.get("/compare").text).partition("Kept in each")[2]


def test_a_page_is_read_as_a_difference(both: TestClient) -> None:
    listed = both.get("/compare/pages?list=other_text").text
    for url, link in list(zip(hits(listed), links(listed, "/compare/page"), strict=True))[:10]:
        body = both.get(link).text
        said = words(body)
        assert "A kept" in said
        assert "B kept" in said
        assert "<mark>" in body
        (own,) = links(body, "/page")
        assert url in html.unescape(both.get(own, follow_redirects=True).text)


def test_a_page_that_one_lacks_says_why_and_what_was_cut(tmp_path: Path) -> None:
    cut = [Dropped("few_words", "Home")]
    a = test_fates.write(tmp_path / "a", [test_fates.page(4, "Home\nSome text.")])
    b = test_fates.write(tmp_path / "b", [], [(4, "clean", "few_sentences", "1 sentences", cut)])
    asked = client(a, b)
    (link,) = links(asked.get("/compare/pages?list=only_a&why=clean/few_sentences").text, "/compare/page")
    body = asked.get(link).text
    assert re.search("A kept en B rejected at clean : few_sentences 1 sentence(?!s)", words(body))
    assert re.findall(r'<mark>(\w+)</mark> <span class="tag" lang="en">([^<]*)</span>', body) == [("Home", "few_words")]
    assert "Previous" not in body
    hidden = asked.get(f"{link}&hide=1").text
    assert "Hide cut lines: 1 line" in words(body)
    assert "1 line that was cut A only: Some text." in words(hidden)
    assert "few_words" not in hidden
    (shows,) = re.findall('id="cut-lines" href="([^"]*)"', hidden)
    assert asked.get(html.unescape(shows)).text.count("few_words") == body.count("few_words")
    assert "Next" not in body


def test_a_list_is_narrowed_by_domain_language_and_words(both: TestClient) -> None:
    listed = both.get("/compare/pages?list=only_b").text
    url = hits(listed)[0]
    host = url.split("/")[2]
    fewer = both.get(f"/compare/pages?list=only_b&domain={host}").text
    assert url in hits(fewer)
    assert len(hits(fewer)) <= len(hits(listed))
    assert "Remove this filter" in fewer
    assert url in hits(both.get("/compare/pages", params={"list": "only_b", "q": url[8:].upper()}).text)
    assert hits(both.get("/compare/pages?list=only_b&language=xx").text) == []
    assert "No page." in both.get("/compare/pages?list=only_b&q=zzzz").text


def test_a_list_is_saved_whole(both: TestClient, samples: Corpus, languages: Corpus) -> None:
    found = compare(samples, languages, shown=0)
    answer = both.get("/compare/export?list=only_a&format=parquet")
    table = pq.read_table(io.BytesIO(answer.content))
    name = f"{samples.folder.name}-{samples.digest[:8]}-with-{languages.folder.name}"
    name += f"-{languages.digest[:8]}-list-only_a.parquet"
    assert answer.headers["content-disposition"] == f'attachment; filename="{name}"'
    assert table.num_rows == found.only[0]
    text = both.get("/compare/export?list=only_a&format=csv").content
    assert pyarrow.csv.read_csv(io.BytesIO(text)).column("url").to_pylist() == table["url"].to_pylist()


@pytest.mark.parametrize(
    ("address", "status", "says"),
    [
        ("/compare?with=nobody", 400, "unknown corpus to compare with, 'nobody'. Known: "),
        ("/compare/pages?list=gone", 400, "unknown list, 'gone'"),
        ("/compare/pages?list=same&why=a/b", 400, "no reason separates them"),
        ("/compare/pages?after=1", 400, "after='1' does not name a page. Expected 32 hexadecimal digits."),
        (f"/compare/pages?after={'0' * 32}&before={'0' * 32}", 400, "one is expected"),
        ("/compare/pages?q=" + "x" * 1001, 400, "q is longer than 1,000 characters"),
        ("/compare/page?key=" + "0x" + "0" * 30, 400, "does not name a page"),
        ("/compare/page?key=" + "0" * 32, 404, "Not here"),
        ("/compare/export?format=exe", 400, "unknown format, 'exe'"),
    ],
)
def test_what_cannot_be_shown_is_said(both: TestClient, address: str, status: int, says: str) -> None:
    answer = both.get(address)
    assert answer.status_code == status
    assert says in words(answer.text)


def test_without_another_corpus_there_is_no_such_address(samples: Corpus) -> None:
    alone = client(samples)
    assert alone.get("/compare").status_code == 404
    assert "/compare" not in alone.get("/").text


def test_hostile_pages_are_text(hostile: Corpus, tmp_path: Path) -> None:
    pages = [Page(HOSTILE_URL, f"{SCRIPT}\n\u202eturned", "2024", "a#0", language="en")]
    lost = [(Page("javascript:alert(1)", "x", "2024", "a#2"), "clean", "few_words", f"{SCRIPT}\u202e", [])]
    other = write(tmp_path / "b <i>", {("en", "train"): [pages]}, lost)
    asked = client(hostile, other)
    bodies = [asked.get("/compare").text]
    for name in ("same", "other_text", "only_a", "only_b"):
        bodies.append(asked.get(f"/compare/pages?list={name}").text)
        bodies += [asked.get(link).text for link in links(bodies[-1], "/compare/page")]
    assert len(bodies) > 8
    for body in bodies:
        assert "<script>alert" not in body
        assert "<i>" not in body
        assert "\u202e" not in body
        assert 'href="javascript' not in body


def test_older_and_mixed_corpora_are_compared_too(mixture: Corpus, samples: Corpus) -> None:
    """A mixture has no ledger and no rejected table."""
    said = words(client(mixture, samples).get("/compare").text)
    assert "A keeps no table of rejected pages" in said
    assert "its file was not read" in said


def test_what_one_corpus_withholds_is_not_shown_for_it(tmp_path: Path) -> None:
    """Of a page that one has masked or left out only what the other keeps is shown, as the other's."""
    masked = [test_fates.page(1, "Write to <EMAIL> today.")]
    a = test_fates.write(tmp_path / "a", masked, [(2, "read", "excluded", "", ())])
    plain = [test_fates.page(1, "Write to <EMAIL> tomorrow."), test_fates.page(2, "The whole page.")]
    asked = client(a, test_fates.write(tmp_path / "b", plain))
    (link,) = links(asked.get("/compare/pages?list=only_b&why=read/excluded").text, "/compare/page")
    body = asked.get(link).text
    assert "A rejected at read : excluded" in words(body)
    assert body.count("The whole page.") == 1
    assert "Raw text." not in body  # what the table of A holds of it
    row = asked.get("/compare/export?list=only_b&format=csv").text.splitlines()[1]
    assert "The whole page." not in row


def test_a_sample_is_called_one(tmp_path: Path) -> None:
    a = test_fates.write(tmp_path / "a", [test_fates.page(1)])
    b = test_fates.write(tmp_path / "b", [], [(9, "clean", "few_words", "", ())], settings={"rejected": "sample"})
    asked = client(a, b)
    assert "B keeps a sample of its rejected pages" in words(asked.get("/compare").text)
    assert "reasons are known for pages in the sample" in words(asked.get("/compare/pages?list=only_a").text)


def test_a_corpus_that_was_built_again_is_opened_again(tmp_path: Path, samples: Corpus) -> None:
    pages = [Page(f"http://{n}.example/", f"Text {n}.", "2024", f"a#{n}", language="en") for n in range(3)]
    other = write(tmp_path / "b", {("en", "train"): [pages]})
    asked = client(samples, other)
    assert "B 3 " in words(asked.get("/compare").text).partition("Kept in each")[2]
    shutil.rmtree(tmp_path / "b")
    write(tmp_path / "b", {("en", "train"): [pages[:2]]})
    assert "B 2 " in words(asked.get("/compare").text)


def test_pairs_are_named_by_their_folders_and_few_are_held(tmp_path: Path, samples: Corpus) -> None:
    page = Page("http://1.example/", "Text.", "2024", "a#1", language="en")
    others = [write(tmp_path / str(n) / "c4", {("en", "train"): [[page]]}) for n in range(MOST_PAIRS + 1)]
    pairs = CorpusPairs(samples, others)
    assert pairs.names == ["c4", "c4 (2)", "c4 (3)"]
    found = [pairs.pair(name) for name in pairs.names]
    assert [pair.corpora[1].folder for pair in found] == [other.folder for other in others]
    assert pairs.pair("c4 (3)") is found[-1]
    assert pairs.pair("c4") is not found[0]


def test_the_command_line_takes_several(tiny_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from c4pipe.inspect.__main__ import main

    seen: list[list[Path]] = []
    monkeypatch.setattr("c4pipe.inspect.serve.serve", lambda *args: seen.append([one.folder for one in args[5]]))
    folder = str(tiny_folder)
    assert main([folder, "--serve", "--compare", folder, "--compare", folder]) == 0
    assert main([folder, "--serve"]) == 0
    assert seen == [[tiny_folder, tiny_folder], []]
    assert main([folder, "--compare", folder, "--compare", folder]) == 2


@pytest.fixture
def tiny_folder(samples: Corpus) -> Path:
    return open_corpus(samples.folder).folder


@pytest.mark.parametrize("blank", [" ", "\n", "\u00a0", "\u3000 "])
@pytest.mark.parametrize("name", ["q", "why", "language", "domain"])
def test_a_field_of_blanks_asks_for_nothing(both: TestClient, name: str, blank: str) -> None:
    plain = both.get("/compare/pages?list=only_a").text
    blanks = both.get("/compare/pages", params={"list": "only_a", name: blank})
    assert blanks.status_code == 200
    assert hits(blanks.text) == hits(plain)
    assert 'class="chips"' not in blanks.text
    both.get("/compare/export", params={"list": "only_a", "format": "csv", name: blank}).raise_for_status()


def test_what_the_other_corpus_left_of_a_page_stands_beside_it(tmp_path: Path) -> None:
    """Told by the rules of its preset, for its table has the page as it was read."""
    home, rest = "Home", "Some text that is long enough."
    pages = [Page(f"http://{n}.example/", f"{home}\n{rest}", "2024", f"a#{n}", language="en") for n in range(2)]
    cut = [{"reason": "few_words", "line": home, "owner": ""}]
    row = tiny.lost(pages[1].url, "clean", "few_sentences", pages[1].text, dropped=cut, timestamp="2024", source="a#1")
    a = open_corpus(tiny.write(tmp_path / "a", pages))
    asked = client(a, open_corpus(tiny.write(tmp_path / "b", pages[:1], [row])))
    (link,) = links(asked.get("/compare/pages?list=only_a").text, "/compare/page")
    body = words(asked.get(link).text)
    assert "A B, left when it was rejected" in body
    assert "Its column shows what was left when it was rejected, according to its rules now." in body
    assert body.count(rest) == 2
    assert "A only: Home few_words" in body
