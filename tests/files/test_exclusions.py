"""c4pipe.files.exclusion_lists and c4pipe.files.exclusions: what a line means, and which pages go for it."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from c4pipe.errors import AssetError, ConfigError
from c4pipe.files.exclusion_lists import Form, ListEntry, entries_of, find_lists, unused_patterns
from c4pipe.files.exclusions import Exclusions, read_exclusions
from c4pipe.files.lists import NamedList
from c4pipe.text.urls import url_key


def entries(text: str, name: str = "list.txt") -> list[ListEntry]:
    return list(entries_of(NamedList(name, Path(name)), text.encode(), []))


def excluding(text: str, name: str = "list.txt") -> Exclusions:
    return Exclusions([(name, entries(text, name))])


@pytest.mark.parametrize(
    ("line", "meant"),
    [
        ("example.com", [(Form.DOMAIN, "example.com")]),
        ("  WWW.Example.com.  # why", [(Form.DOMAIN, "example.com")]),
        ("*.example.com", [(Form.DOMAIN, "example.com")]),
        (".example.com", [(Form.DOMAIN, "example.com")]),
        (".xxx", [(Form.DOMAIN, "xxx")]),
        ("10.0.0.1", [(Form.DOMAIN, "10.0.0.1")]),
        ("Bücher.example", [(Form.DOMAIN, "xn--bcher-kva.example")]),
        ("www.gov.uk", [(Form.DOMAIN, "www.gov.uk"), (Form.HOST, "gov.uk")]),  # and not all of gov.uk
        ("0.0.0.0 ads.example.net t.example", [(Form.DOMAIN, "ads.example.net"), (Form.DOMAIN, "t.example")]),
        ("::1 localhost ip6-loopback", []),
        ("127.0.0.1 localhost.localdomain", []),
        ("fe80::1%lo0 localhost", []),
        ("https://example.com/a/?utm_source=x", [(Form.URL, "example.com/a")]),
        ("example.com/", [(Form.URL, "example.com")]),
        ("http://www.de/x", [(Form.URL, "de/x")]),
        ("https://example.com/a#b", [(Form.URL, "example.com/a#b")]),
        ("example.com/blog/*", [(Form.PREFIX, "example.com/blog/")]),
        ("https://www.example.com/*", [(Form.PREFIX, "example.com/")]),
        ("example.com/page?id=*", [(Form.PREFIX, "example.com/page?id=")]),
        ("# nothing else", []),
        ("", []),
    ],
)
def test_what_a_line_means(line: str, meant: list[tuple[Form, str]]) -> None:
    assert entries(line) == meant


@pytest.mark.parametrize(
    "line",
    [
        *(
            "a b.c",
            "example.com:80",
            "||ads.example^",
            "*/x",
            "http:///x",
            "exa*mple.com",
            "x.example*",
            "*x.example",
            "-",
            "https://",
        ),
        *("1,example.com", "http://x.example/?utm_*", "[word]", "0.0.0.0 two,words.example", "x.example/a b"),
    ],
)
def test_a_line_that_is_none_is_refused_with_its_number(line: str) -> None:
    with pytest.raises(AssetError, match=r"^--exclude list\.txt, line 3: .* is not an entry\. Expected a domain"):
        entries(f"a.example\n\n{line}\n")


def test_a_bare_word_is_told_where_words_stand() -> None:
    with pytest.raises(
        AssetError, match=r"line 1: 'casino' is not a domain, since it has no dot\. Words go below a line"
    ):
        entries("casino\n")
    with pytest.raises(AssetError, match=r"line 2: 'a.example' is not an entry"):
        entries("[words]\na.example\n")


def test_sections_hold_words_until_the_next_one() -> None:
    text = "a.example\n[words]\nCasino\n[Soft words]\npoker\n[addresses]\nb.example\n"
    assert entries(text) == [
        *((Form.DOMAIN, "a.example"), (Form.WORD, "casino"), (Form.SOFT_WORD, "poker"), (Form.DOMAIN, "b.example"))
    ]


@pytest.mark.parametrize(
    ("url", "detail"),
    [
        ("http://example.com/", "example.com"),
        ("https://sub.deep.EXAMPLE.com:8080/x", "example.com"),
        ("https://www.example.com", "example.com"),
        ("https://notexample.com/", None),
        ("https://example.com.other.example/", None),
        ("http://a.example/?u=http://example.com/", None),
        ("http://example.com@a.example/", None),  # a user's name
        ("http://x.b%C3%BCcher.example/", "xn--bcher-kva.example"),
        ("http://xn--bcher-kva.example/", "xn--bcher-kva.example"),
        ("https://www.gov.uk/a", "www.gov.uk"),
        ("https://tax.gov.uk/a", None),
        ("http://site.example/a", "site.example/a"),
        ("https://www.SITE.example/a/?utm_medium=y", "site.example/a"),
        ("http://site.example/A", None),
        ("http://site.example/a/b", None),
        ("https://blog.example/posts/1", "blog.example/posts/*"),
        ("https://blog.example/posts", "blog.example/posts/*"),  # of one key with /posts/
        ("https://blog.example/posts-2/", None),
        ("http://free.example/online-Casino_now", "casino"),
        ("http://free.example/%63asino", "casino"),
        ("http://free.example/casinos", None),
        ("http://free.example/poker/chips.html", "poker + chips"),
        ("http://poker.example/poker", None),
        ("", None),
    ],
)
def test_which_pages_go(url: str, detail: str | None) -> None:
    listed = excluding(
        "example.com\nbücher.example\nwww.gov.uk\nhttp://site.example/a\nblog.example/posts/*\n"
        "[words]\ncasino\n[soft words]\npoker\nchips\n"
    )
    assert listed.offence_of(url) == (detail and f"{detail} (list.txt)")


def test_a_prefix_that_begins_with_another_one_changes_nothing() -> None:
    listed = excluding("a.example/x/y/*\na.example/x/*\na.example/x!/*\n")
    assert listed.offence_of("http://a.example/x/y/z") == "a.example/x/* (list.txt)"
    assert listed.offence_of("http://a.example/x!/z") == "a.example/x!/* (list.txt)"
    assert listed.offence_of("http://a.example/xy") is None


def test_of_two_lists_the_first_is_named() -> None:
    listed = Exclusions([("a", entries("x.example")), ("b", entries("x.example\ny.example"))])
    assert [listed.offence_of(f"http://{host}.example/") for host in "xyz"] == ["x.example (a)", "y.example (b)", None]


def test_soft_words_of_two_lists_count_together() -> None:
    listed = Exclusions([("a", entries("[soft words]\npoker")), ("b", entries("[soft words]\nchips"))])
    assert listed.offence_of("http://x.example/chips/poker") == "chips + poker (b, a)"


def test_no_entry_excludes_nothing() -> None:
    assert excluding("# empty\n").offence_of("http://a.example/") is None


URLS = st.lists(
    st.sampled_from(
        ["http://", "https://", "www.", "a.example", "b.a.example", "/x", "/", "y", "?id=1", "?ref=2", "#z"]
    ),
    max_size=6,
).map("".join)
LINES = ["a.example", "b.a.example", "a.example/x", "a.example/x/*", "a.example/x?id=1", "a.example/xy/*", "a.example/"]


@given(st.lists(st.sampled_from(LINES), max_size=4), URLS)
def test_all_copies_of_a_page_go_or_none(lines: list[str], url: str) -> None:
    listed = excluding("\n".join(lines))
    key = url_key(url)
    assert (listed.offence_of(url) is None) == (listed.offence_of(f"https://www.{key}/") is None or not url)


@given(st.lists(st.text("ab", min_size=1, max_size=4), max_size=6), st.text("ab", max_size=6))
def test_prefixes_are_found_as_a_plain_loop_finds_them(prefixes: list[str], path: str) -> None:
    listed = excluding("\n".join(f"x.example/{prefix}*" for prefix in prefixes))
    plain = any(f"{path}/".startswith(prefix) for prefix in prefixes)
    assert (listed.offence_of(f"http://x.example/{path}") is not None) == plain


@pytest.fixture
def ut1(tmp_path: Path) -> Path:
    """A folder of categories as UT1 packs it."""
    for category in ("adult", "press"):
        (tmp_path / "blacklists" / category).mkdir(parents=True)
    (tmp_path / "blacklists/adult/domains").write_text("a.example\nnot one\n10.1.1.1\n")
    (tmp_path / "blacklists/adult/urls").write_text("b.example/~me\nb.example/x.cgi?id=5\n")
    (tmp_path / "blacklists/adult/expressions").write_text("(^|[?])(a|b)\n")
    (tmp_path / "blacklists/adult/usage").write_text("black\n")
    (tmp_path / "blacklists/press/domains.gz").write_bytes(gzip.compress(b"news.example\n"))
    (tmp_path / "blacklists/porn").symlink_to("adult")
    return tmp_path / "blacklists"


def test_categories_of_a_folder(ut1: Path) -> None:
    lists = find_lists([str(ut1)])
    assert [listed.name for listed in lists] == ["adult/domains", "adult/urls", "press/domains.gz"]
    assert [path.name for path in unused_patterns([str(ut1)])] == ["expressions"]
    exclusions, counts, strange = read_exclusions(tuple(lists))
    assert counts == {"adult/domains": 3, "adult/urls": 2, "press/domains.gz": 1}
    assert strange == {"adult/domains": ["line 2: 'not one'"], "adult/urls": [], "press/domains.gz": []}
    found = [
        exclusions.offence_of(f"http://{address}")
        for address in ("x.a.example", "b.example/~me/x", "b.example/~me", "b.example/~men", "b.example/x.cgi?id=5")
    ]
    below = "b.example/~me/* (adult/urls)"
    assert found == ["a.example (adult/domains)", below, below, None, "b.example/x.cgi?id=5/* (adult/urls)"]
    assert exclusions.offence_of("https://news.example/") == "news.example (press/domains.gz)"


def test_one_category_of_a_folder(ut1: Path) -> None:
    assert [listed.name for listed in find_lists([str(ut1 / "press")])] == ["press/domains.gz"]
    assert [listed.name for listed in find_lists([str(ut1 / "adult" / "domains")])] == ["adult/domains"]


def test_wrong_lists_are_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"--exclude .*gone\.txt does not exist"):
        find_lists([str(tmp_path / "gone.txt")])
    with pytest.raises(ConfigError, match="holds no category: expected folders with files `domains` or `urls`"):
        find_lists([str(tmp_path)])
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "list.txt").write_text("x.example\n")
    same = str(tmp_path / "a/list.txt")
    assert len(find_lists([same, same])) == 1
    with pytest.raises(ConfigError, match=r"are both called list\.txt\. Rename one of them"):
        find_lists([same, str(tmp_path / "b/list.txt")])
    (tmp_path / "bad.gz").write_bytes(b"\x1f\x8bnonsense")
    with pytest.raises(AssetError, match=r"--exclude .*bad\.gz cannot be read"):
        read_exclusions(tuple(find_lists([str(tmp_path / "bad.gz")])))
