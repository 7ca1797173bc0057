"""The rough bounds of a page are none below those of the scan, so that what they let pass it would let pass."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.warc import HOSTILE
from c4pipe.html.extract import passes, text_of
from c4pipe.html.rough import most_tags, rough_tangle
from c4pipe.html.tangle import Tangle, tangle_of
from tests import needs

PAD = "some words that stand between two tags, of which no one is told " * 2  # more than a block
PIECES = (
    *("<p>", "</p>", "<b>", "</B>", "<i/>", "<Font size=1>", "<tt>", "<svg>", "<path/>", "<x-y", "<td>", "<script>"),
    *('<a href="', '">', "<a b='", "'>", "<a b = '", '= "', "='", "=", '"', "'", ">", "<", "/", " ", "\t", "\n", "\0"),
    *("a", "a b c d e f g h", 'c="d"', "c='d e'", "<!-- ", "-->", "é", PAD, "x " * 40, '<a b="c">d</a>' * 9),
)
SOUP = st.lists(st.sampled_from(PIECES), max_size=60).map("".join)


def no_less(rough: Tangle, found: Tangle) -> bool:
    return rough.gave_up or all(more >= least for more, least in zip(rough[:4], found[:4], strict=True))


@settings(max_examples=1_500, deadline=None)
@given(SOUP)
def test_no_rough_bound_is_below_that_of_the_scan(html: str) -> None:
    page = html.encode()
    rough = rough_tangle(page)
    assert no_less(rough, tangle_of(page)), rough
    assert most_tags(page) == html.count("<")


@settings(max_examples=150, deadline=None)
@given(SOUP, st.sampled_from([40, 300]))
def test_nor_of_large_pages(html: str, times: int) -> None:
    page = (html * times).encode()
    assert no_less(rough_tangle(page), tangle_of(page))


@pytest.mark.parametrize("name", sorted({*HOSTILE} - {"200 MB"}))
def test_nothing_hostile_passes_that_the_scan_would_stop(name: str) -> None:
    page = HOSTILE[name]().encode()
    assert passes(tangle_of(page)) or not passes(rough_tangle(page))


@pytest.mark.parametrize(
    ("html", "tags", "attributes"),
    [
        ("", 0, 0),
        ("<p>" + PAD, 1, 1),  # three bytes hold one attribute at the most
        (PAD + "<p>" + PAD, 1, 1),
        ("." * 64 + '<a href="b">'.ljust(64, ".") + '<a href="b">'.ljust(64, ".") + "." * 100, 2, 64**2 + 6**2),
        (PAD + "<a b='c>d' e>f" + PAD, 1, 36),  # the quote of another kind: gone byte by byte
        (PAD + "<a b='c>d" + PAD, 1, 4_624),  # which ends nowhere
        (PAD + '<a b=" >" c> d', 1, 36),
    ],
)
def test_what_it_takes_for_sure(html: str, tags: int, attributes: int) -> None:
    rough = rough_tangle(html.encode())
    assert (rough.tags, rough.depth, rough.formatting, rough.gave_up) == (tags, tags, tags, False)
    assert rough.attributes == attributes


def test_formatting_is_counted_where_there_are_many_tags() -> None:
    page, end = (b"<b>x</b>" + b"<span>" * 9) * 150, PAD.encode()
    assert rough_tangle(page + end)[:3] == (1_650, 1_650, 150)
    assert rough_tangle(page + b"<strong/><STYLE><small\n><em><img><br>" + end)[2] == 154


def test_of_too_many_tags_only_the_scan_can_tell() -> None:
    assert rough_tangle(b"<p>" * 3_001).gave_up
    assert tangle_of(b"<p>" * 3_001).depth == 1


@needs.resiliparse
def test_a_large_page_that_passes_has_its_text() -> None:
    page = '<div class="a">' + "<p class='b'>word</p>" * 400 + "x" * 90_000
    assert passes(rough_tangle(page.encode()))
    assert text_of(page, "all", page.encode()) == text_of(page, "all")
