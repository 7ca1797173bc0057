"""c4pipe.corpus.stats: counters that add up."""

from __future__ import annotations

import json
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from c4pipe.corpus.stats import SCHEME, Stats, by_first_word, registered
from c4pipe.page import Page


def page(text: str, url: str = "http://a.com/", timestamp: str = "2024-05-22T10:11:12Z", language: str = "en") -> Page:
    return Page(url, text, timestamp, language=language)


def test_pages_are_counted_as_read_kept_and_rejected() -> None:
    stats = Stats()
    for text in ("", "x", "ééé", "x" * 1024):
        stats.read(page(text))
    stats.kept(page("ééé", url="https://www.b.co.uk:80/x"))
    stats.kept(page("x" * 1023, timestamp="2023-12-31T00:00:00Z", language="de"))
    stats.rejected("http://sub.a.com/x")
    assert stats.to_json() == {
        "pages_read": 4,
        "chars_read": 1028,
        "pages_kept": 2,
        "chars_kept": 1026,
        "bytes_kept": 1029,
        "lengths_read": {"0": 2, "1": 1, "10": 1},
        "lengths_kept": {"1": 1, "9": 1},
        "languages": {"de": 1, "en": 1},
        "votes": {},
        "scripts": {},
        "months": {"2023-12": 1, "2024-05": 1},
        "domains_kept": {"a.com": 1, "b.co.uk": 1},
        "domains_rejected": {"a.com": 1},
    }


def test_a_month_is_a_month_or_nothing() -> None:
    stats = Stats()
    for written in ("2024-05-22T10:11:12Z", "2024-05", "Thu, 25 Apr 2019", "20190425101112", "2024-13-01", ""):
        stats.kept(page("x", timestamp=written))
    assert stats.months == {"2024-05": 2, "": 4}


def test_votes_are_counted_by_who_said_what_and_scripts_apart() -> None:
    stats = Stats()
    for language, votes in [
        ("zu", "fasttext:en:0.41 cld2:zu:0.98 script:Latn:1.00"),
        ("zu", "fasttext:en:0.80 cld2:zu:0.99 script:Latn:0.97"),
        ("sr", "fasttext:sr:0.99 cld2:sr:0.99 script:Cyrl:1.00"),
        ("und", ""),
    ]:
        stats.kept(page("text", language=language)._replace(language_votes=votes))
    data = stats.to_json()
    assert by_first_word(data["votes"]) == {"sr": {"fasttext=sr cld2=sr": 1}, "zu": {"fasttext=en cld2=zu": 2}}
    assert by_first_word(data["scripts"]) == {"sr": {"Cyrl": 1}, "zu": {"Latn": 2}}


def test_lengths_are_sorted_as_numbers() -> None:
    stats = Stats(lengths_read=Counter({"10": 1, "9": 1, "2": 1}))
    assert list(stats.to_json()["lengths_read"]) == ["2", "9", "10"]


def test_of_domains_the_most_frequent_are_shown_ties_by_name() -> None:
    stats = Stats(domains_kept=Counter({"c.com": 1, "b.com": 2, "a.com": 1, "d.com": 1}))
    assert list(stats.to_json(domains=3)["domains_kept"].items()) == [("b.com", 2), ("a.com", 1), ("c.com", 1)]
    assert list(stats.to_json(domains=None)["domains_kept"]) == ["b.com", "a.com", "c.com", "d.com"]


@pytest.mark.parametrize(
    ("url", "domain"),
    [
        ("http://www.a.com/x//y", "a.com"),
        ("https://user@a.com:8080/", "a.com"),
        ("a.com/x", "a.com"),
        ("//a.com", "a.com"),
        ("http://a.com", "a.com"),
        ("http://news.b.co.uk/", "b.co.uk"),
        ("https://www.shop.example/", "shop.example"),
        ("http://localhost/x", "localhost"),
        ("http://192.0.2.7:80/", "192.0.2.7"),
        ("http://[::1]/", "[::1]"),
        ("mailto:x", "mailto"),
        ("//", ""),
        ("", ""),
    ],
)
def test_any_url_has_a_registered_domain(url: str, domain: str) -> None:
    assert registered(url) == domain


@given(
    st.sampled_from(["", "//", "http:", "http://", "https://", "HTTP://", "ftp://"]), st.text("a.:/\né", max_size=20)
)
def test_a_domain_is_that_of_the_url_without_its_scheme(scheme: str, rest: str) -> None:
    url = scheme + rest
    assert registered(url) == registered("//" + SCHEME.sub("", url))


@given(st.text(max_size=20))
def test_no_url_breaks_the_statistics(url: str) -> None:
    assert isinstance(registered(url), str)


PAGES = st.builds(
    page,
    st.text(st.sampled_from("aé😀\n"), max_size=20),
    st.sampled_from(["http://a.com/", "http://x.b.co.uk/", ""]),
    st.sampled_from(["2024-05-22T10:11:12Z", "2023-01", ""]),
    st.sampled_from(["en", "de"]),
)


@given(st.lists(st.tuples(PAGES, st.booleans())), st.integers(0, 10))
def test_parts_counted_apart_add_up_to_the_whole(pages: list[tuple[Page, bool]], cut: int) -> None:
    def count(part: list[tuple[Page, bool]]) -> Stats:
        stats = Stats()
        for one, kept in part:
            stats.read(one)
            if kept:
                stats.kept(one)
            else:
                stats.rejected(one.url)
        return stats

    total = Stats()
    for part in (pages[cut:], pages[:cut]):
        total.add(Stats.from_json(json.loads(json.dumps(count(part).to_json(domains=None)))))
    assert total == count(pages)
    assert total.pages_read == total.lengths_read.total() == len(pages)
    assert total.pages_kept == total.domains_kept.total()
    assert total.months.total() == sum(kept for _, kept in pages)
