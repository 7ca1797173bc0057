"""What lists ask for, and which rows that means."""

from __future__ import annotations

import gzip

import pyarrow as pa
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from c4pipe.errors import ConfigError
from c4pipe.removal.asked import BY_DOMAIN, BY_URL, Wishes, read_asked, wish_of
from c4pipe.removal.columns import hosts_of, keys_of
from c4pipe.removal.matching import Matcher
from c4pipe.text.urls import url_key


def asked(*lines: tuple[str, str]) -> Wishes:
    return Wishes.of([wish for kind, line in lines if (wish := wish_of(kind, line)) is not None])


@pytest.mark.parametrize(
    ("kind", "line", "url", "meant"),
    [
        (BY_URL, "https://a.example/x", "http://www.a.example/x/?utm_source=y", True),
        (BY_URL, "a.example/x", "https://a.example/x", True),
        (BY_URL, "HTTP://A.Example/x", "http://a.example/x", True),
        (BY_URL, "http://a.example/x", "http://a.example/X", False),
        (BY_URL, "http://a.example/x", "http://a.example/x?page=2", False),
        (BY_URL, "http://a.example/x", "http://a.example/x/y", False),
        (BY_URL, "https://bücher.example/x", "https://xn--bcher-kva.example/x", True),
        (BY_URL, "https://xn--bcher-kva.example/x", "https://bücher.example/x", True),
        (BY_URL, "https://xn--strae-oqa.example/x", "http://straße.example/x", True),
        (BY_URL, "http://a.example:8080/x", "http://a.example:8080/x", True),
        (BY_URL, "http://a.example:8080/x", "http://a.example/x", False),
        (BY_URL, "http://a.example", "http://a.example/", True),
        (BY_URL, "https://a.example/blog/*", "http://www.a.example/blog/2024/x?y", True),
        (BY_URL, "https://a.example/blog/*", "http://a.example/blog/", True),
        (BY_URL, "https://a.example/blog/*", "http://a.example/blogs", False),
        (BY_URL, "https://a.example/blog/*", "http://b.a.example/blog/x", False),
        (BY_URL, "www.Bücher.example/*", "https://xn--bcher-kva.example/", True),
        (BY_URL, "https://a.example:8080/x*", "http://a.example:8080/xyz", True),
        (BY_DOMAIN, "a.example", "http://www.a.example/x", True),
        (BY_DOMAIN, "a.example", "http://deep.below.a.example/x", True),
        (BY_DOMAIN, "www.a.example", "http://a.example/x", True),
        (BY_DOMAIN, "a.example", "http://ba.example/x", False),
        (BY_DOMAIN, "a.example", "http://other.example/a.example", False),
        (BY_DOMAIN, "a.example", "http://a.example.other.example/", False),
        (BY_DOMAIN, "A.Example.", "https://me:word@A.EXAMPLE:8080?x", True),
        (BY_DOMAIN, "*.a.example", "http://a.example/x", True),
        (BY_DOMAIN, "https://a.example/", "http://a.example/x", True),
        (BY_DOMAIN, "bücher.example", "http://www.xn--bcher-kva.example/x", True),
        (BY_DOMAIN, "xn--bcher-kva.example", "http://Bücher.example/x", True),
        (BY_DOMAIN, "www.gov.uk", "http://www.gov.uk/x", True),
        (BY_DOMAIN, "www.gov.uk", "http://council.gov.uk/x", False),
    ],
)
def test_what_an_entry_means(kind: str, line: str, url: str, meant: bool) -> None:
    matcher = Matcher(asked((kind, line)))
    assert (matcher.wishes(url) == [0]) is meant
    assert matcher.mask([url]).tolist() == [meant]


def test_spellings_of_one_page_are_all_meant() -> None:
    lines = ["https://a.example/x", "https://a.example:443/x", "https://me:pw@a.example/x", "http://bücher.example"]
    wishes = asked(*((BY_URL, line) for line in [*lines, "http://BÜCHER.example"]))
    assert len(wishes.wishes) == 2
    assert Matcher(wishes).mask([*lines, "http://BÜCHER.example/"]).all()


@pytest.mark.parametrize("line", ["http://www./", "https://https://", "http://http://www."])
def test_what_would_mean_all_pages_without_a_url_is_none(line: str) -> None:
    assert wish_of(BY_URL, line) is None


@pytest.mark.parametrize(
    "line", ["mailto:x@b.example", "x@b.example", "*.b.example", "http://*.b.example/x", "b.example*"]
)
def test_what_is_no_url(line: str) -> None:
    assert wish_of(BY_URL, line) is None


URLS = st.one_of(
    st.text(max_size=30),
    st.from_regex(r"(https?://){0,2}(www\.)?[a-z]{1,3}\.example(:80)?/?(\?(utm_|ref)?[a-z=\n/]*)?/*", fullmatch=True),
)


@given(URLS)
@example("http://a.example/x?utm_y\nhttps://www.b")
def test_keys_of_a_column_are_those_of_each_url(url: str) -> None:
    assert keys_of(pa.array([url])).to_pylist() == [url_key(url)]


@given(st.lists(URLS, min_size=1, max_size=5))
def test_rows_are_told_as_single_urls_are(urls: list[str]) -> None:
    matcher = Matcher(asked((BY_DOMAIN, "a.example"), (BY_URL, urls[0]), (BY_URL, "http://b.example/*")))
    assert matcher.mask(urls).tolist() == [bool(matcher.wishes(url)) for url in urls]


def test_hosts_as_they_are_written() -> None:
    urls = ["HTTP://Me@A.example:80/x", "a.example?b/c", "https://a.example", "", "mailto:x@b.example"]
    assert hosts_of(pa.array(urls)).to_pylist() == ["A.example", "a.example", "a.example", "", "b.example"]


def test_lists_are_read_however_they_are_packed(tmp_path) -> None:
    (tmp_path / "urls.gz").write_bytes(
        gzip.compress(b"\xef\xbb\xbf# a letter\r\n\r\nhttp://a.example/x#part # them\r\n")
    )
    (tmp_path / "mixed").write_text("b.example\nhttps://b.example/\nB30D4f59eb97517b\nwww.b.example\n")
    found = read_asked([str(tmp_path / "urls.gz")], [], [], [str(tmp_path / "mixed")])
    assert [(wish.kind, wish.names[0]) for wish in found.wishes] == [
        ("url", "a.example/x#part"),
        ("domain", "b.example"),
        ("url", "b.example"),
        ("id", "b30d4f59eb97517b"),
    ]


LIKE_LINKS = ["https://a.example/x(.)y", "http://[::1]/x", "https://hxxp.example/", "a.example/[.]"]


@pytest.mark.parametrize("line", LIKE_LINKS)
def test_what_only_looks_like_no_link(tmp_path, line: str) -> None:
    (tmp_path / "list").write_text(line)
    assert read_asked([str(tmp_path / "list")], [], []).wishes[0].text == line


def test_what_is_no_list(tmp_path) -> None:
    with pytest.raises(ConfigError, match=r"--ids .*none is not a file"):
        read_asked([], [], [str(tmp_path / "none")])
    (tmp_path / "list").write_text("a.example\n\nb.example/\n\x01\n")
    with pytest.raises(ConfigError, match=r"--prove .*list, line 4: .* is not a URL, domain or code of a page"):
        read_asked([], [], [], [str(tmp_path / "list")])
