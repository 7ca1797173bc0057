"""c4pipe.rules.pages: each rule alone, with literal pages and a few listed domains."""

from __future__ import annotations

import pickle
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from c4pipe.errors import AssetError, ConfigError
from c4pipe.page import Page
from c4pipe.rules import ListedDomain, ListedSubdomain, ListedUrl, MaxChars, MinParagraphs, MinSentences
from c4pipe.text import count_sentences, hash64, sentence_splitter
from c4pipe.text.urls import url_key


class Lists:
    """What the rules here bind to."""

    def news_domains(self) -> dict[str, object]:
        return {"a.com": True, "b.co.uk": ["", "news", "a.b"], "c.com": []}

    def url_keys(self) -> set[int]:
        return {hash64(url_key(url)) for url in ("http://www.a.com/x/", "http://b.com/?p=1")}


class Untidy:
    """Lists as people write them."""

    def news_domains(self) -> dict[str, object]:
        two = {".b.co.uk": ["News.", ""], "b.co.uk": [".www2"]}
        return {"https://www.A.com/": True, **two, "news.c.com": True, "x": []}

    def news_domains_list(self) -> Path:
        return Path("domains.json")


def test_entries_of_a_list_of_domains_are_read_as_addresses_are_written() -> None:
    domains, subdomains = ListedDomain().bind(Untidy()), ListedSubdomain().bind(Untidy())
    for host in ("a.com", "x.a.com", "news.b.co.uk", "www2.b.co.uk"):
        assert domains.offence(page(url=f"http://{host}/")) is None, host
        assert subdomains.offence(page(url=f"http://{host}/")) is None, host
    assert subdomains.offence(page(url="http://shop.b.co.uk/")) == "shop"
    assert domains.offence(page(url="http://news.c.com/")) == "c.com"
    assert domains.remarks(Untidy()) == {
        "domains.json": "2 of 5 entries can never match: they are no registered domains, such as news.c.com"
    }


def page(text: str = "", url: str = "http://a.example/") -> Page:
    return Page(url, text, "2024-05-22T10:11:12Z")


def test_a_page_of_just_the_limit_stays() -> None:
    assert MaxChars().offence(page("x" * 190_000)) is None
    assert MaxChars().offence(page("x" * 190_001)) == "190001 characters"
    assert MaxChars(3).offence(page("éé😀")) is None  # characters, not bytes


@pytest.mark.parametrize(
    ("text", "offence"),
    [
        ("", "0 sentences"),
        ("One line.", "1 sentences"),
        ("no end mark", "1 sentences"),
        ("First one. Second one.", "2 sentences"),
        ("First one. Second one. Third one.", None),
        ("First one.\nSecond one.", "2 sentences"),
        ("First one.\nSecond one.\nThird one.", None),
        ("a\nb\nc", None),  # every line counts one at least
        ("First one. Second one.\nThird one.", None),
        ("First one. Second one. Third one.\nFourth.", None),
        ("Mr. Smith went to Dr. Jones.\nThey met.", "2 sentences"),
    ],
)
def test_sentences_are_counted_line_by_line(text: str, offence: str | None) -> None:
    assert MinSentences().offence(page(text)) == offence


@pytest.mark.parametrize(
    ("text", "offence"),
    [
        ("", "0 sentences"),
        ("a\nb\nc", "1 sentences"),  # no end marks: one sentence over three lines
        ("First one.\nSecond one.", "2 sentences"),
        ("First one.\nSecond one.\nThird one.", None),
    ],
)
@pytest.mark.usefixtures("punkt")
def test_over_the_whole_text_punkt_looks_past_the_ends_of_lines(text: str, offence: str | None) -> None:
    assert MinSentences(splitter="punkt:english", per_line=False).offence(page(text)) == offence


@pytest.mark.usefixtures("punkt")
def test_punkt_knows_titles_and_initials() -> None:
    split = sentence_splitter("punkt:english")
    assert list(split("It was Mr. J. Smith who came. He stayed.")) == ["It was Mr. J. Smith who came.", "He stayed."]
    rule = MinSentences(splitter="punkt:english")
    assert rule.offence(page("It was Mr. J. Smith who came. He stayed.")) == "2 sentences"
    assert rule.offence(page("It was Mr. J. Smith who came. He stayed. He left.")) is None


def test_punkt_without_its_data_is_refused_when_bound(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    import nltk.data

    from c4pipe.text import punkt

    monkeypatch.setenv("NLTK_DATA", str(tmp_path))
    monkeypatch.setattr(nltk.data, "path", [])
    monkeypatch.chdir(tmp_path)
    punkt.punkt.cache_clear()
    with pytest.raises(AssetError, match=r"Punkt.*make assets"):
        MinSentences(splitter="punkt:english").bind(None)
    MinSentences().bind(None)


def test_an_unknown_splitter_is_refused_when_bound() -> None:
    with pytest.raises(ConfigError, match=r"unknown sentence splitter 'punk:en'. Did you mean 'punkt:en'"):
        MinSentences(splitter="punk:en").bind(None)


SENTENCES = st.lists(st.sampled_from(["A first one. ", "And more! ", "no end ", "Mr. Who? ", "x", " "]), max_size=6)
PAGES = st.lists(SENTENCES.map("".join), max_size=5).map("\n".join)


@settings(deadline=None)
@given(PAGES, st.integers(1, 6))
def test_the_shortcut_for_pages_of_many_lines_changes_no_verdict(text: str, wanted: int) -> None:
    split = sentence_splitter("sentencex:en")
    found = sum(max(1, len(list(split(line)))) for line in text.split("\n")) if text else 0
    assert (MinSentences(wanted).offence(page(text)) is None) == (found >= wanted)


def test_sentences_are_counted_no_further_than_asked() -> None:
    seen = []

    def split(text: str) -> object:
        for letter in text:
            seen.append(letter)
            yield letter

    assert count_sentences(split, "abcdef", 2) == 2  # type: ignore[arg-type]
    assert seen == ["a", "b"]


@pytest.mark.parametrize(
    ("lengths", "offence"),
    [
        ([200, 200, 200], None),
        ([200, 200, 199], "2 long lines"),
        ([199, 200, 5, 300, 200], None),
        ([], "0 long lines"),
        ([600], "1 long lines"),
    ],
)
def test_three_long_lines_make_a_page_of_mc4(lengths: list[int], offence: str | None) -> None:
    assert MinParagraphs().offence(page("\n".join("y" * n for n in lengths))) == offence


def test_paragraph_thresholds_are_the_rules_own() -> None:
    assert MinParagraphs(paragraphs=1, chars=2).offence(page("女の")) is None
    assert MinParagraphs(paragraphs=1, chars=3).offence(page("女の")) == "0 long lines"


@pytest.mark.parametrize(
    ("url", "offence"),
    [
        ("http://a.com/x", None),
        ("https://www.a.com/x", None),
        ("http://deep.down.a.com:8080/", None),
        ("http://b.co.uk/", None),
        ("http://a.com.au/", "a.com.au"),
        ("http://nota.com/", "nota.com"),
        ("http://d.example/?u=http://a.com/", "example."),  # not a public suffix
        ("http://10.0.0.1/a.com", "10.0.0.1."),
        ("", "."),
    ],
)
def test_a_registered_domain_is_listed_or_not(url: str, offence: str | None) -> None:
    assert ListedDomain().bind(Lists()).offence(page(url=url)) == offence


@pytest.mark.parametrize(
    ("url", "offence"),
    [
        ("http://anything.a.com/", None),
        ("http://b.co.uk/", None),
        ("http://www.b.co.uk/", None),  # the URL key has lost its www.
        ("http://news.b.co.uk/", None),
        ("http://a.b.b.co.uk/", None),
        ("http://b.b.co.uk/", "b"),
        ("http://sport.b.co.uk/", "sport"),
        ("http://c.com/", "(none)"),
        ("http://x.c.com/", "x"),
    ],
)
def test_a_subdomain_counts_where_the_entry_is_a_list(url: str, offence: str | None) -> None:
    assert ListedSubdomain().bind(Lists()).offence(page(url=url)) == offence


@pytest.mark.parametrize(
    ("url", "offence"),
    [
        ("http://www.a.com/x/", None),
        ("https://a.com/x", None),
        ("https://a.com/x?utm_source=feed", None),
        ("http://b.com/?p=1", None),
        ("http://b.com/?p=2", "b.com/?p=2"),
        ("http://a.com/X", "a.com/X"),
    ],
)
def test_urls_are_looked_up_by_their_key(url: str, offence: str | None) -> None:
    assert ListedUrl().bind(Lists()).offence(page(url=url)) == offence


def test_a_bound_rule_is_still_the_same_value() -> None:
    """Fields are what is pickled, compared and recorded; loaded lists are neither."""
    bound = ListedDomain().bind(Lists())
    assert bound == ListedDomain()
    assert repr(bound) == repr(ListedDomain())
    assert not hasattr(ListedDomain(), "_domains")
    assert pickle.loads(pickle.dumps(ListedUrl())) == ListedUrl()
