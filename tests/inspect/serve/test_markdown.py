"""Pages of reasons as HTML: what they are written with becomes elements, and no text becomes one."""

from __future__ import annotations

import re
from html import unescape
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from c4pipe.corpus.catalogue import known_reasons
from c4pipe.facts.corpus import Corpus
from c4pipe.inspect.rule_pages import rule_page
from c4pipe.inspect.serve.markdown import markdown_html
from c4pipe.inspect.serve.taken import TakenHere, taken_here
from tests.inspect.serve.conftest import Ask
from tests.inspect.serve.test_app import text_of

TABLE = "| rule | it \\| takes |\n| --- | ---: |\n| `a\\|b` | 1,000 |\n"
WRITTEN = {"p", "h1", "h2", "h3", "h4", "h5", "h6", "pre", "code", "ul", "li", "a", "div", "span"} | {
    "table", "thead", "tbody", "tr", "th", "td"
}  # fmt: skip


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("## In the *samples*\n", "<h2>In the *samples*</h2>"),
        ("One\ntwo & <b>.\n\nThree\n", "<p>One two &amp; &lt;b&gt;.</p>\n<p>Three</p>"),
        ("* `x`: 1\n* y\n", "<ul>\n<li><code>x</code>: 1</li>\n<li>y</li>\n</ul>"),
        (
            "```text\n# no `code` <i>\n\n[a](few_words.md)\n```\n",
            "<pre># no `code` &lt;i&gt;\n\n[a](few_words.md)</pre>",
        ),
        ("`` a ` b `` and \\`c\\` &lt;d", "<p><code>a ` b</code> and `c` &lt;d</p>"),
        (
            "See [`few_words`](few_words.md), [how](README.md#x) [b](../c.md) [c](javascript:x)",
            '<p>See <a href="/rule/few_words"><code>few_words</code></a>, how b c</p>',
        ),
        ("| no | ruler |\n", "<p>| no | ruler |</p>"),
    ],
)
def test_what_it_is_written_with(text: str, html: str) -> None:
    assert markdown_html(text, title=False) == html


def test_a_table() -> None:
    html = str(markdown_html(TABLE, title=False))
    assert '<thead><tr><th scope="col">rule</th><th scope="col" class="num">it | takes</th></tr></thead>' in html
    assert '<tr><th scope="row"><code>a|b</code></th><td class="num">1,000</td></tr>' in html
    assert "<thead>" not in markdown_html("| | |\n| --- | --- |\n| why | so |\n", title=False)


@pytest.mark.parametrize("code", known_reasons())
def test_of_every_page_no_markdown_is_left(code: str) -> None:
    bare = re.sub(r"<(pre|code)>.*?</\1>", "", str(markdown_html(rule_page(code))), flags=re.S)
    assert not re.search(r"```|\| ?---|^#|^\* |&amp;(lt|amp);|`", bare, re.M)


@given(st.text(st.sampled_from("#|-`[]()* \n\\<>&\"'a.md:/\u202e")))
def test_no_text_becomes_an_element(text: str) -> None:
    met: list[tuple[str, dict[str, str | None]]] = []

    class Elements(HTMLParser):
        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            met.append((tag, dict(attrs)))

    Elements().feed(str(markdown_html(text)))
    assert {tag for tag, _ in met} <= WRITTEN
    assert all(str(attrs["href"]).startswith("/rule/") for tag, attrs in met if tag == "a")


def test_what_a_reason_took_here() -> None:
    stages = [
        {"stage": "read", "in": 9, "rejected": {"no_url": 2}, "lines_dropped": {}, "flagged": {"length_mismatch": 1}},
        {
            "stage": "spans", "in": 7, "rejected": {}, "lines_dropped": {"repeated_span": 3}, "lines": {"in": 40},
            "sentences_dropped": {"repeated_span": 1000},
            "characters": {"rejected": {}, "dropped": {"repeated_span": 512}},
        },
    ]  # fmt: skip
    manifest = {"ledger": {"stages": stages}}
    assert taken_here(manifest, "no_url") == [TakenHere("read", ("2 pages",), "9 pages", None)]
    assert taken_here(manifest, "repeated_span") == [
        TakenHere("spans", ("3 lines", "1,000 sentences"), "7 pages, 40 lines", 512)
    ]
    assert taken_here(manifest, "length_mismatch") == [
        TakenHere("read", ("1 page kept, but flagged",), "9 pages", None)
    ]
    assert taken_here(manifest, "policy") == taken_here({}, "policy") == []


def test_the_page_of_a_reason_has_the_numbers_of_this_corpus(samples: Corpus, viewer: Ask) -> None:
    html = viewer(samples).get("/rule/no_end_mark").text
    text = text_of(html)
    (clean,) = (row for row in samples.manifest["ledger"]["stages"] if row["stage"] == "clean")
    lost, chars = (clean[name][part] for name, part in (("lines_dropped", "no_end_mark"), ("characters", "dropped")))
    told = f"clean {lost:,} lines {clean['in']:,} pages, {clean['lines']['in']:,} lines {chars['no_end_mark']:,}"
    assert told in text
    assert text.index(told) < text.index("Its numbers come from sample pages and eight other WET files")
    assert "<h2>On real pages</h2>" in html
    assert "| ---" not in unescape(html)
    assert "It dropped nothing here" in text_of(viewer(samples).get("/rule/dclm_blank").text)
