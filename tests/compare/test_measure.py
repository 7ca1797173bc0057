"""Two corpora beside each other: equals, the same, swapped, one that is damaged, and what is too little."""

from __future__ import annotations

import random

import pytest

from c4pipe.compare.domains import MOST_TEST_BYTES, DomainTexts
from c4pipe.compare.measure import MOST_BYTES, CorpusSide, Measured, measure
from c4pipe.errors import ConfigError

SYLLABLES = [
    "ba",
    "ten",
    "mor",
    "lin",
    "dar",
    "es",
    "ing",
    "ter",
    "sol",
    "wen",
    "tha",
    "ri",
    "ock",
    "ham",
    "ley",
    "for",
]
WORDS = ["".join(random.Random(number).choices(SYLLABLES, k=1 + number % 4)) for number in range(600)]
Page = tuple[str, str]


def pages_of(seed: int, number: int = 400, words: int = 120) -> list[Page]:
    """Made-up pages of as many sites as there are fives in their number."""
    rng = random.Random(seed)
    return [(f"site{at // 5}.example", " ".join(sentence(rng, words))) for at in range(number)]


def sentence(rng: random.Random, words: int) -> list[str]:
    """Words in runs, so that order matters."""
    found: list[str] = []
    while len(found) < words:
        at = min(int(rng.paretovariate(0.8)), len(WORDS) - 4)
        found += WORDS[at : at + 4]
    return found


def side(pages: list[Page]) -> CorpusSide:
    return CorpusSide(pages, sum(len(text.encode()) for _, text in pages))


DOMAINS = {
    "news": [text for _, text in pages_of(7, 20)],
    "talks": [text for _, text in pages_of(8, 10, 40)],
}


def compared(a: list[Page], b: list[Page]) -> Measured:
    return measure(side(a), side(b), DOMAINS)


EQUALS = compared(pages_of(1), pages_of(2))


def test_equals_cannot_be_told_apart() -> None:
    assert [one.winner for one in (*EQUALS.domains, EQUALS.overall)] == ["cannot tell"] * 3
    assert [one.domain for one in (*EQUALS.domains, EQUALS.overall)] == ["news", "talks", "overall"]
    assert EQUALS.overall.documents == 30
    assert EQUALS.overall.bytes == sum(len(text) for texts in DOMAINS.values() for text in texts)
    assert EQUALS.pages == (400, 400)
    for one in (*EQUALS.domains, EQUALS.overall):
        assert 0 < abs(one.difference) < one.null < 0.5
        assert 0.01 < one.chance < 1
        assert one.difference == pytest.approx(one.bits[1] - one.bits[0])
        assert one.pages is None or one.pages > 0


def test_swapped_they_differ_the_other_way_round() -> None:
    back = compared(pages_of(2), pages_of(1))
    for one, other in zip((*EQUALS.domains, EQUALS.overall), (*back.domains, back.overall), strict=True):
        assert other.bits == pytest.approx(one.bits[::-1])
        assert other.difference == pytest.approx(-one.difference)
        assert (other.null, other.chance, other.pages) == pytest.approx((one.null, one.chance, one.pages))


def test_a_corpus_does_not_differ_from_itself_whatever_its_order() -> None:
    same = compared(pages_of(1), pages_of(1)[::-1])
    assert (same.overall.difference, same.overall.null, same.overall.winner) == (0, 0, "cannot tell")
    assert (same.overall.chance, same.overall.pages) == (1, None)


def test_shuffled_words_are_found() -> None:
    rng = random.Random(3)
    damaged = [(site, " ".join(rng.sample(text.split(), len(text.split())))) for site, text in pages_of(2)]
    found = compared(pages_of(1), damaged)
    assert [one.winner for one in (*found.domains, found.overall)] == ["A"] * 3
    assert found.overall.pages is None
    assert compared(damaged, pages_of(1)).overall.winner == "B"


def test_pages_of_both_cancel() -> None:
    """A variant of a corpus is told from it by less than another draw of pages would make."""
    pages = pages_of(1)
    null = compared(pages, [(site, text.replace(" ", "  ", 1)) for site, text in pages]).overall.null
    assert null < EQUALS.overall.null / 5


def test_the_larger_corpus_is_thinned_unless_it_is_taken_as_it_is() -> None:
    large, small = pages_of(1, 1600), pages_of(2)
    found = measure(side(large), side(small), DOMAINS)
    assert found.bytes[0] == pytest.approx(found.bytes[1], rel=0.15)
    assert found.pages[1] == 400
    assert found.overall.winner == "cannot tell"
    whole = measure(side(large), side(small), DOMAINS, equal=False)
    assert whole.pages == (1600, 400)
    assert whole.overall.difference > found.overall.difference


@pytest.mark.parametrize("equal", [True, False])
def test_of_corpora_that_are_too_large_a_part_is_counted(equal: bool) -> None:
    one, other = (CorpusSide(pages_of(seed), 2 * MOST_BYTES) for seed in (1, 2))
    found = measure(one, other, DOMAINS, equal=equal)
    assert found.pages == (pytest.approx(200, abs=50), pytest.approx(200, abs=50))


@pytest.mark.parametrize(
    ("a", "domains", "message"),
    [
        (pages_of(1), {}, "no test text"),
        (pages_of(1), {"news": ["one"]}, "'news' has 1 document"),
        (pages_of(1), {"news": ["", "one"]}, "'news' has 1 document"),
        ([], DOMAINS, "0 groups of sites"),
        (pages_of(1, 5), DOMAINS, "1 group of sites"),
    ],
)
def test_of_too_little_nothing_is_told(a: list[Page], domains: dict[str, list[str]], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        measure(side(a), side(pages_of(2)), domains)


def test_long_texts_are_cut_so_that_each_domain_has_its_room() -> None:
    tests = DomainTexts({"long": ["a" * MOST_TEST_BYTES, "b" * 10], "short": ["c", "d"]})
    assert [len(text) for text in tests.texts] == [MOST_TEST_BYTES // 2 - 10, 10, 1, 1]
    assert tests.bytes.tolist() == [MOST_TEST_BYTES // 2, 2]
