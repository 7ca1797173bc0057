"""The compiled models beside plain ones over dictionaries, for any bytes and any union of parts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from math import log2

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from c4pipe.compare.grams import CORPUS_PARTS, ESCAPE, GramCounts, byte_bits, count_grams
from c4pipe.compare.strings import MOST_GRAM, PAGE_END, Strings, strings_of
from c4pipe.text import hash64

TEXTS = st.text("aab\nü\0", max_size=30)
PAGES = st.lists(st.tuples(st.sampled_from(["a.example", "b.example", "c.example"]), TEXTS), max_size=6)
TESTS = st.lists(TEXTS.filter(bool), min_size=1, max_size=3)


def plain_counts(texts: Iterable[str]) -> Counter[bytes]:
    """How often each string stands in the pages; the empty one stands before every byte."""
    counts: Counter[bytes] = Counter()
    for text in texts:
        data = text.encode() + PAGE_END
        counts.update(data[at : at + size] for size in range(1, MOST_GRAM + 1) for at in range(len(data) - size + 1))
        counts[b""] += len(data)
    return counts


def plain_bits(counts: Counter[bytes], test: bytes) -> list[float]:
    """What each byte costs."""
    return [
        -log2(plain_chance(counts, test[max(0, at - MOST_GRAM + 1) : at], test[at : at + 1])) for at in range(len(test))
    ]


def plain_chance(counts: Counter[bytes], context: bytes, byte: bytes) -> float:
    shorter = plain_chance(counts, context[1:], byte) if context else 1 / 256
    seen = counts[context]
    escape = ESCAPE * seen**0.5
    return (counts[context + byte] + escape * shorter) / (seen + escape) if seen else shorter


def bits_of(strings: Strings, counted: GramCounts, parts: Sequence[int]) -> list[float]:
    bits: list[float] = byte_bits(strings, counted.counts[[*parts]].sum(axis=0, dtype=np.int64)).tolist()
    return bits


def test_of_nothing_a_byte_costs_eight_bits() -> None:
    strings = strings_of([b"abc"])
    assert bits_of(strings, count_grams(strings, []), range(CORPUS_PARTS)) == [8.0, 8.0, 8.0]


def test_the_strings_of_a_text_are_numbered_by_length_and_bytes() -> None:
    strings = strings_of([b"aba"])
    assert strings.levels == (0, 1, 3, 5, 6, 6, 6, 6)  # "", a, b, ab, ba, aba
    assert strings.last.tolist()[1:] == [*b"abbaa"]
    assert strings.suffix.tolist() == [0, 0, 0, 2, 1, 4]
    assert strings.prefix.tolist() == [0, 0, 0, 1, 2, 3]
    assert strings.longest.tolist() == [1, 3, 5]
    assert [(strings.first[node], strings.first[node + 1]) for node in range(6)] == [
        (1, 3), (3, 4), (4, 5), (5, 6), (6, 6), (6, 6),
    ]  # fmt: skip


def test_what_followed_often_is_cheap() -> None:
    strings = strings_of([b"ab", b"ac"])
    counted = count_grams(strings, [("a.example", "ab" * 100 + "ac")])
    first, b, again, c = bits_of(strings, counted, range(CORPUS_PARTS))
    assert first == again
    assert b < 0.5 < 4 < c < 8


@given(PAGES, TESTS, st.sets(st.integers(0, CORPUS_PARTS - 1)) | st.just({*range(CORPUS_PARTS)}))
def test_they_are_plain_models_of_any_parts(pages: list[tuple[str, str]], tests: list[str], parts: set[int]) -> None:
    strings = strings_of([test.encode() for test in tests])
    counted = count_grams(strings, pages)
    counts = plain_counts(text for site, text in pages if hash64(site) % CORPUS_PARTS in parts)
    expected = [bits for test in tests for bits in plain_bits(counts, test.encode())]
    assert bits_of(strings, counted, sorted(parts)) == pytest.approx(expected, rel=1e-12)


@given(PAGES, TESTS, st.randoms())
def test_the_order_of_the_pages_is_of_no_account(pages, tests, random) -> None:
    strings = strings_of([test.encode() for test in tests])
    counted = count_grams(strings, pages)
    mixed = random.sample(pages, len(pages))
    assert all(map(np.array_equal, counted, count_grams(strings, mixed)))
    assert counted.bytes.sum() == sum(len(text.encode()) for _, text in pages)
    assert counted.pages.sum() == len(pages)


def test_pages_are_apart_and_hold_what_they_hold() -> None:
    strings = strings_of([b"ab"])
    assert bits_of(strings, count_grams(strings, [("", "a"), ("", "b")]), range(CORPUS_PARTS)) == pytest.approx(
        plain_bits(plain_counts(["a", "b"]), b"ab")
    )
    assert count_grams(strings, [("", "\ud800")]).bytes.sum() == 3  # half a character, as pages may have it
