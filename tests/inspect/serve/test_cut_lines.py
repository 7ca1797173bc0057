"""A list of pages that lost lines to a reason shows of each a line that it lost."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from c4pipe.facts.corpus import Corpus, open_corpus
from c4pipe.inspect.serve.cut_lines import CutLine, cut_lines_of
from c4pipe.inspect.serve.finding import find
from c4pipe.inspect.serve.selection import Selection
from c4pipe.page import Page
from c4pipe.shards import sha256_of
from tests.inspect import tiny
from tests.inspect.serve.conftest import Ask, cursor

KEPT = "The harbour was full of old ships."
FAR = "x" * 500 + " We use Cookies here " + "y" * 500
MENU, COOKIES, PRIVACY, HOME = "Menu", "Cookie <b>policy</b>.", "Read our privacy policy.", "Home of cookies"
K, R = "http://k.example/", "http://r.example/"
TAGS = re.compile(r"<mark>|</mark>")


def _cut(*lines: tuple[str, str]) -> list[dict[str, str]]:
    return [{"reason": reason, "line": line, "owner": ""} for reason, line in lines]


def _corpus(folder: Path, whole: bool = True) -> Corpus:
    """Three kept pages that lost lines, one that lost none, and two rejected ones; a sample has fewer of them."""
    kept = [
        Page(f"{K}{n}", f"{KEPT} {n}", "2024-05-01T00:00:00Z", f"k#{n}", "", code)
        for n, code in enumerate(("en", "iw", "en", "en"))
    ]
    cuts = [
        _cut(("few_words", HOME), ("policy", " \n"), ("policy", COOKIES), ("policy", PRIVACY)),
        _cut(("policy", PRIVACY)),
        _cut(("policy", FAR), ("few_words", MENU)),
    ]
    rows = [
        tiny.lost(R + "0", "badwords", "bad_word", KEPT, dropped=_cut(("policy", COOKIES)), language="en"),
        tiny.lost(R + "1", "clean", "few_sentences", KEPT, language="iw", dropped=_cut(("few_words", MENU))),
    ]  # fmt: skip
    rows += [
        tiny.lost(page.url, "", "kept", page.text, dropped=cut, source=page.source)
        for page, cut in [*zip(kept, cuts, strict=False)][: 3 if whole else 1]
    ]
    settings = {"languages": ["en"], "rejected": "all" if whole else "sample"}
    path = tiny.write(folder / "c4", kept, rows, settings=settings)
    manifest = json.loads((path / "manifest.json").read_bytes())
    clean = next(stage for stage in manifest["ledger"]["stages"] if stage["stage"] == "clean")
    clean["lines_dropped"] = {"policy": 900, "few_words": 40}
    (path / "manifest.json").write_text(json.dumps(manifest))
    return open_corpus(path)


@pytest.fixture(scope="module")
def cutting(tmp_path_factory: pytest.TempPathFactory) -> Corpus:
    return _corpus(tmp_path_factory.mktemp("cutting"))


def lines(corpus: Corpus, **asked: Any) -> dict[str, CutLine]:
    """URL -> the line that is shown."""
    selection, connection = Selection(**asked), cursor(corpus)
    hits = find(connection, corpus, selection, None).hits
    found = cut_lines_of(connection, corpus, selection, hits)
    return {hit.url: found[hit.path, hit.row] for hit in hits if (hit.path, hit.row) in found}


def _whole(line: str) -> CutLine:
    return CutLine(line, True, True)


FIRST = {K + "0": _whole(COOKIES), K + "1": _whole(PRIVACY), K + "2": CutLine(FAR[:360], True, False)}


@pytest.mark.parametrize(
    ("asked", "wanted"),
    [
        ({"lost": "policy"}, FIRST),
        ({"lost": "few_words"}, {K + "0": _whole(HOME), K + "2": _whole(MENU)}),
        ({"lost": "policy", "outcome": "rejected"}, {R + "0": _whole(COOKIES)}),
        ({"lost": "few_words", "outcome": "rejected"}, {R + "1": _whole(MENU)}),
        (
            {"lost": "policy", "q": "privacy", "field": "lost"},
            {K + "0": _whole(PRIVACY), K + "1": _whole(PRIVACY)},
        ),
        (
            {"lost": "policy", "q": "policy our", "field": "lost", "how": "words"},
            {K + "0": _whole(PRIVACY), K + "1": _whole(PRIVACY)},
        ),
        # no one line has both: the first that has any
        ({"lost": "policy", "q": "privacy cookie", "field": "lost", "how": "words"}, {K + "0": _whole(COOKIES)}),
        ({"lost": "policy", "q": "privacy home", "field": "lost", "how": "words"}, {}),
        ({"lost": "policy", "q": "Home", "field": "lost"}, {}),  # it stands in what went for another reason
        ({"lost": "policy", "q": "cookies here", "field": "lost"}, {K + "2": CutLine(FAR[418:778], False, False)}),
        ({"lost": "policy", "q": "harbour"}, FIRST),
        ({"lost": "policy", "order": "random", "seed": "2", "q": "/1", "field": "url"}, {K + "1": _whole(PRIVACY)}),
        (
            {"lost": "policy", "outcome": "rejected", "order": "random", "q": "cookie", "field": "lost"},
            {R + "0": _whole(COOKIES)},
        ),
        ({}, {}),
        ({"q": "privacy", "field": "lost"}, {}),
    ],
    ids=str,
)  # fmt: skip
def test_the_line(cutting: Corpus, asked: dict[str, str], wanted: dict[str, CutLine]) -> None:
    assert lines(cutting, **asked) == wanted


def snippets(viewer: Ask, corpus: Corpus, query: str) -> list[str]:
    answer = viewer(corpus).get(f"/?{query}")
    assert answer.status_code == 200
    return re.findall(r'<p class="snippet" (.*?)</p>', answer.text)


CUT = '<span lang="en" dir="ltr">Cut:</span> <span class="cut h0">'
ENGLISH, HEBREW = 'lang="en" dir="ltr">', 'lang="he" dir="rtl">'


def test_a_card_shows_it_as_cut_in_the_language_of_the_page(cutting: Corpus, viewer: Ask) -> None:
    shown = snippets(viewer, cutting, "lost=policy")
    assert shown == [
        f"{ENGLISH}{CUT}Cookie &lt;b&gt;policy&lt;/b&gt;.</span>",
        f"{HEBREW}{CUT}{PRIVACY}</span>",
        f"{ENGLISH}{CUT}{FAR[:360]}…</span>",
    ]
    assert snippets(viewer, cutting, "lost=few_words&outcome=rejected") == [f"{HEBREW}{CUT}Menu</span>"]


def test_a_search_in_what_was_cut_is_marked_in_it(cutting: Corpus, viewer: Ask) -> None:
    shown = snippets(viewer, cutting, "lost=policy&q=privacy&in=lost")
    assert shown[0] == f"{ENGLISH}{CUT}Read our <mark>privacy</mark> policy.</span>"
    (far,) = snippets(viewer, cutting, "lost=policy&q=cookies+here&in=lost")
    assert far == f"{ENGLISH}{CUT}…{FAR[418:508]}<mark>Cookies here</mark>{FAR[520:778]}…</span>"
    assert snippets(viewer, cutting, "lost=policy&q=Home&in=lost") == []  # cut for another reason
    (other,) = snippets(viewer, cutting, "q=Home&in=lost")
    assert other.startswith(f"{ENGLISH}{CUT}<mark>Home</mark> of cookies")


def test_a_search_in_the_text_is_shown_beside_it(cutting: Corpus, viewer: Ask) -> None:
    shown = snippets(viewer, cutting, "lost=policy&q=harbour")
    assert shown[:2] == [
        f"{ENGLISH}{CUT}Cookie &lt;b&gt;policy&lt;/b&gt;.</span>",
        f"{ENGLISH}The <mark>harbour</mark> was full of old ships. 0",
    ]
    assert len(shown) == 6


def test_other_lists_are_as_they_were(cutting: Corpus, viewer: Ask) -> None:
    assert snippets(viewer, cutting, "q=harbour")[0] == f"{ENGLISH}The <mark>harbour</mark> was full of old ships. 0"
    assert not any("cut" in TAGS.sub("", text) for text in snippets(viewer, cutting, "outcome=rejected"))


def test_of_a_sample_pages_are_shown_of_which_it_is_recorded(tmp_path: Path, viewer: Ask) -> None:
    corpus = _corpus(tmp_path, whole=False)
    assert snippets(viewer, corpus, "lost=policy") == [f"{ENGLISH}{CUT}Cookie &lt;b&gt;policy&lt;/b&gt;.</span>"]
    selection, asked = Selection(lost="policy"), cursor(corpus)
    pages = find(asked, corpus, Selection(), None).hits
    assert len(pages) == 4
    assert [row for _, row in cut_lines_of(asked, corpus, selection, pages)] == [0]


def _older(folder: Path) -> Corpus:
    corpus = _corpus(folder)
    path = corpus.folder / corpus.rejected[0]["path"]
    pq.write_table(pq.read_table(path).drop_columns(["language"]), path)
    manifest = json.loads((corpus.folder / "manifest.json").read_bytes())
    manifest["rejected"][0] |= {"bytes": path.stat().st_size, "sha256": sha256_of(path)}
    (corpus.folder / "manifest.json").write_text(json.dumps(manifest))
    return open_corpus(corpus.folder)


def test_a_table_without_languages_has_the_lines_too(tmp_path: Path, viewer: Ask) -> None:
    corpus = _older(tmp_path)
    auto = 'lang="" dir="auto">'
    assert snippets(viewer, corpus, "lost=few_words&outcome=rejected") == [f"{auto}{CUT}Menu</span>"]
    assert snippets(viewer, corpus, "lost=policy")[1] == f"{HEBREW}{CUT}{PRIVACY}</span>"


def test_real_pages_show_the_first_that_they_lost(samples: Corpus, viewer: Ask) -> None:
    code, first = "no_end_mark", dict[tuple[str, bool], set[str]]()
    for url, stage, dropped in cursor(samples).execute("SELECT url, stage, dropped FROM rejected").fetchall():
        lost = [drop["line"] for drop in dropped if drop["reason"] == code and drop["line"].strip()]
        first.setdefault((url, not stage), set()).update(line[:360] for line in lost[:1])
    for outcome in ("", "rejected"):
        found = lines(samples, lost=code, outcome=outcome)
        assert len(found) > 40
        assert all(line.text in first[url, not outcome] for url, line in found.items())
        assert sum(CUT in text for text in snippets(viewer, samples, f"lost={code}&outcome={outcome}")) == 50
