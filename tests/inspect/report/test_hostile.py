"""Corpora that mean harm, and corpora of which there is little: the report stays whole, small and still."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from c4pipe.errors import BuildError
from c4pipe.facts.corpus import Corpus, open_corpus
from c4pipe.page import Dropped, Page
from c4pipe.shards import SUMS
from tests.inspect.report.written import Read, Rejected, ledger, report_of, write_corpus

MOST_BYTES = 5_000_000  # of a report, by its issue
SCRIPT = "<script>alert(1)</script><img src=x onerror=alert(2)>{{ 7*7 }}{% raw %}"
BIDI = "pay \u202egnp.exe\u202c \u2066now\u2069\u200f \x1b[31mred\x00\u2028"
URLS = {
    "script": "javascript:alert(1)",
    "data": "data:text/html,<script>alert(1)</script>",
    "quote": 'https://quote.example/"onmouseover="alert(1)',
    "markup": "https://markup.example/<script>alert(1)</script>",
    "bidi": "https://bidi.example/\u202egnp.exe",
    "file": "file:///etc/passwd",
    "longest": "https://long.example/" + "a" * 1_000_000,
    "good": "https://good.example/?q=1&r=2#top",
}


@pytest.fixture
def hostile(tmp_path: Path) -> Corpus:
    text = f"{SCRIPT}\n{BIDI}\n" + "x" * 1_000_000 + "\nThe end { of it."
    drops = [Dropped("no_end_mark", SCRIPT), Dropped("few_words", BIDI), Dropped("repeated_span", SCRIPT)]
    rejected: list[Rejected] = [
        (url, "clean", "curly_brace", SCRIPT, text, [*drops, Dropped("curly_brace", "The end { of it.")])
        for url in URLS.values()
    ]
    rejected += [(URLS["good"], "badwords", "bad_word", BIDI, text, drops)] * 2
    counts = ledger(clean={"curly_brace": 8, "no_end_mark": 8, "few_words": 8}, badwords={"bad_word": 2})
    inputs = [{"path": f"{SCRIPT}.wet", "bytes": 5, "records": 9, "faults": {SCRIPT: 1}}]
    odd = {"settings": {SCRIPT: BIDI}, "versions": {BIDI: SCRIPT}, "fingerprint": "\ud800" + SCRIPT}
    pages = [Page(url, text, BIDI, f"a.wet#{i}", language="en") for i, url in enumerate(URLS.values())]
    return write_corpus(tmp_path / "hostile", pages, rejected, ledger=counts, inputs=inputs, **odd)


def test_markup_of_a_page_is_text(hostile: Corpus, tmp_path: Path) -> None:
    read = Read(report_of(hostile, tmp_path))
    assert "<script>alert(1)</script>" in read.text
    assert "{{ 7*7 }}" in read.text
    tags = {tag for tag, _ in read.elements}
    assert not tags & {"script", "img", "iframe", "object", "form", "base", "embed", "audio", "video"}
    assert not [a for _, attributes in read.elements for a in attributes if a.startswith("on") or a == "style"]
    assert read.open == [], "every element is closed"


def test_links_go_to_the_web_in_full_and_tell_nobody(hostile: Corpus, tmp_path: Path) -> None:
    html = report_of(hostile, tmp_path)
    links = [a for a in Read(html).all("a") if not a["href"].startswith("#")]
    found = {a["href"] for a in links}
    assert found <= {URLS["good"], URLS["quote"], URLS["markup"]}
    assert URLS["good"] in found
    assert {a["rel"] for a in links} == {"noopener noreferrer nofollow"}
    assert html.count("https://good.example/?q=1&amp;r=2#top</bdi></a>") > 0, "shown in full"


def test_control_and_bidi_characters_are_spelt_out(hostile: Corpus, tmp_path: Path) -> None:
    html = report_of(hostile, tmp_path)
    assert re.findall("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800]", html) == []
    assert "<i>\\u202e</i>gnp.exe<i>\\u202c</i>" in html
    assert "<i>\\x1b</i>[31mred" in html


@pytest.mark.parametrize("char", ["&", "\u202ea", "𝕏", "\n"])
def test_a_report_is_small_however_large_its_corpus(tmp_path: Path, char: str) -> None:
    """Every rule with its samples, each of them as long as it may be and made of what costs most, and long tables."""
    much = char * 20_000
    line = much.replace("\n", "")[:15_000]
    codes = [("clean", "few_sentences"), ("clean", "curly_brace"), ("clean", "lorem_ipsum"), ("badwords", "bad_word")]
    codes += [("language", code) for code in ("no_language", "unsure_language", "other_language")]
    codes += [("length", "too_long"), ("url", "older_copy"), ("spans", "nothing_left"), ("spans", "few_sentences")]
    codes += [("read", code) for code in ("no_url", "bad_url", "no_date", "no_text", "not_a_page", "truncated")]
    lines = ("no_end_mark", "few_words", "javascript", "policy", "long_word", "repeated_span")
    drops = [Dropped(code, line) for code in lines] * 2
    rejected: list[Rejected] = []
    for stage, code in codes:
        rejected += [(f"https://{code}.example/{much}", stage, code, line, f"{line}\n{much}", drops)] * 3
    inputs = [{"path": line, "bytes": 5, "records": 9, "faults": {"truncated": 1}} for _ in range(300)]
    pages = [Page(f"https://{i}.t{i}.{'l' * 50}{i}/{much}", much, much[:9] + str(i), f"a.wet#{i}") for i in range(100)]
    lost: dict[str, dict[str, int]] = {}
    for stage, code in codes:
        lost.setdefault(stage, {})[code] = 3
    corpus = write_corpus(
        tmp_path / "large", pages, rejected, ledger=ledger(**lost), inputs=inputs, settings={"a": [line] * 99}
    )
    html = report_of(corpus, tmp_path)
    assert len(html.encode()) < MOST_BYTES / 2
    assert "100 more are not shown here" in Read(html).text


def test_a_corpus_without_pages_says_so(tmp_path: Path) -> None:
    read = Read(report_of(write_corpus(tmp_path / "empty", []), tmp_path))
    assert read.numbers["kept"] == [0]
    assert [a["id"] for a in read.all("section")] == ["built", "faults"]


def test_a_corpus_without_statistics_or_rejected_pages_leaves_their_sections_out(tmp_path: Path) -> None:
    corpus = write_corpus(tmp_path / "bare", [Page("https://a.example/", "Some text.", "2024", language="en")])
    read = Read(report_of(corpus, tmp_path))
    assert [a["id"] for a in read.all("section")] == ["built", "domains", "splits", "faults"]
    assert read.numbers["part.en.train.chars"] == [10]


def test_a_sampled_table_says_that_it_is_one(tmp_path: Path) -> None:
    """Three pages of each reason are there; the ledger has thirty and three hundred."""
    drops = [Dropped("repeated_span", "Said twice."), Dropped("repeated_span", "said TWICE.")]
    rejected: list[Rejected] = [("https://a.example.org/", "clean", "few_sentences", "", "Text.", drops)] * 3
    rejected += [("https://b.example.com/", "badwords", "bad_word", "text", "A Text.", [])] * 3
    corpus = write_corpus(
        tmp_path / "c", [], rejected, ledger=ledger(clean={"few_sentences": 30}, badwords={"bad_word": 300})
    )
    read = Read(report_of(corpus, tmp_path))
    assert read.numbers["tld.org.removed"] == [30]
    assert read.numbers["tld.com.removed"] == [300]
    assert (read.numbers["rejected.sampled"], read.numbers["rejected.all"]) == ([6], [330])
    assert read.numbers["repeat.repeated_span.times"] == [6]
    assert "Counted over the sampled pages only" in read.text
    assert "≈ 300" in read.text


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("manifest.json", '{"schema_version": 1, "shards": []}'),
        ("manifest.json", '{"schema_version": 1, "shards": [], "preset": {"name": "x", "says": ""}, "inputs": [1]}'),
        ("stats.json", '{"languages": {"en": "many"}}'),
    ],
)
def test_what_no_build_writes_is_told_and_no_report_is_left(tmp_path: Path, name: str, data: str) -> None:
    corpus = write_corpus(tmp_path / "c", [])
    (corpus.folder / name).write_text(data)
    (corpus.folder / SUMS).unlink()  # nobody says that it was another one
    with pytest.raises(BuildError, match=r"damaged .* Build it again"):
        report_of(open_corpus(corpus.folder), tmp_path)
    assert not (tmp_path / "report.html").exists()
