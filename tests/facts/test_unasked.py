"""Languages of pages rejected before they were asked: what is counted, what is estimated, and that intervals hold."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from c4pipe.corpus.cells import KEPT_CELL, LossCell
from c4pipe.facts.corpus import Corpus, connect, open_corpus
from c4pipe.facts.losses import Amount, CorpusLosses, _Row, read_losses
from c4pipe.facts.shares import critical
from c4pipe.facts.unasked import FallenPages, NeverAsked, PagesBetween, with_never_asked
from tests.conftest import Build
from tests.inspect.conftest import SAMPLES

SHORT = LossCell("paragraphs", "few_paragraphs", "page")
BAD = LossCell("badwords", "bad_word", "page")


def corpus_of(never: NeverAsked) -> CorpusLosses:
    """1,000 pages, each of a domain of its own: 411 of en kept and 23 bad, 220 of de kept and 10 bad, 336 short."""
    counts = [(KEPT_CELL, "en", 411), (BAD, "en", 23), (KEPT_CELL, "de", 220), (BAD, "de", 10), (SHORT, "", 336)]
    rows = [_Row(cell, Amount(n, n, n), {"language": language, "bin": 9}) for cell, language, n in counts]
    domains = [
        _Row(cell, Amount(1, 1, 1), {"domain": f"{cell.reason}-{language}-{number}.example"})
        for cell, language, n in counts
        for number in range(n)
    ]
    return CorpusLosses(rows, domains, never)


def test_a_language_is_not_said_to_lose_less_by_its_survivors_alone() -> None:
    sample = {"en": 109, "de": 33, "ru": 58}  # of 336
    losses = corpus_of(NeverAsked("cld2", {("paragraphs", "few_paragraphs"): FallenPages(336, sample)}))
    english, german, russian, none = (
        next(row for row in losses.by_group("language") if row.key == key) for key in ("en", "de", "ru", "")
    )
    assert english.whole is not None
    assert english.whole.lost.pages == pytest.approx(23 + 109 / 200 * 336)
    assert english.whole.share == pytest.approx((23 + 183.12) / (434 + 183.12))
    assert not english.whole.counted
    assert english.interval is not None
    assert english.interval[0] < english.whole.least < english.whole.share < english.whole.most < english.interval[1]
    assert english.more == 0  # 23 of 434 would be surely less than 369 of 1,000
    assert german.more == -1
    assert (russian.lost.pages, russian.came.pages, russian.more) == (0, 0, 1)  # all that is known of it fell
    assert none.whole is None
    survivors = corpus_of(NeverAsked("", {}))
    assert next(row for row in survivors.by_group("language") if row.key == "en").more == -1


def test_where_the_table_says_nothing_they_may_be_anyones() -> None:
    losses = corpus_of(NeverAsked("", {("paragraphs", "few_paragraphs"): FallenPages(336, {})}))
    english = next(row for row in losses.by_group("language") if row.key == "en")
    assert english.whole is not None
    assert english.whole.share is None
    assert english.whole.lost == PagesBetween(23, 23, 23 + 336)
    assert english.more == 0


def test_a_rule_behind_has_the_pages_before_it_among_those_that_came() -> None:
    never = NeverAsked("cld2", {("paragraphs", "few_paragraphs"): FallenPages(300, {"en": 200, "de": 100})})
    english = with_never_asked(never, "en", BAD, 20, 400, 0, critical(1))
    assert (english.lost.pages, english.came.pages, english.share, english.counted) == (20, 600, 20 / 600, True)
    short = with_never_asked(never, "en", SHORT, 0, 400, 300, critical(1))
    assert (short.lost.pages, short.share) == (200, 200 / 600)
    lines = with_never_asked(never, "en", LossCell("clean", "policy", "line"), 20, 400, 30, critical(1))
    assert (lines.lost, lines.share) == (PagesBetween(20, 20, 50), None)  # any of the 30 may be English
    assert (lines.least, lines.most) == (20 / 600, 50 / 600)


LANGUAGES = st.dictionaries(st.sampled_from(["en", "de", "ru"]), st.integers(0, 30), min_size=1)


@given(LANGUAGES, LANGUAGES, st.integers(0, 500), st.integers(0, 50), st.integers(0, 500))
def test_bounds_hold_the_estimate_and_what_the_table_has(
    one: dict[str, int], other: dict[str, int], more: int, lost: int, kept: int
) -> None:
    rules = {("a", str(n)): FallenPages(sum(seen.values()) + more, seen) for n, seen in enumerate((one, other))}
    never = NeverAsked("cld2", rules)
    for cell in (None, BAD, LossCell("a", "0", "page"), LossCell("a", "0", "line")):
        found = with_never_asked(never, "en", cell, lost, lost + kept, 7, critical(3))
        assert lost <= found.lost.low <= found.lost.pages + 1e-9
        assert found.lost.pages <= found.lost.high + 1e-9
        assert found.lost.high <= lost + never.pages + 1e-9
        assert 0 <= found.least <= found.most <= 1
        if found.share is not None:
            assert found.least - 1e-9 <= found.share <= found.most + 1e-9


def test_nineteen_of_twenty_samples_hold_the_truth() -> None:
    """Two rules with 336 and 700 pages, of which 200 each are drawn: 95 % of 400 draws, less three standard errors."""
    chance = random.Random(7)
    pools = [["en"] * 120 + ["de"] * 216, ["en"] * 90 + ["de"] * 610]
    held = 0
    for _ in range(400):
        rules = {}
        for number, pool in enumerate(pools):
            drawn = chance.sample(pool, 200)
            rules["clean", str(number)] = FallenPages(len(pool), {name: drawn.count(name) for name in set(drawn)})
        span = NeverAsked("cld2", rules).of("en", critical(1))
        held += span.low <= 210 <= span.high
    assert held >= 0.917 * 400


def test_of_a_build_with_all_rejected_pages_they_are_what_sql_counts(built: Build) -> None:
    corpus = open_corpus(built(SAMPLES, "--preset", "en", "--rejected", "all"))
    losses = read_losses(corpus)
    assert losses is not None
    assert losses.never.pages
    assert not losses.never.sampled
    sql = "SELECT language, count(*) FROM rejected WHERE stage NOT IN ('', 'read') GROUP BY ALL"
    fell = dict(connect(corpus).execute(sql).fetchall())
    told = {row.key: row.whole.lost for row in losses.by_group("language") if row.whole is not None}
    assert {key: lost.pages for key, lost in told.items() if lost.pages} == fell
    assert all(lost.low == lost.high for lost in told.values())
    older = {name: value for name, value in corpus.manifest.items() if name != "rejected_languages"}
    unsaid: Corpus = corpus._replace(manifest=older)
    before = read_losses(unsaid)
    assert before is not None
    assert not before.never.told
    known, unknown = (
        next(row.interval for row in each.by_group("language") if row.key == "en") for each in (losses, before)
    )
    assert known is not None
    assert unknown is not None
    assert unknown[0] < known[0] < known[1] < unknown[1]


def test_a_build_without_a_rejected_table_says_so(built: Build, tmp_path: Path) -> None:
    corpus = open_corpus(built(SAMPLES, "--preset", "en", "--rejected", "none"))
    losses = read_losses(corpus)
    assert losses is not None
    assert losses.never.pages
    assert not losses.never.told
