"""c4pipe.text.hosts: one spelling for hosts and addresses."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from c4pipe.text.hosts import address_of, authority_of, listed_host, parents_of, plain_host, without_www
from c4pipe.text.urls import url_key


@pytest.mark.parametrize(
    ("url", "parts"),
    [
        ("http://me:pw@A.example:80/x?y#z", ("http", "a.example", "", "/x?y#z")),
        ("HTTPS://a.example:8443", ("https", "a.example", "8443", "")),
        ("http://a.example:443/", ("http", "a.example", "443", "/")),  # that of the other scheme
        ("https://[::1]:8443/a", ("https", "[::1]", "8443", "/a")),
        ("a.example/x?u=http://b.example/", ("", "a.example", "", "/x?u=http://b.example/")),
        ("a.example:8080/x", ("", "a.example", "8080", "/x")),
        ("http://a.example?x", ("http", "a.example", "", "?x")),
        ("http:///x", ("http", "", "", "/x")),
        ("", ("", "", "", "")),
    ],
)
def test_a_url_in_parts(url: str, parts: tuple[str, ...]) -> None:
    assert authority_of(url) == parts


@pytest.mark.parametrize(
    ("written", "plain"),
    [
        ("EXAMPLE.com.", "example.com"),
        ("bücher.example", "xn--bcher-kva.example"),
        ("B%C3%9Ccher.example", "xn--bcher-kva.example"),
        ("XN--bcher-KVA.example", "xn--bcher-kva.example"),
        ("bücher。example", "xn--bcher-kva.example"),  # the full stop of East Asian scripts
        ("faß.example", "xn--fa-hia.example"),  # IDNA 2008, as browsers have it, and not "fass"
        ("हिन्दी.भारत", "xn--j2bd4cyah0f.xn--h2brj9c"),
        ("i❤.example", "xn--i-7iq.example"),  # which IDNA 2008 does not know, and crawls have
        ("under_score.example", "under_score.example"),
        ("", ""),
    ],
)
def test_hosts_have_one_spelling(written: str, plain: str) -> None:
    assert plain_host(written) == plain
    assert plain_host(plain) == plain


def test_a_host_of_a_list_has_a_dot_and_no_other_marks() -> None:
    assert [listed_host(entry) for entry in ("a.example", "-a_b.example.", "10.0.0.1", "हिन्दी.भारत")] == [
        *("a.example", "-a_b.example", "10.0.0.1", "xn--j2bd4cyah0f.xn--h2brj9c")
    ]
    for entry in ("word", "a b.c", "a..b", ".a", "a.example:80", "||ads.example^", "1,a.example", "a.example*", ""):
        assert listed_host(entry) == "", entry


def test_www_goes_where_a_name_of_one_owner_is_left() -> None:
    hosts = ("www.a.com", "www.bbc.co.uk", "www.gov.uk", "www.github.io", "www.com", "wwwx.com")
    assert [*map(without_www, hosts)] == ["a.com", "bbc.co.uk", "www.gov.uk", "www.github.io", "www.com", "wwwx.com"]


def test_the_domains_of_a_host() -> None:
    assert parents_of("a.b.example") == ["a.b.example", "b.example", "example"]
    assert parents_of("") == [""]


PIECES = [
    "http://",
    "HTTPS://",
    "www.",
    "a.example",
    "Bücher.example",
    "me@",
    ":80",
    ":8080",
    "/",
    "//",
    "?x=1",
    "?utm_a",
    "#b",
]


@given(st.lists(st.sampled_from(PIECES), max_size=7).map("".join) | st.text(max_size=20))
def test_the_address_follows_from_the_key_of_the_url(url: str) -> None:
    """So what is looked up by it is the same for all copies of a page."""
    assert address_of(url) == address_of(url_key(url))
    authority_of(url)  # of anything
