"""c4pipe.text.urls: the key of a URL, its domain, its split."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from c4pipe.text.urls import Domain, domain_of, md5_number, split_of, url_key


@pytest.mark.parametrize(
    ("url", "key"),
    [
        ("http://a.example/", "a.example"),
        ("https://www.a.example/b/c//", "a.example/b/c"),
        ("a.example", "a.example"),
        ("www.a.example", "www.a.example"),  # a www. counts behind a scheme only
        ("http://www2.a.example", "www2.a.example"),
        ("HTTP://a.example", "HTTP://a.example"),
        ("ftp://a.example/", "ftp://a.example"),
        ("http://a.example/?utm_source=x&p=1", "a.example"),
        ("http://a.example/b?ref=c", "a.example/b"),
        ("http://a.example/b?referrer=c", "a.example/b"),
        ("http://a.example/b?feed=rss", "a.example/b"),
        ("http://a.example/b?p=1&utm_source=x", "a.example/b?p=1&utm_source=x"),  # only what the query begins with
        ("http://a.example/b/?p=1", "a.example/b/?p=1"),
        ("http://a.example/b#c/", "a.example/b#c"),
        ("http://a.example/r?u=http://www.b.example/", "a.example/r?u=b.example"),  # wherever a scheme stands
        ("https://https://a.example", "a.example"),
        ("http://a.example/?ref=1\nb", "a.example/\nb"),
        ("http://a.example/B", "a.example/B"),
        ("///", ""),
        ("", ""),
    ],
)
def test_a_key_is_the_url_without_what_does_not_matter(url: str, key: str) -> None:
    assert url_key(url) == key


URLS = st.lists(
    st.sampled_from(["http://", "https://", "www.", "a.example", "/", "?", "ref=", "utm_", "x", "é", "://"]), max_size=9
).map("".join)


@given(URLS)
def test_a_slash_a_scheme_and_a_www_in_front_make_no_difference(url: str) -> None:
    keys = {url_key(f"{scheme}{url}{end}") for scheme in ("http://www.", "https://www.") for end in ("", "/", "//")}
    assert len(keys) == 1
    assert not keys.pop().endswith("/")


def test_the_number_is_the_md5_of_the_utf8_text() -> None:
    assert md5_number("") == 0xD41D8CD98F00B204E9800998ECF8427E
    assert md5_number("é") == int(hashlib.md5(b"\xc3\xa9").hexdigest(), 16)


@pytest.mark.parametrize("n", [1736, 1940, 3604])
def test_some_pages_are_for_validation(n: int) -> None:
    assert split_of(f"a.example/{n}") == "validation"
    assert split_of(f"a.example/{n + 1}") == "train"


def test_one_page_in_a_thousand_is_for_validation() -> None:
    found = [split_of(f"a.example/{n}") for n in range(5000)]
    assert found.count("validation") == 3
    assert found.count("train") == 4997


@pytest.mark.parametrize(
    ("url", "registered", "subdomain"),
    [
        ("http://news.bbc.co.uk/x", "bbc.co.uk", "news"),
        ("http://bbc.co.uk", "bbc.co.uk", ""),
        ("a.b.c.com/x?y", "c.com", "a.b"),
        ("https://user:secret@www.c.com:8080/", "c.com", "www"),
        ("http://WWW.C.COM/", "C.COM", "WWW"),
        ("http://localhost/", "localhost.", ""),
        ("http://127.0.0.1/x", "127.0.0.1.", ""),
        ("http://com/", ".com", ""),
        ("http://who.blogspot.com/", "blogspot.com", "who"),  # a private suffix is no suffix
        ("", ".", ""),
    ],
)
def test_a_domain_is_cut_by_the_public_suffix_list(url: str, registered: str, subdomain: str) -> None:
    assert domain_of(url) == Domain(registered, subdomain)
