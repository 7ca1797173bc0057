"""URLs and selections: what is understood, what is refused, and that a link says all of it."""

from __future__ import annotations

from urllib.parse import parse_qsl

import pytest
from hypothesis import given
from hypothesis import strategies as st

from c4pipe.corpus.stats import registered
from c4pipe.errors import ConfigError
from c4pipe.facts.corpus import Corpus
from c4pipe.inspect.serve.conditions import condition
from c4pipe.inspect.serve.selection import FIELDS, LONGEST_SEARCH, Known, Selection, known, parse
from c4pipe.shards import PAGE_SCHEMA

HAS = Known(("en", "de"), ("train", "validation"), ("clean/few_words", "read/no_url"))


def test_a_url_says_what_is_selected() -> None:
    query = "q=Harbour&in=text&config=de&split=train&domain=a.org&min=10&max=20"
    found = parse(parse_qsl(query), HAS)
    assert found == Selection("Harbour", "text", "", "de", "train", "", "a.org", 10, 20)
    assert found.query() == query
    assert found.query(after="0:50") == f"{query}&after=0%3A50"


def test_nothing_asked_is_everything_kept() -> None:
    assert parse([], HAS) == parse([("q", ""), ("min", ""), ("utm_source", "x")], HAS) == Selection()
    assert Selection().query() == ""


@given(
    q=st.text(max_size=50),
    field=st.sampled_from(FIELDS),
    outcome=st.sampled_from(["", "rejected", *HAS.outcomes]),
    config=st.sampled_from(["", *HAS.configs]),
    split=st.sampled_from(["", *HAS.splits]),
    domain=st.text(max_size=30).map(lambda typed: registered(typed) or typed),
    lengths=st.tuples(st.integers(0, 10**12), st.integers(0, 10**12)).map(sorted),
)
def test_a_link_opens_the_same_view(
    q: str, field: str, outcome: str, config: str, split: str, domain: str, lengths: list[int]
) -> None:
    selection = Selection().but(
        q=q, field=field, outcome=outcome, config=config, split=split, domain=domain, least=lengths[0], most=lengths[1]
    )
    assert parse(parse_qsl(selection.query(), keep_blank_values=True), HAS) == selection


def test_rejected_pages_have_no_language_and_no_split() -> None:
    found = parse([("config", "de"), ("split", "train"), ("outcome", "clean/few_words")], HAS)
    assert found == Selection(outcome="clean/few_words")
    assert Selection(config="de").but(outcome="rejected") == Selection(outcome="rejected")


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("config=fr", r"unknown value of config, 'fr'. Known: en, de"),
        ("split=test", "Known: train, validation"),
        ("outcome=clean", "Known: .*clean/few_words"),
        ("outcome=clean/few_word", "Did you mean 'clean/few_words'"),
        ("in=body", "Known: any, text, url"),
        ("min=x", "min='x' is no whole number"),
        ("max=-1", "max='-1' is no whole number"),
        ("min=%D9%A3", "no whole number"),
        ("max=99999999999999", "no whole number"),
        ("min=5&max=4", "min=5 is more than max=4"),
        ("q=" + "x" * 1001, "longer than 1,000 characters"),
        ("q=a&q=b", "q is given twice"),
    ],
)
def test_what_no_corpus_has_is_refused_in_words(query: str, words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        parse(parse_qsl(query), HAS)


def test_a_corpus_without_a_table_has_no_outcomes(mixture: Corpus) -> None:
    assert known(mixture) == Known(("mixture",), ("train",), (), columns=tuple(PAGE_SCHEMA.names))
    with pytest.raises(ConfigError, match="Known: rejected"):
        parse([("outcome", "clean/few_words")], known(mixture))


def test_configs_come_by_size(hostile: Corpus) -> None:
    assert known(hostile).configs == ("en", "de")


def test_what_is_typed_is_bound_and_never_sql() -> None:
    where, values = condition(Selection(q="' OR 1=1 --", domain="'; DROP VIEW pages"))
    assert "OR 1=1" not in where
    assert "DROP" not in where
    assert values["domain"] == "'; DROP VIEW pages"


def test_capitals_count_where_one_is_typed() -> None:
    assert condition(Selection(q="abc.")) == (
        "(regexp_matches(url, $q0, 'i') OR regexp_matches(text, $q0, 'i'))", {"q0": r"abc\."},
    )  # fmt: skip
    assert condition(Selection(q="Abc.", field="text")) == ("(contains(text, $q0))", {"q0": "Abc."})
    assert Selection(most=LONGEST_SEARCH).lengths is False


@pytest.mark.parametrize(
    "url",
    ["http://a.co.uk/", "HTTP://WWW.A.COM/x", "http://München.de", "http://xn--mnchen-3ya.de/", "http://a\u3002b\uff0ecom/",
     "http://1.2.3.4:80/", "http://[::1]:8000/", "http://u:p@b.a.example:1/", "a.example", "", "javascript:alert(1)",
     "http://a.b.c.d.github.io/", "//x", "http://../", "http://com/", "@host", "http://a..com/"],
)  # fmt: skip
def test_the_label_that_is_looked_for_first_stands_in_the_url(url: str) -> None:
    assert condition(Selection(domain=registered(url) or "x"))[1]["label"] in f"{url}x"
