"""Hostile HTML: nothing crashes, nothing takes memory or time without a bound, and each failure is a counted reason."""

from __future__ import annotations

import io
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.warc import HOSTILE
from c4pipe.html import read_warc
from c4pipe.html.extract import MOST_TAGS, text_of, too_much
from c4pipe.html.tangle import Tangle, tangle_of
from c4pipe.page import Kept
from tests import needs
from tests.html.test_http import told, verdict
from tests.wet.writer import record

pytestmark = needs.resiliparse

KEPT = {  # what of the hostile pages is a page all the same: how its text begins
    "links in nested blocks": "y\ny",
    "formatting without end": "x\nx",
    "the same, just let pass": "x\nx",
    "custom elements": "xxxx",
    "attributes, just let pass": "x\nx",
    "entities": "&\ufffd",
    "zero bytes": "x",
    "table cells": "x\nx",
    "nested, 490 deep": "xxxx",
    "flat": "x y z\nx y z",
    "16 MB": "word word",
}
SLOW = {"custom elements", "attributes, just let pass", "200 MB", "16 MB"}  # seconds each; the bench has them


@pytest.mark.parametrize("name", sorted({*HOSTILE} - SLOW))
def test_a_hostile_page_is_a_page_or_a_reason_within_seconds(name: str) -> None:
    started = time.process_time()
    one = verdict(HOSTILE[name]())
    assert time.process_time() - started < 10
    if name in KEPT:
        assert told(one).startswith(KEPT[name])
    else:
        assert not isinstance(one, Kept)
        assert one.reason.code in ("bad_html", "no_text")


def test_100_000_nested_tags_are_told() -> None:
    assert told(verdict("<div>" * 100_000)) == ("bad_html: up to 100,000 elements inside one another, in 100,000 tags")


def test_the_pages_around_a_hostile_one_are_read() -> None:
    answer = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n"
    bodies = (b"<p>One.", b"<div>" * 100_000, b"<p>" * (MOST_TAGS + 1), b"<p>Two.")
    data = b"".join(record(n, answer + body, kind="response") for n, body in enumerate(bodies))
    found = [one.page.text if isinstance(one, Kept) else one.reason.code for one in read_warc(io.BytesIO(data), "f")]
    assert found == ["One.", "bad_html", "bad_html", "Two."]


@pytest.mark.parametrize(
    ("html", "tags", "depth", "formatting", "attributes"),
    [
        ("", 0, 0, 0, 0),
        ("<p>a</p>", 2, 1, 0, 0),
        ("<p>a<p>b<p>c", 3, 1, 0, 0),
        ("<div><div></div></div><div>", 5, 2, 0, 0),
        ("<ul><li>a<li>b<ul><li>c</ul></ul>", 7, 4, 0, 0),
        ("<table><tr><td>a<td>b<tr><td>c</table><table>", 8, 3, 0, 0),
        ("<br><img><hr>", 3, 0, 0, 0),
        ("<b>x</b><i>y</i>", 4, 1, 1, 0),
        ("<b><i>x</b></i>", 4, 2, 2, 0),  # tangled: nothing is closed for sure
        ("<b>x<!-- </b> -->", 2, 1, 1, 0),  # what stands in a comment closes nothing
        ("<b>x<script></b></script>", 4, 2, 1, 0),
        ("<DIV></div>", 2, 1, 0, 0),
        ("<svg><path/><path/></svg>", 4, 3, 0, 0),
        ("<svg></svg><input><input>", 4, 3, 0, 0),  # in SVG these hold what follows
        ("<a b=c d='e>' f=\"<g>\" h/i>", 2, 2, 0, 25),  # and what stands in an attribute may be a tag
        ("a < b and </ c", 0, 0, 0, 0),
    ],
)
def test_what_the_scan_sees(html: str, tags: int, depth: int, formatting: int, attributes: int) -> None:
    assert tangle_of(html.encode()) == Tangle(tags, depth, formatting, attributes, False)


NAMES = "div p b i a span ul li table tr td svg path select option script textarea title template math mi x-y input br"
SOUP = st.lists(
    st.one_of(
        st.sampled_from(NAMES.split()).map("<{}>".format),
        st.sampled_from(NAMES.split()).map("</{}>".format),
        st.sampled_from(
            ["text", "<!--", "-->", "<b a=1>", "<p title='", "'>", '"', "<", ">", "/>", "<![CDATA[", "<?x"]
        ),
    ),
    max_size=60,
).map("".join)


@settings(max_examples=400, deadline=None)
@given(SOUP)
def test_no_tree_is_deeper_than_the_scan_says(html: str) -> None:
    from resiliparse.parse.html import HTMLTree

    found = tangle_of(html.encode())
    deepest = found.depth + 3  # html, body; and what a table needs around its cells
    deepest += 2 * html.count("<t")
    tree = HTMLTree.parse(html)
    most = deepest + found.formatting * (html.count("<") + 1)  # opened again
    assert tree.document.query_selector("*" + ">*" * most) is None


@settings(max_examples=200, deadline=None)
@given(SOUP)
def test_no_tree_has_more_elements_than_the_bounds_allow(html: str) -> None:
    from resiliparse.parse.html import HTMLTree

    found = tangle_of(html.encode())
    elements = len(HTMLTree.parse(html).document.query_selector_all("*"))
    assert elements <= 4 + 3 * found.tags + found.formatting * (2 * found.tags + 2)


@pytest.mark.parametrize(
    ("tangle", "says"),
    [
        (Tangle(200_000, 9, 0, 0, False), ""),
        (Tangle(200_001, 9, 0, 0, False), "200,001 tags, more than 200,000"),
        (Tangle(9, 9, 0, 0, True), "tags with endless attributes, or quotes that are never closed"),
        (Tangle(100_000, 60_000, 0, 0, False), ""),
        (Tangle(100_000, 60_001, 0, 0, False), "up to 60,001 elements inside one another, in 100,000 tags"),
        (Tangle(40_000, 500, 500, 0, False), ""),  # attributes go, and what is the same is opened three times at most
        (Tangle(50_000, 500, 500, 0, False), "up to 500 unclosed elements of formatting, in 50,000 tags"),
    ],
)
def test_what_is_too_much(tangle: Tangle, says: str) -> None:
    assert too_much(tangle) == says


def test_formatting_that_would_be_opened_again_and_again_loses_its_attributes_and_no_text() -> None:
    page = "<p>" + "".join(f"<i id='{n}>'>" for n in range(300)) + "start</p>" + "<p>more</p>" * 3_000
    text, wrong = text_of(page, "all")
    assert (text.split()[-1], text.count("more"), wrong) == ("more", 3_000, "")
