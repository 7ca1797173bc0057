"""c4pipe.text.repeats: counts of repeated runs of words, against the plain ones."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from c4pipe.text.repeats import Repeats, repeated_chars
from c4pipe.text.runs import KnownWords
from tests.text.plain_repeats import plainly

ROSE = ["a", "rose", "is", "a", "rose", "is", "a", "rose"]
NUMBERED = KnownWords()  # of all tests: words that other texts have do not matter
FEW = st.lists(st.sampled_from(["a", "b", "ab", "ba", "é", "😀", "\ud800"]), max_size=40)


@pytest.mark.parametrize(
    ("how", "expected"),
    [
        (Repeats.TOP, [3, 18, 18, 22]),  # "a" stands three times, as "rose" does, and comes first
        (Repeats.TOP_LONGEST, [12, 15, 14, 22]),
        (Repeats.GREEDY, [12, 8, 7, 8]),
        (Repeats.COVERED, [19, 19, 19, 19]),
    ],
)
def test_the_rose(how: Repeats, expected: list[int]) -> None:
    assert repeated_chars(NUMBERED.numbered(ROSE), (1, 2, 3, 4), how) == [*expected, 19]


@pytest.mark.parametrize("how", Repeats)
@given(words=FEW)
@example(words=[])
@example(words=["a"])
@example(words=["ab", "a", "a", "ba"])  # the same characters in other words
def test_the_counts_are_the_plain_ones(how: Repeats, words: list[str]) -> None:
    sizes = (1, 2, 3, 5)
    expected = [plainly(words, size, how) for size in sizes] + [sum(map(len, words))]
    assert repeated_chars(NUMBERED.numbered(words), sizes, how) == expected


LONG = ["abcdefghijklmnopqrst", "abcdefghijklmnop", "qrst", "abcdefghijklmnopqrs", "t", "tu", "u", "abcdefgh"]


@pytest.mark.parametrize("how", Repeats)
@pytest.mark.parametrize("sizes", [(1, 2, 3, 4, 5), (3, 2, 2, 5)], ids=str)
@given(words=st.lists(st.sampled_from(LONG), max_size=30))
@example(words=["abcdefghijklmnopqrs", "tu", "abcdefghijklmnopqrst", "u"])
def test_long_words_that_begin_alike(how: Repeats, sizes: tuple[int, ...], words: list[str]) -> None:
    expected = [plainly(words, size, how) for size in sizes] + [sum(map(len, words))]
    assert repeated_chars(NUMBERED.numbered(words), sizes, how) == expected


@given(st.lists(st.text(st.characters(exclude_categories=["Zs", "Zl", "Zp", "Cc"]), min_size=1, max_size=9)))
def test_words_of_any_characters_are_counted(words: list[str]) -> None:
    twice = words * 2
    for how in Repeats:
        assert repeated_chars(NUMBERED.numbered(twice), (2, 4), how)[:2] == [plainly(twice, n, how) for n in (2, 4)]


def test_a_run_of_no_words_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one word"):
        repeated_chars(NUMBERED.numbered(ROSE), (0,), Repeats.TOP)
