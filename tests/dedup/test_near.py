"""c4pipe.dedup.near and .minhash against plain spellings of both, and against what the S-curve promises."""

from __future__ import annotations

import json
from dataclasses import replace
from statistics import fmean, pstdev

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from c4pipe.dedup import NearLevel
from c4pipe.dedup.minhash import OF_BANDS, OF_PERMUTATIONS, OF_SHINGLES, U32, estimated, factors, jaccard, minima
from c4pipe.errors import ConfigError
from c4pipe.page import Kept, Page, Rejected
from tests.text.oracle import hashed, pieces

LEVEL = NearLevel()
U64 = 2**64

words = st.sampled_from(["a", "b", "c", "The", "and", "über", "don't", "3", "東", "京", "ก", ","])
texts = st.lists(words, max_size=40).map(" ".join)
levels = st.builds(NearLevel, bands=st.integers(1, 5), rows=st.integers(1, 4), shingle=st.integers(1, 6))


# --- plain spellings ------------------------------------------------------------------------------------------------


def splitmix(seed: int, count: int) -> list[int]:
    found = []
    for _ in range(count):
        seed = (seed + 0x9E3779B97F4A7C15) % U64
        z = (seed ^ seed >> 30) * 0xBF58476D1CE4E5B9 % U64
        z = (z ^ z >> 27) * 0x94D049BB133111EB % U64
        found.append(z ^ z >> 31)
    return found


def plain_shingles(text: str, width: int) -> list[int]:
    found = [hashed(word) for word, _, _ in pieces(text)]
    runs = [found[i : i + width] for i in range(max(len(found) - width + 1, min(len(found), 1)))]
    return [sum(map(int.__mul__, run, splitmix(OF_SHINGLES, width))) % U64 >> 32 for run in runs]


def plain_minima(shingles: list[int], count: int) -> list[int]:
    numbers = splitmix(OF_PERMUTATIONS, 2 * count)
    pairs = zip(numbers[::2], numbers[1::2], strict=True)
    return [min((a * shingle + b) % U64 >> 32 for shingle in shingles) for a, b in pairs]


def plain_signature(level: NearLevel, text: str) -> tuple[list[int], bytes]:
    shingles = plain_shingles(text, level.shingle)
    if not shingles:
        return [], b""
    least = plain_minima(shingles, level.bands * level.rows)
    products = [*map(int.__mul__, least, splitmix(OF_BANDS, len(least)))]
    keys = [sum(products[i : i + level.rows]) % U64 for i in range(0, len(products), level.rows)]
    return keys, bytes(number % 256 for number in least)


@given(levels, texts)
def test_signatures_are_as_defined(level: NearLevel, text: str) -> None:
    assert level.signature(text) == plain_signature(level, text)
    assert level.shingles(text).tolist() == sorted(set(plain_shingles(text, level.shingle)))


@given(st.lists(st.integers(0, 2**32 - 1), min_size=1, max_size=70), st.integers(1, 20))
def test_the_kernel_is_numpy(shingles: list[int], count: int) -> None:
    """With lengths around what a processor holds at once."""
    some = np.array(shingles, np.uint32)
    a, b = factors(OF_PERMUTATIONS, 2 * count).reshape(-1, 2).T
    spelt = ((some[:, None].astype(np.uint64) * a + b) >> np.uint64(32)).min(axis=0)
    assert minima(some, count).tolist() == spelt.tolist()


# --- literal texts --------------------------------------------------------------------------------------------------


def test_a_signature_never_changes() -> None:
    """What a corpus keeps is compared with what later versions compute."""
    keys, bytes_ = NearLevel(bands=2, rows=2).signature("The quick brown fox jumps over the lazy dog.")
    assert (keys, bytes_.hex()) == ([10599984479400649935, 17515399894894841217], "f4d37e8d")


@pytest.mark.parametrize("text", ["", "\n", "... – !", "\ufe0f❤"])
def test_a_text_without_words_has_no_keys(text: str) -> None:
    assert LEVEL.signature(text) == ([], b"")
    assert LEVEL.shingles(text).tolist() == []


@pytest.mark.parametrize(
    ("text", "shingles"), [("One", 1), ("One two three four", 1), ("a b c d e", 1), ("a b c d e f", 2)]
)
def test_a_text_with_fewer_words_than_a_shingle_is_one(text: str, shingles: int) -> None:
    assert len(LEVEL.shingles(text)) == shingles
    keys, drawn = LEVEL.signature(text)
    assert (len(keys), len(drawn)) == (14, 112)


def test_order_counts_and_repetition_does_not() -> None:
    assert LEVEL.signature("one two") != LEVEL.signature("two one")
    again = "a b c d e f g h i j " * 2
    assert LEVEL.signature(again) == LEVEL.signature(again + again)


def test_no_key_of_one_band_is_one_of_another() -> None:
    keys = [key for number in range(200) for key in LEVEL.signature(f"{number}")[0]]
    assert len(set(keys)) == len(keys)


@pytest.mark.parametrize(
    ("one", "other", "similarity"),
    [("", "", 0), ("", "a", 0), ("a b c d e", "a b c d e", 1), ("a b c d e f", "b c d e f g", 1 / 3), ("a", "b", 0)],
)
def test_jaccard_is_the_share_of_shingles_that_both_have(one: str, other: str, similarity: float) -> None:
    assert jaccard(LEVEL.shingles(one), LEVEL.shingles(other)) == pytest.approx(similarity)


def test_sketches_that_agree_by_chance_alone_say_nothing() -> None:
    assert estimated(b"", b"") == 0
    assert estimated(b"\1" * 256, b"\1" * 256) == 1
    assert estimated(bytes(256), b"\0" + b"\1" * 255) == 0  # one in 256
    assert estimated(bytes(256), b"\1" * 256) == 0


# --- laws -----------------------------------------------------------------------------------------------------------


@given(
    st.lists(st.sampled_from(["Ab", "Cde", "über", "Жук", "42", "x"]), max_size=30),
    st.sampled_from([" ", ", ", "\n", " — (", "!"]),
)
def test_case_and_punctuation_make_no_difference(found: list[str], between: str) -> None:
    signature = LEVEL.signature(" ".join(found))
    assert LEVEL.signature(between.join(found)) == signature
    assert LEVEL.signature(" ".join(found).upper()) == signature


@given(texts)
def test_a_text_is_like_itself(text: str) -> None:
    sketch, shingles = LEVEL.signature(text)[1], LEVEL.shingles(text)
    assert LEVEL.similarity(sketch, sketch) == jaccard(shingles, shingles) == bool(len(shingles))


@given(texts, texts)
def test_likeness_has_no_direction(one: str, other: str) -> None:
    sketches = LEVEL.signature(one)[1], LEVEL.signature(other)[1]
    assert LEVEL.similarity(*sketches) == LEVEL.similarity(*reversed(sketches))
    both = LEVEL.shingles(one), LEVEL.shingles(other)
    sets = [{*some.tolist()} for some in both]
    assert jaccard(*both) == jaccard(*reversed(both)) == len(sets[0] & sets[1]) / max(len(sets[0] | sets[1]), 1)


# --- the S-curve ----------------------------------------------------------------------------------------------------


def like_pair(rng: np.random.Generator, similarity: float, size: int = 400) -> tuple[U32, U32]:
    """Two sets of shingles of that similarity, within a shingle."""
    both = round(size * similarity)
    drawn = rng.integers(0, 2**32, size, np.uint32)
    half = both + (size - both) // 2
    return drawn[:half], np.concatenate([drawn[:both], drawn[half:]])


@pytest.mark.parametrize("similarity", [0.5, 0.7, 0.8, 0.9])
def test_pairs_share_a_key_as_often_as_the_curve_says(similarity: float) -> None:
    rng = np.random.default_rng(round(100 * similarity))
    linked, errors = [], []
    for _ in range(2_000):
        signatures = [LEVEL.signed(some) for some in like_pair(rng, similarity)]
        linked.append(not {*signatures[0][0]}.isdisjoint(signatures[1][0]))
        errors.append(LEVEL.similarity(signatures[0][1], signatures[1][1]) - similarity)
    assert fmean(linked) == pytest.approx(LEVEL.linked(similarity), abs=0.03)
    assert fmean(errors) == pytest.approx(0, abs=0.005)
    assert pstdev(errors) == pytest.approx((similarity * (1 - similarity) / 112) ** 0.5, rel=0.1)


def test_the_curve_in_numbers() -> None:
    assert [round(LEVEL.linked(tenths / 10), 3) for tenths in range(5, 11)] == [0.053, 0.211, 0.565, 0.924, 1.0, 1.0]
    assert round(LEVEL.threshold, 3) == 0.719


# --- the level ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"bands": 0}, "near duplicates: bands is 0: expected a whole number of at least 1."),
        ({"rows": 2.5}, "near duplicates: rows is 2.5: expected a whole number of at least 1."),
        ({"shingle": True}, "near duplicates: shingle is True: expected a whole number of at least 1."),
        ({"bands": 500}, "near duplicates: 500 bands of 8 rows are 4,000 minima: expected 1,000 at most."),
        ({"stays": "oldest"}, "near duplicates: stays is 'oldest': expected one of hash, newest, longest."),
        ({"verify": 72}, "near duplicates: verify is 72: expected a similarity from 0 (no check) to 1."),
        (
            {"verify": -0.1},
            "near duplicates: verify is -0.1: expected a similarity from 0 (no check) to 1.",
        ),
    ],
)
def test_fields_that_cannot_work(fields: dict, message: str) -> None:
    with pytest.raises(ConfigError) as raised:
        NearLevel(**fields)
    assert str(raised.value) == message


def test_a_level_comes_back_from_what_a_manifest_holds() -> None:
    level = NearLevel(bands=20, rows=5, shingle=3, stays="newest", verify=0.8)
    assert replace(NearLevel(), **json.loads(json.dumps(vars(level)))) == level


@pytest.mark.parametrize(
    ("stays", "first", "then"),
    [
        ("newest", ("2024-05-22T10:11:12.500Z", "a"), ("2024-05-22T10:11:12Z", "ab")),
        ("newest", ("2024-05-22T10:11:12Z", "a"), ("2019-05-22T10:11:12.999Z", "ab")),
        ("newest", ("Thu, 25 Apr 2019 02:00:00 GMT", "a"), ("2018-05-22T10:11:12Z", "ab")),  # as it was written
        ("newest", ("0001-01-01T00:00:00Z", "a"), ("", "ab")),
        ("longest", ("", "abc"), ("2024-05-22T10:11:12Z", "ab")),
    ],
)
def test_the_page_that_stays(stays: str, first: tuple[str, str], then: tuple[str, str]) -> None:
    ranks = [NearLevel(stays=stays).rank(Page("http://a.example/", text, date)) for date, text in (first, then)]
    assert 0 <= ranks[0] < ranks[1] < U64


def test_by_hash_all_pages_rank_alike() -> None:
    assert {LEVEL.rank(Page("http://a.example/", text, text)) for text in ("", "2024-05-22T10:11:12Z")} == {0}


def test_a_page_that_lost_a_key_falls() -> None:
    page = Page("http://a.example/", "Some text.", "")
    assert LEVEL.apply(page, [False] * 14) == Kept(page)
    assert LEVEL.apply(page, [False] * 13 + [True]) == Rejected(page, LEVEL.NEAR)
    told = [*LEVEL.told()]
    assert [(one.code, one.words) for one in told] == [
        (
            "near_duplicate",
            "shares most of its runs of 5 words with a page that is kept, or with one linked to it",
        )
    ]
