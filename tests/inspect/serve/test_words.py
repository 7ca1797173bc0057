"""Listed words: each number is counted without the rules, examples stand on their pages, nothing withheld is shown."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from starlette.testclient import TestClient

from c4pipe.corpus.catalogue import describe
from c4pipe.errors import ConfigError
from c4pipe.facts import listed
from c4pipe.facts.corpus import Corpus, connect, open_corpus
from c4pipe.facts.listed import EntryOnPage, WordList, WordPlace, in_context
from c4pipe.inspect.blocklists import word_lists
from c4pipe.inspect.serve import make_app
from c4pipe.page import Page
from c4pipe.presets import EN, with_exclusions
from c4pipe.rules import NoPolicy, NotExcluded
from tests import wetfiles
from tests.conftest import Build, Once
from tests.inspect import tiny
from tests.inspect.conftest import SAMPLES
from tests.inspect.listed import listed_numbers
from tests.inspect.serve.conftest import Ask
from tests.inspect.serve.test_app import text_of

LISTS = {
    "en": ("harbour", "Garden", "kitchen", "rye", "rye bread", "the sea"),
    "de": ("garten", "schnecken", "hafen"),
    "ja": ("港", "東京"),
}


@pytest.fixture(scope="session")
def words(once: Once) -> Path:
    """A folder of word lists that the pages of data_samples hold many of."""

    def make(folder: Path) -> None:
        folder.mkdir()
        for language, entries in LISTS.items():
            (folder / f"{language}.txt").write_text("".join(f"{entry}\n" for entry in entries), encoding="utf-8")

    return once("lists of common words", make)


@pytest.fixture(scope="session")
def worded(built: Build, words: Path) -> Corpus:
    """data_samples in English, without what those lists name, and with personal data masked."""
    return open_corpus(built(SAMPLES, "--badwords-dir", str(words), "--mask-personal"))


@pytest.fixture(scope="session")
def many_worded(built: Build, words: Path) -> Corpus:
    """data_samples in all languages, without what those lists name."""
    return open_corpus(built(SAMPLES, "--badwords-dir", str(words), "--preset", "multilingual"))


def numbers(lists: Sequence[WordList]) -> dict[str, float]:
    found: dict[str, float] = {}
    for each in lists:
        for word in each.words:
            of = f"listed.{each.stage}.{each.code}.{word.entry}"
            found |= {of: word.pages, f"{of}.held": word.held, f"{of}.only": word.only}
            found[f"{of}.domains"] = word.domain_count
    return found


@pytest.mark.parametrize("name", ["worded", "many_worded"])
def test_every_number_is_what_the_table_says(name: str, request: pytest.FixtureRequest) -> None:
    corpus: Corpus = request.getfixturevalue(name)
    lists = word_lists(connect(corpus), corpus)
    assert numbers(lists) == listed_numbers(corpus)
    assert {"worded": {"policy", "bad_word"}, "many_worded": {"bad_word"}}[name] == {each.code for each in lists}
    for each in lists:
        assert each.words
        sql = "SELECT count(*) FROM rejected WHERE stage = $1 AND reason = $2"
        if each.unit == "page":
            assert connect(corpus).execute(sql, [each.stage, each.code]).fetchall() == [(each.named,)]
            assert sum(word.pages for word in each.words) == each.named == each.looked


@pytest.mark.parametrize("name", ["worded", "many_worded"])
def test_an_example_is_a_sentence_of_its_page(name: str, request: pytest.FixtureRequest) -> None:
    corpus: Corpus = request.getfixturevalue(name)
    texts = dict(connect(corpus).execute("SELECT url, text FROM rejected").fetchall())
    shown = [
        (word, one) for each in word_lists(connect(corpus), corpus) for word in each.words for one in word.examples
    ]
    assert shown
    for word, one in shown:
        assert word.entry == one.hit.lower()
        flat = " ".join((one.before.strip("…") + one.hit + one.behind.strip("…")).split())
        assert flat in " ".join(texts[one.url].split())


def test_a_page_says_what_each_word_cost(worded: Corpus, viewer: Ask) -> None:
    body = viewer(worded).get("/words").text
    ((entry, pages),) = (
        connect(worded)
        .execute(
            "SELECT detail, count(*) FROM rejected WHERE reason = 'bad_word' GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT 1"
        )
        .fetchall()
    )
    row = re.search(
        rf'<th scope="row"><a href="([^"]*)"><bdi>{re.escape(entry)}</bdi></a></th>\s*<td class="num"[^>]*>{pages}',
        body,
    )
    assert row
    target = row[1].replace("&amp;", "&")
    assert f"{pages} page" in text_of(viewer(worded).get(f"{target}&counts=now").text)
    assert re.search(r"<mark>[^<]+</mark>", body)
    link = re.search(r'href="(/page[?][^"]*)" aria-label="The page of this sentence', body)
    assert link
    assert viewer(worded).get(link[1].replace("&amp;", "&")).status_code == 200
    assert 'href="/words"' in viewer(worded).get("/").text


def test_words_come_in_the_order_that_is_asked_for(worded: Corpus, viewer: Ask) -> None:
    (policy,) = (each for each in word_lists(connect(worded), worded) if each.code == "policy")
    for by, key in (("pages", lambda w: -w.pages), ("only", lambda w: -w.only), ("domains", lambda w: -w.domain_count)):
        body = viewer(worded).get(f"/words?by={by}").text
        shown = re.findall(r'<th scope="row"><bdi>([a-z ]+)</bdi></th>', body[body.index('id="clean-policy"') :])
        assert [key(next(w for w in policy.words if w.entry == word)) for word in shown] == sorted(
            map(key, policy.words)
        )
    assert viewer(worded).get("/words?by=length").status_code == 400


def test_every_link_leads_to_the_pages_that_its_number_counts(worded: Corpus, viewer: Ask) -> None:
    """Of cut lines a phrase is looked for in those of its own rule: others hold it too, and are another rule's."""
    body = viewer(worded).get("/words").text
    fell = r'<th scope="row"><a href="([^"]+)"><bdi>[^<]*</bdi></a></th>\s*<td class="num"[^>]*>([\d,]+)'
    words, sides = re.findall(fell, body), re.findall(r'<a href="([^"]+)">([\d,]+) (?:kept|rejected)</a>', body)
    domains = re.findall(r'<li><a href="([^"]+)"><bdi>[^<]+</bdi></a> ([\d,]+)</li>', body)
    lone = re.findall(r'<a href="([^"]+alone=[^"]+)">([\d,]+)<', body)
    assert all((words, sides, domains, lone))
    assert any("alone=" in target and "lost=policy" in target for target, _ in sides)
    for target, number in {*words, *sides, *domains, *lone}:
        counted = viewer(worded).get("/counts" + target.replace("&amp;", "&")[1:]).text
        assert re.search(r"data-total hidden>([\d,]+) ", counted)[1] == number, target  # type: ignore[index]
    for each in word_lists(connect(worded), worded):
        for word in each.words:
            assert sum(place.pages for place in word.places) == word.pages
            linked = f'detail={word.entry.replace(" ", "+")}"' in body
            assert each.unit != "page" or linked == bool(word.pages)  # none leads to no page


def test_pages_of_a_lone_word_are_found_by_their_link_alone(many_worded: Corpus) -> None:
    """Who opens a link has not looked at the lists before; the file, and the way from page to page, are of it too."""
    (each,) = word_lists(connect(many_worded), many_worded)
    word = max((word for word in each.words if word.only < word.held), key=lambda word: word.only)
    assert word.only
    query = f"outcome={each.stage}/{each.code}&alone={each.stage}/{each.code}/{word.entry}"
    client = TestClient(make_app(many_worded), base_url="http://127.0.0.1:8000")
    saved = pq.read_table(io.BytesIO(client.get(f"/export?{query}&format=parquet").content))
    assert sorted(saved.column("source").to_pylist()) == sorted(one.source for one in word.lone)
    shown = client.get(f"/?{query}&counts=now").text
    assert f'<h1 id="total">{word.only} page' in shown
    assert "only listed word" in text_of(shown)
    none = client.get(f"/counts?alone={each.stage}/{each.code}/{word.entry}").text
    assert "<p data-total hidden>0 pages</p>" in none  # is kept
    for wrong in ("gosh", "badwords/bad_word/", "/x/y"):
        assert client.get("/", params={"alone": wrong}).status_code == 400


def test_lines_that_another_rule_cut_do_not_count(tmp_path: Path, viewer: Ask) -> None:
    policy = {"reason": "policy", "line": "Our Privacy Policy is here.", "owner": ""}
    other = {"reason": "no_end_mark", "line": "Privacy Policy", "owner": ""}
    rows = [tiny.lost("http://a.example/1", "clean", "few_sentences", "x", dropped=[other])]
    rows += [tiny.lost("http://a.example/2", "clean", "few_sentences", "x", dropped=[other, policy])]
    rows += [
        tiny.lost(f"http://b.example/{n}", "", "kept", "x", dropped=[cut]) for n, cut in enumerate((other, policy))
    ]
    kept = [
        Page(f"http://b.example/{n}", "Kept.", "2024", row["source"], language="en") for n, row in enumerate(rows[2:])
    ]
    stages = [{"stage": "clean", "rejected": {"few_sentences": 2}, "lines_dropped": {"policy": 2, "no_end_mark": 3}}]
    settings = {"rejected": "all"}
    corpus = open_corpus(
        tiny.write(tmp_path / "c4", kept, rows, preset=describe(EN), ledger={"stages": stages}, settings=settings)
    )
    (found,) = word_lists(connect(corpus), corpus)
    assert found.words[0].places == (WordPlace("a.example", "", 0, 1, 1), WordPlace("b.example", "", 1, 0, 1))
    for query, urls in (
        ("lost=policy&in=lost&q=privacy", ["http://b.example/1"]),
        ("in=lost&q=privacy", ["http://b.example/0", "http://b.example/1"]),
        ("outcome=rejected&lost=policy&in=lost&q=privacy", ["http://a.example/2"]),
        ("outcome=rejected&in=lost&q=privacy", ["http://a.example/1", "http://a.example/2"]),
    ):
        shown = viewer(corpus).get(f"/?{query}&counts=now").text
        assert re.findall(r'<a class="hit"[^>]*><bdi>([^<]*)<', shown) == urls
        assert f'<h1 id="total">{len(urls)} page' in shown
        saved = pq.read_table(io.BytesIO(viewer(corpus).get(f"/export?{query}&format=parquet").content))
        assert saved.column("url").to_pylist() == urls  # with what was searched for
        assert all("Privacy" in cuts[-1]["line"] for cuts in saved.column("dropped").to_pylist())


def test_lists_are_saved_by_language_and_domain(worded: Corpus, viewer: Ask) -> None:
    saved = viewer(worded).get("/words/export?format=csv")
    assert "-words-all" in saved.headers["content-disposition"]
    rows = list(csv.DictReader(io.StringIO(saved.text)))
    assert rows[0]["rule"] == "bad_word"  # the lists that cost pages come first
    for each in word_lists(connect(worded), worded):
        for word in each.words:
            of = [row for row in rows if (row["rule"], row["entry"]) == (each.code, word.entry)]
            assert sum(int(row["kept_pages"]) + int(row["rejected_pages"]) for row in of) == word.pages
            assert len({row["domain"] for row in of if row["domain"]}) == word.domain_count
            assert {(row["entry_held"], row["entry_alone"]) for row in of} == {(str(word.held), str(word.only))}
    table = pq.read_table(io.BytesIO(viewer(worded).get("/words/export?format=parquet&by=only").content))
    assert table.num_rows == len(rows)
    assert table.schema.metadata[b"c4pipe.digest"] == worded.digest.encode()
    assert viewer(worded).get("/words/export?format=exe").status_code == 400


def test_a_mixture_and_old_tables_say_why_there_is_nothing(mixture: Corpus, hostile: Corpus, viewer: Ask) -> None:
    assert "A mixture was not filtered by lists" in text_of(viewer(mixture).get("/words").text) or not mixture.rejected
    assert "no table of rejected pages" in text_of(viewer(mixture).get("/words").text)
    assert "No rule of this corpus uses a list" in text_of(viewer(hostile).get("/words").text)


def test_what_is_withheld_is_named_and_not_shown(tmp_path: Path, viewer: Ask) -> None:
    rows = [
        tiny.lost(f"http://{name}.example/{n}", "exclude", "excluded", detail=f"{name}.example (opt-out.txt)")
        for name, times in (("a", 3), ("b", 1))
        for n in range(times)
    ]
    preset = with_exclusions(EN, NotExcluded())
    ledger: dict[str, Any] = {"stages": [{"stage": "exclude", "rejected": {"excluded": 9}, "lines_dropped": {}}]}
    corpus = open_corpus(tiny.write(tmp_path / "c4", [], rows, preset=describe(preset), ledger=ledger))
    (found,) = word_lists(connect(corpus), corpus)
    assert [(word.entry, word.pages, word.domain_count, word.examples) for word in found.words] == [
        ("a.example (opt-out.txt)", 3, 1, []),
        ("b.example (opt-out.txt)", 1, 1, []),
    ]
    assert (found.built, found.named, found.looked) == (9, 4, 0)
    words = text_of(viewer(corpus).get("/words").text)
    assert "The build rejected 9 pages for it; the sample holds 4 of them" in words
    assert "The text of its pages is withheld" in words


def test_a_page_whose_text_is_withheld_says_so(tmp_path: Path, viewer: Ask) -> None:
    rows = [
        tiny.lost("http://a.example/1", "exclude", "excluded", detail="a.example (opt-out.txt)"),
        tiny.lost("http://b.example/1", "clean", "few_sentences", "Too little."),
        tiny.lost("http://b.example/2", "clean", "few_sentences", ""),
    ]
    preset = describe(with_exclusions(EN, NotExcluded()))
    made = viewer(open_corpus(tiny.write(tmp_path / "c4", [], rows, preset=preset)))
    withheld = made.get("/page", params={"url": "http://a.example/1"}).text
    assert "The text of this page is withheld: it was excluded by its address" in text_of(withheld)
    assert "text withheld" in text_of(withheld)
    for said in ("0 characters", "Plain text", "Try another preset", 'id="line-1"'):
        assert said not in withheld
    assert "broken" not in text_of(withheld)
    for url, size in (("http://b.example/1", 11), ("http://b.example/2", 0)):
        other = made.get("/page", params={"url": url}).text
        assert "withheld" not in text_of(other)
        assert f"{size} characters" in text_of(other)
        assert "Plain text" in other


def test_a_rule_that_cannot_be_asked_again_leaves_what_is_recorded(worded: Corpus) -> None:
    def gone() -> Any:
        raise ConfigError("its list is gone")

    lists = {each.code: each for each in word_lists(connect(worded), worded, gone)}
    assert lists["bad_word"].note == "The rule cannot be run again: its list is gone"
    assert sum(word.pages for word in lists["bad_word"].words) == lists["bad_word"].named > 0
    assert not any(word.held or word.examples for word in lists["bad_word"].words)


def test_of_many_pages_some_are_asked_about(worded: Corpus, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("c4pipe.inspect.blocklists.PAGES_ASKED", 2)
    monkeypatch.setattr("c4pipe.inspect.blocklists.ROWS_ASKED", 50)
    lists = {each.code: each for each in word_lists(connect(worded), worded)}
    assert lists["bad_word"].looked == 2
    assert sum(word.pages for word in lists["bad_word"].words) == lists["bad_word"].named > 2
    assert lists["policy"].looked == 50


@pytest.mark.parametrize(
    ("text", "word", "shown"),
    [
        ("Menu\nIt rains. Oh drat it all! More.", "drat", ("Oh ", "drat", " it all!")),
        ("drat", "drat", ("", "drat", "")),
        ("「ばか。」次", "ばか", ("「", "ばか", "。」次")),
        ("x" * 500 + " drat " + "y" * 500, "drat", ("…" + "x" * 159 + " ", "drat", " " + "y" * 159 + "…")),
    ],
)
def test_a_sentence_is_cut_at_stops_and_ends_of_lines(text: str, word: str, shown: tuple[str, str, str]) -> None:
    start = text.index(word)
    assert in_context(text, start, start + len(word), "", "", 0)[1:4] == shown


def test_phrases_are_told_by_the_rule() -> None:
    assert [hit.entry for hit in NoPolicy().hits("We Use Cookies; see our Privacy Policy.")] == [
        "privacy policy", "use cookies",
    ]  # fmt: skip
    assert NoPolicy().hits("Six cookies.") == []
    assert listed.ListedWord("a", 4, 0, 2, (EntryOnPage("a", "s", "en", None),), [], 2, [], []).alone == 0.5


ADDRESS = re.compile(r"[\w.]+@[\w-]+\.\w+")


def test_what_is_masked_is_found_and_shown_nowhere(built: Build, once: Once, viewer: Ask) -> None:
    """Of a page that falls by a word beside an address, and of lines that hold one."""

    def make(folder: Path) -> None:
        folder.mkdir()
        (folder / "en.txt").write_text("crane\n", encoding="utf-8")

    def pages(folder: Path) -> None:
        folder.mkdir()
        notice = "Menu of ada@example.com\nWe use cookies, write to eve@example.com for more.\n"
        said = "\nAsk bob@example.com about the crane before you go there."
        kept = wetfiles.WebPage("http://a.example/1", notice + wetfiles.story(1))
        lost = wetfiles.WebPage("http://a.example/2", notice + wetfiles.story(9) + said)
        (folder / "a.warc.wet.gz").write_bytes(wetfiles.wet([kept, lost]))

    lists, source = once("a list of one word", make), once("two pages with addresses", pages)
    corpus = open_corpus(built(source, "--badwords-dir", str(lists), "--mask-personal"))
    assert {each.code for each in word_lists(connect(corpus), corpus)} == {"policy", "bad_word"}
    for address in (
        "/words",
        "/?q=write+to&in=lost",
        "/?outcome=rejected&in=lost&q=write",
        "/?lost=policy",
        "/?outcome=rejected&lost=policy",
        "/?outcome=rejected&q=crane",
    ):
        shown = text_of(viewer(corpus).get(address).text)
        assert "<EMAIL>" in shown
        assert not ADDRESS.search(shown)
    assert "Ask <EMAIL> about the crane before" in text_of(viewer(corpus).get("/words").text)
    for field in ("any", "lost"):
        assert "No rejected page matches." in text_of(
            viewer(corpus).get(f"/?outcome=rejected&q=bob@example.com&in={field}").text
        )
    for address in ("/export?outcome=rejected&lost=policy", "/export?lost=policy", "/words/export?by=only"):
        export = viewer(corpus).get(f"{address}&format=csv").text
        assert "policy" in export
        assert not ADDRESS.search(export)


def test_each_number_says_which_pages_it_counts(worded: Corpus, viewer: Ask) -> None:
    lists = {each.code: each for each in word_lists(connect(worded), worded)}
    sql = "SELECT count(*), count(*) FILTER (stage = 'read') FROM rejected"
    rows, no_pages = connect(worded).execute(sql).fetchall()[0]
    assert lists["policy"].looked == rows - no_pages  # records that gave no page are none that were looked at
    assert no_pages
    page = viewer(worded).get("/words").text
    words = text_of(page)
    assert f"The build cut {lists['policy'].built:,} lines for it" in words
    head = (
        "Pages that Languages and domains of pages that contain it In its sentences "
        "were dropped for it contain it contain only it"
    )
    assert head in words
    row = next(row for row in page.split("<tr>") if f">{lists['bad_word'].words[0].entry}<" in row)
    word = lists["bad_word"].words[0]
    cells = [text_of(cell) for cell in re.findall(r"<td[^>]*>(.*?)</td>", row, re.S)]
    assert cells[0] == f"{word.pages:,}"
    assert cells[1] == f"{word.held:,}"
    assert cells[2].startswith(f"{word.only:,}")
    assert f"{word.domain_count:,} domain" in cells[3] or len(word.places) == 1


def test_a_page_counts_for_each_domain_whose_words_it_holds() -> None:
    """Whichever word it fell for: the first that was met says nothing of the others."""
    held = (EntryOnPage("gosh", "a#1", "en", None, url="http://x.example/1"),)
    held += (EntryOnPage("gosh", "a#2", "en", None, url="http://y.example/1"),)
    held += (EntryOnPage("drat", "a#2", "en", None, url="http://y.example/1"),)
    fell = {"gosh": Counter({("x.example", "en", False): 1}), "drat": Counter({("y.example", "en", False): 1})}
    named = listed.NamedPages(fell, Counter())
    drat, gosh = sorted(listed.words_listed(named, held), key=lambda word: word.entry)
    assert (gosh.pages, gosh.held, gosh.domain_count) == (1, 2, 2)
    assert gosh.domains == [("x.example", 1), ("y.example", 1)]
    assert gosh.places == (WordPlace("x.example", "en", 0, 1, 1), WordPlace("y.example", "en", 0, 0, 1))
    assert sum(place.held for place in gosh.places) == sum(pages for _, pages in gosh.languages) == gosh.held
    assert drat.places == (WordPlace("y.example", "en", 0, 1, 1),)
