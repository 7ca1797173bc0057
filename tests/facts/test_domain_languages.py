"""Losses by language and domain together: of a whole table exact, of a sample estimates that hold what is true."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from c4pipe.corpus.stats import registered
from c4pipe.errors import ConfigError
from c4pipe.facts.corpus import Corpus, connect, open_corpus
from c4pipe.facts.domain_languages import (
    DomainLanguageLoss,
    FallenByPair,
    domain_language_losses,
    ordered_within,
)
from c4pipe.facts.losses import read_losses
from c4pipe.facts.unasked import FallenPages, NeverAsked, PagesBetween
from c4pipe.page import Page
from tests.inspect import tiny


@pytest.mark.parametrize("name", ["samples", "languages"])
def test_of_a_whole_table_every_number_is_counted(name: str, request: pytest.FixtureRequest) -> None:
    corpus: Corpus = request.getfixturevalue(name)
    views = connect(corpus)
    found = domain_language_losses(views, corpus)
    assert not found.sampled
    sides = []
    for sql in ("pages", "rejected WHERE stage NOT IN ('', 'read')"):
        rows = views.execute(f"SELECT language, url FROM {sql}").fetchall()
        sides.append(Counter((language or "", registered(url)) for language, url in rows))
    assert {(row.language, row.domain): row.kept for row in found.rows if row.kept} == sides[0]
    assert {(row.language, row.domain): row.lost.pages for row in found.rows if row.lost.pages} == sides[1]
    assert all(row.lost.low == row.held == row.lost.high for row in found.rows)
    losses = read_losses(corpus)
    assert losses is not None
    by_domain = Counter[str]()
    for row in found.rows:
        by_domain[row.domain] += row.held
    assert {row.key: row.lost.pages for row in losses.by_group("domain") if row.lost.pages} == +by_domain
    for rule, cell in losses.rules.items():
        if cell.unit == "page":
            of_rule = domain_language_losses(views, corpus, rule)
            (lost,) = {row.key: row.lost.pages for row in losses.by_rule() if row.key == rule}.values()
            assert sum(row.held for row in of_rule.rows) == lost
    with pytest.raises(ConfigError, match="drops pages"):
        domain_language_losses(views, corpus, "clean/no_end_mark")


def test_a_sample_gives_estimates(tmp_path: Path) -> None:
    rows = [
        tiny.lost(f"http://{'a' if n < 3 else 'b'}.example/{n}", "clean", "few_sentences", "x", language="de")
        for n in range(10)
    ]
    kept = [Page(f"http://a.example/kept/{n}", "Kept.", "2024", f"a#{n}", language="de") for n in range(30)]
    stages = [{"stage": "read", "rejected": {}}, {"stage": "clean", "rejected": {"few_sentences": 100}}]
    corpus = open_corpus(tiny.write(tmp_path / "c4", kept, rows, ledger={"stages": stages}))
    found = domain_language_losses(connect(corpus), corpus)
    assert found.sampled
    a, b = found.rows
    assert (a.language, a.domain, a.kept, a.held, round(a.lost.pages)) == ("de", "a.example", 30, 3, 30)
    assert (b.kept, b.held, round(b.lost.pages)) == (0, 7, 70)
    assert 3 <= a.lost.low < 30 < a.lost.high < 93
    assert a.interval is not None
    assert a.interval[0] < a.share == 0.5 < a.interval[1]
    assert b.interval is None  # of seven pages
    assert found.within("de", "b.example") == [b]
    assert found.within("en", None) == []


SeenRule = tuple[dict[tuple[str, str], int], int]
counts = st.dictionaries(st.tuples(st.sampled_from(["de", "en"]), st.sampled_from("abc")), st.integers(1, 20))


@given(st.lists(st.tuples(counts, st.integers(0, 300)), max_size=4), st.floats(0.5, 4))
def test_the_sums_are_those_of_independent_samples(rules: list[SeenRule], errors: float) -> None:
    """As `NeverAsked.of` has them, pair by pair."""
    fell = {("clean", str(n)): FallenPages(sum(seen.values()) + more, seen) for n, (seen, more) in enumerate(rules)}
    keys = [("de", "a"), ("en", "c"), ("fr", "a")]
    expected = NeverAsked("", fell)
    for key, found in zip(keys, FallenByPair(fell).between(keys, errors), strict=True):
        pages, low, high = expected.of(key, errors)
        held = sum(seen.get(key, 0) for seen, _ in rules)
        assert found.pages == pytest.approx(pages)
        assert found.low == pytest.approx(max(held, low))
        assert found.high == pytest.approx(high)


def test_rows_come_in_any_order_and_those_that_are_alike_by_domain() -> None:
    rows = [
        DomainLanguageLoss(language, domain, kept, 1, PagesBetween(1, 1, 1))
        for language, domain, kept in (("en", "b", 3), ("de", "b", 1), ("de", "a", 1))
    ]
    order = {by: [row.language + row.domain for row in ordered_within(rows, by, True)] for by in ("domain", "kept")}
    assert order == {"domain": ["dea", "deb", "enb"], "kept": ["dea", "deb", "enb"]}
    assert [row.kept for row in ordered_within(rows, "share", False)] == [1, 1, 3]
