"""Where a text mentions listed pages."""

from __future__ import annotations

import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from c4pipe.removal.asked import BY_CODE, BY_DOMAIN, BY_URL, Wishes, wish_of
from c4pipe.removal.mentions import Mentions


def asked(*lines: tuple[str, str]) -> Wishes:
    return Wishes.of([wish for kind, line in lines if (wish := wish_of(kind, line)) is not None])


PAGE, BLOG, HOME = (BY_URL, "http://a.example/x"), (BY_URL, "a.example/blog/*"), (BY_URL, "http://a.example/")
SITE, CODE = (BY_DOMAIN, "a.example"), (BY_CODE, "b30d4f59eb97517b")


@pytest.mark.parametrize(
    ("entry", "text", "found"),
    [
        (PAGE, "see https://www.A.example/x.", ["www.A.example/x"]),
        (PAGE, "http://a.example/x?page=2 http://a.example/xy http://b.a.example/x", ["a.example/x"]),
        (BLOG, 'href="http://a.example/blog/2024?x=y" a.example/blogs', ["a.example/blog/2024?x=y"]),
        (HOME, "a.example http://a.example, https://www.a.example", ["http://a.example", "https://www.a.example"]),
        (HOME, "http://a.example/x http://a.example/?x", []),
        (HOME, "<http://a.example/>, http://a.example/", ["http://a.example", "http://a.example"]),
        (CODE, '"owner": "b30d4f59eb97517b", b30d4f59eb97517bb', ["b30d4f59eb97517b"]),
        (SITE, "a.example www.b.a.example ba.example a.example.org", ["a.example", "www.b.a.example"]),
        (SITE, "https://a.example/63?x=y http://b.a.example:80/", ["a.example", "b.a.example"]),
    ],
)
def test_what_is_a_mention(entry: tuple[str, str], text: str, found: list[str]) -> None:
    mentions = Mentions(asked(entry))
    assert [each.text for each in (*mentions.pages(text), *mentions.sites(text))] == found
    assert all(text[each.start :].startswith(each.text) for each in (*mentions.pages(text), *mentions.sites(text)))


def searched(text: str, words: list[str]) -> list[tuple[int, str]]:
    """The specification: one regular expression for all entries, which takes a time of entries by characters."""
    pattern = rf"(?<![\w.%-])(?:www\.)?(?:{'|'.join(words)})"
    return [(found.start(), found[0]) for found in re.finditer(pattern, text, re.IGNORECASE)] if words else []


BEHIND = r"(?![\w%/-]|\.\w)"
BEHIND_HOME = rf"(?:{BEHIND}|(?=/(?![^\s\"'<>`),;\]])))"
ENTRIES = st.lists(
    st.sampled_from([PAGE, BLOG, HOME, SITE, CODE])
    | st.tuples(st.just(BY_URL), st.from_regex(r"(http://)?(b\.)?[ab]\.example/[ax?.'~-]{0,4}\*?", fullmatch=True))
    | st.tuples(st.just(BY_DOMAIN), st.sampled_from(["example.org", "b.a.example", "xn--bcher-kva.example"])),
    max_size=6,
)
PARTS = ["http://", "https://", "www.", "a", "b", ".", "a.example", "b.a.example", "/x", "/", "?", "-", "%", " ", '"']
PARTS += ["'", "X", "\n", "/blog/", "b30d4f59eb97517b", "example.org", ",", "é", ":80"]


@given(ENTRIES, st.lists(st.sampled_from(PARTS), max_size=12).map("".join))
def test_as_one_regular_expression_finds_them(lines: list[tuple[str, str]], text: str) -> None:
    listed = asked(*lines)
    homes = {key for key in listed.urls if "/" not in key}
    keys = [rf"https?://(?:www\.)?{re.escape(key)}{BEHIND_HOME}" for key in sorted(homes)]
    keys += [re.escape(key) + BEHIND for key in sorted({*listed.urls} - homes)]
    codes = [code + BEHIND for code in sorted(listed.codes)]
    names = [rf"{re.escape(name)}[^\s\"'<>`]*{BEHIND}" for prefixes in listed.prefixes.values() for name in prefixes]
    hosts = [rf"(?:[\w-]+\.)*{re.escape(host)}(?![\w%-]|\.\w)" for host in sorted(listed.domains)]
    mentions = Mentions(listed)
    assert [*mentions.pages(text)] == searched(text, [*keys, *codes, *names])
    assert [*mentions.sites(text)] == searched(text, hosts)


def test_a_long_list_takes_no_longer() -> None:
    lines = [(BY_URL, f"http://host{n}.example/{n}{'*' * (n % 2)}") for n in range(30_000)]
    mentions, text = Mentions(asked(*lines)), '"sha256": "0123456789abcdef", http://host7.example/7,\n' * 5_000
    started = time.process_time()
    assert len([*mentions.pages(text)]) == 5_000
    assert time.process_time() - started < 2  # seconds; the regular expression takes minutes
