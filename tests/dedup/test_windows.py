"""c4pipe.dedup.windows: literal pages, the packed way against a plain loop, and what the level promises."""

from __future__ import annotations

import random
import re
import string
import time
from collections.abc import Iterator
from itertools import groupby, pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from c4pipe.corpus.plan import Leg
from c4pipe.dedup import WindowLevel
from c4pipe.dedup.claims import LostAtoms, owner_of, page_priority
from c4pipe.dedup.winnowing import BASE, winnowed
from c4pipe.errors import ConfigError
from c4pipe.page import Dropped, Kept, Page, Rejected
from c4pipe.passes.applying import after_dedup, dropped_so_far
from c4pipe.passes.losses import PageLosses, Survivor
from c4pipe.text.tokens import word_hashes
from tests.dedup.oracle import PARTITIONS, Corpus, Groups, Place, Put, alive_in, inputs, md5, packed

FIRST, SECOND, THIRD = sorted((f"http://a.example/{n}" for n in range(3)), key=md5)
SMALL = WindowLevel(words=4, gap=1)  # every window is claimed, so that a reader can tell what goes


# The level once more, in plain loops: what is claimed, who owns it, which words go.


def words_of(text: str) -> list[str]:
    return re.findall(r"\w+", text.lower())


def chosen_in(hashes: list[int], width: int, gap: int) -> list[int]:
    """The numbers of the windows that a page claims."""
    rolled = [
        sum(h * BASE ** (width - 1 - j) for j, h in enumerate(hashes[i : i + width])) % 2**64
        for i in range(len(hashes) - width + 1)
    ]
    runs = [range(i, min(i + gap, len(rolled))) for i in range(max(1, len(rolled) - gap + 1))]
    return sorted({max(run, key=lambda i: (-rolled[i], i)) for run in runs if run})


def owners_of(corpus: Corpus, level: WindowLevel) -> dict[Place, Place]:
    """For each claimed window, by its page and first word, the one that owns the same words."""
    claimed: dict[tuple[str, ...], list[Place]] = {}
    for url, text in corpus.items():
        words = words_of(text)
        for first in chosen_in(word_hashes(text).hashes.tolist(), level.words, level.gap):
            claimed.setdefault(tuple(words[first : first + level.words]), []).append((url, first))
    best = {key: min(places, key=lambda place: (md5(place[0]), place[1])) for key, places in claimed.items()}
    return {place: best[key] for key, places in claimed.items() for place in places}


def lost_words(corpus: Corpus, level: WindowLevel) -> dict[Place, Place]:
    """For each word that goes one that stands for it: that of the owner of the last window that covers it."""
    lost: dict[Place, Place] = {}
    for (url, first), (owner, place) in sorted(owners_of(corpus, level).items()):
        if (url, first) != (owner, place):
            lost |= {(url, first + i): (owner, place + i) for i in range(level.words)}
    return lost


def left_of(corpus: Corpus, level: WindowLevel) -> dict[str, list[str]]:
    lost = lost_words(corpus, level)
    words = {url: [w for i, w in enumerate(words_of(text)) if (url, i) not in lost] for url, text in corpus.items()}
    return {url: left for url, left in words.items() if left}


def run(before: Corpus, level: WindowLevel = SMALL) -> Corpus:
    """The packed way, over one group and over a group a page."""
    whole = packed([[[Put(*item) for item in before.items()]]], level, 1).corpus
    assert whole == packed([[[Put(*item)] for item in before.items()]], level, 16).corpus
    return whole


# Literal pages.


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("one two three four. Mine too.", "Mine too."),
        ("Mine: one two three four", "Mine:"),
        ("Mine before (One, two; THREE four!) then behind.", "Mine before then behind."),
        ("One two three here.", "One two three here."),  # three are no window
        ("Mine.\n• One two\nthree four\nLast.", "Mine.\nLast."),
        ("Mine one two\nthree four last.", "Mine\nlast."),
        ("one two three four", None),
        ("  “one two\n\n three four”", None),
    ],
)
def test_of_a_repeated_passage_one_occurrence_stays(before: str, after: str | None) -> None:
    owner = "One two three four, and more."
    assert run({FIRST: owner, SECOND: before}) == {FIRST: owner} | ({} if after is None else {SECOND: after})


@pytest.mark.parametrize(
    ("owner", "before", "after"),
    [
        ("今天天气很好，我们去公园。", "他说今天天气很好，我们走吧。", "他说 走吧。"),
        ("วันนี้อากาศดีมาก", "เขาว่าวันนี้อากาศดีมากครับ", "เขาว่า ครับ"),
        ("def f(x): return x + 1", "class A:\n    def f(x): return x + 1\n    y = 2", "class A:\ny = 2"),
        ("if (a) { b(); c(); }", "for (;;) { if (a) { b(); c(); } d(); }", "for (;;) { } d(); }"),
    ],
)
def test_scripts_without_sentence_marks_and_code(owner: str, before: str, after: str) -> None:
    assert run({FIRST: owner, SECOND: before})[SECOND] == after


def test_within_a_page_the_first_place_owns() -> None:
    assert run({FIRST: "One two three four. Five. One two three four. Six."}) == {
        FIRST: "One two three four. Five. Six."
    }


def test_what_a_page_loses_is_told_by_run_and_owner() -> None:
    """Of windows that overlap the part of one ends where the next one begins."""
    page = Page(FIRST, "A b c d e f g.\nH i j k l m n o.", "")
    lost = [number in (0, 1, 2, 5, 11) for number in range(12)]  # a-d, b-e, c-f; f-i; l-o
    owners = [7, 7, 8, 0, 0, 8, 0, 0, 0, 0, 0, 9]
    dropped: list[Dropped] = []
    verdict = SMALL.apply(page, lost, dropped, owners)
    assert verdict == Kept(page._replace(text="j k"), {"repeated_passage": 2}, {"repeated_passage": 25})
    assert [(drop.line, int(drop.owner, 16)) for drop in dropped] == [
        ("A b", 7),
        ("c d e f g.\nH i", 8),
        ("l m n o.", 9),
    ]
    assert {drop.code for drop in dropped} == {"repeated_passage"}
    flags = [drop is not None for drop in SMALL.lost(page.text, dropped)]
    assert flags == [number in (0, 1, 2, 3, 4, 5, 11) for number in range(12)]  # d-g and e-h lie in what went
    atoms = LostAtoms(np.array(lost), np.array(owners, np.uint64), np.zeros(12, bool))
    survivor = Survivor(0, page, PageLosses(atoms, np.empty(0, np.int64), None), ())
    leg = Leg(0, SMALL, (), ())
    assert after_dedup(survivor, leg) == verdict  # the ledger counts what the rejected table shows
    assert dropped_so_far(survivor, leg) == dropped
    merged = SMALL.apply(page, flags)  # without owners what hangs together is one piece, with the blank in it
    assert merged == verdict._replace(chars={"repeated_passage": 26})


def test_a_page_without_a_word_left_goes_as_it_came() -> None:
    page = Page(FIRST, "(One two) three four.", "")
    assert SMALL.apply(page, [True]) == Rejected(
        page, SMALL.EMPTY, "", {"repeated_passage": 1}, {"repeated_passage": 21}
    )


def test_of_two_places_that_a_record_may_mean_the_later_one_is_taken() -> None:
    page = Page(FIRST, "One two three four. Mine. One two three four. End.", "")
    flags = [number == 5 for number in range(len(SMALL.atoms(page.text)))]
    dropped: list[Dropped] = []
    SMALL.apply(page, flags, dropped)
    assert [drop is not None for drop in SMALL.lost(page.text, dropped)] == flags


def test_a_gap_beyond_the_words_is_refused() -> None:
    for fields in ({"words": 4, "gap": 5}, {"gap": 0}, {"words": 0, "gap": 0}):
        with pytest.raises(ConfigError, match="gap is"):
            WindowLevel(**fields)


def test_a_word_ten_thousand_times_takes_linear_time() -> None:
    """All windows of a page of one word are equal, and all are claimed; fifty words stay."""
    level = WindowLevel()
    level.atoms("word")  # compiled by now
    took = []
    for times in (10_000, 80_000):
        page = Page(FIRST, "word " * times, "")
        begun = time.process_time()
        atoms, starts = level.atoms_at(page.text)
        flags = [i > 0 for i in range(len(atoms))]
        dropped: list[Dropped] = []
        verdict = level.apply(page, flags, dropped, [1] * len(atoms), starts)
        lost = level.lost(page.text, dropped)
        took.append(time.process_time() - begun)
        assert (len(verdict.page.text.split()), len(dropped), len(lost)) == (50, 1, len(atoms))
    assert took[1] < 4 * 8 * took[0] + 0.1


# Laws.

LEVELS = st.sampled_from(
    [WindowLevel(3, 1), WindowLevel(3, 2), WindowLevel(3, 3), WindowLevel(5, 4), WindowLevel(2, 2)]
)
SYLLABLES = st.sampled_from(["a", "A", "b", "c", "d", "e"])
JOINS = st.sampled_from([" ", " ", " ", ", ", "\n", ". ", " (", "\n- "])
PASSAGES = ("a b c d e a c", "b b b b b b b b", "e d c b a")  # so that long runs repeat


@st.composite
def texts(draw: st.DrawFn) -> str:
    pieces = draw(st.lists(st.one_of(SYLLABLES, SYLLABLES, st.sampled_from(PASSAGES)), min_size=1, max_size=14))
    joined = pieces[0]
    for piece in pieces[1:]:
        joined += draw(JOINS) + piece
    return joined


INPUTS = inputs(texts())


@settings(max_examples=100)
@given(INPUTS, PARTITIONS, LEVELS)
def test_the_packed_way_is_the_plain_loop(groups: Groups, partitions: int, level: WindowLevel) -> None:
    corpus, result = alive_in(groups), packed(groups, level, partitions)
    left, lost = left_of(corpus, level), lost_words(corpus, level)
    assert {url: words_of(text) for url, text in result.corpus.items()} == left
    for url, text in corpus.items():
        numbers = sorted(number for gone, number in lost if gone == url)
        owners = [owner_of(page_priority(lost[url, number][0])) for number in numbers]
        runs = [number - i for i, number in enumerate(numbers)]  # the same for those that follow each other
        words = [words_of(text)[number] for number in numbers]
        pieces = [[*piece] for _, piece in groupby(zip(runs, owners, words, strict=True), lambda word: word[:2])]
        assert result.owners[url] == [owner for (_, owner, _), *_ in pieces]
        assert [words_of(line) for _, line in result.dropped[url]] == [[w for *_, w in piece] for piece in pieces]
        assert result.tallies[url].get("repeated_passage", 0) == len(set(runs))


def repeated_runs(corpus: Corpus, length: int) -> Iterator[list[Place]]:
    """The places of each run of so many words that stands in two, the owner of it all first."""
    places: dict[tuple[str, ...], list[Place]] = {}
    for url, text in corpus.items():
        words = words_of(text)
        for first in range(len(words) - length + 1):
            places.setdefault(tuple(words[first : first + length]), []).append((url, first))
    for found in places.values():
        if len(found) > 1:
            yield sorted(found, key=lambda place: (md5(place[0]), place[1]))


@settings(max_examples=100)
@given(st.lists(texts(), max_size=5), LEVELS, st.integers(0, 4))
def test_every_repeated_run_of_the_stated_length_is_found(pages: list[str], level: WindowLevel, more: int) -> None:
    corpus = {f"http://a.example/{n}": text for n, text in enumerate(pages)}
    lost = lost_words(corpus, level)
    length = level.words + level.gap - 1 + more
    for places in repeated_runs(corpus, length):
        for url, first in places[1:]:
            gone = [i for i in range(length) if (url, first + i) in lost]
            middle = range(level.gap - 1, length - level.gap + 1)
            assert set(middle) <= set(gone)
            assert any(all(i + j in gone for j in range(level.words)) for i in gone)


@settings(max_examples=100)
@given(st.lists(texts(), max_size=5), LEVELS)
def test_what_stands_once_stays_and_of_what_goes_one_copy_does(pages: list[str], level: WindowLevel) -> None:
    corpus = {f"http://a.example/{n}": text for n, text in enumerate(pages)}
    lost = lost_words(corpus, level)
    repeated = {
        (url, first + i)
        for places in repeated_runs(corpus, level.words)
        for url, first in places
        for i in range(level.words)
    }
    assert lost.keys() <= repeated
    for place, owner in lost.items():
        word = words_of(corpus[place[0]])[place[1]]
        while owner in lost:
            assert (md5(owner[0]), owner[1]) > (md5(lost[owner][0]), lost[owner][1])
            owner = lost[owner]
        assert words_of(corpus[owner[0]])[owner[1]] == word


@settings(max_examples=100)
@given(INPUTS, LEVELS)
def test_what_was_lost_is_told_from_the_record(groups: Groups, level: WindowLevel) -> None:
    """Of what stands on a page more than once another place may be meant."""
    result = packed(groups, level, 1)
    for url, text in alive_in(groups).items():
        dropped = [
            Dropped(code, line, owner)
            for (code, line), owner in zip(result.dropped[url], result.owners[url], strict=True)
        ]
        lost = level.lost(text, dropped)
        assert len(lost) == len(result.flags[url])
        if all(text.count(drop.line) == 1 for drop in dropped):
            verdict = level.apply(Page(url, text, ""), [drop is not None for drop in lost])
            assert (verdict.page.text if isinstance(verdict, Kept) else None) == result.corpus.get(url)
            assert {drop for drop in lost if drop} == {*dropped}


@settings(max_examples=100)
@given(INPUTS, LEVELS)
def test_what_is_left_has_no_empty_lines_and_no_blanks_at_their_ends(groups: Groups, level: WindowLevel) -> None:
    result = packed(groups, level, 2)
    for url, text in result.corpus.items():
        if any(result.flags[url]):
            assert all(line and line == line.strip() for line in text.split("\n"))


HASHES = st.lists(st.one_of(st.integers(0, 3), st.integers(0, 2**64 - 1)), max_size=60)


@settings(max_examples=200)
@given(HASHES, st.integers(1, 9), st.integers(1, 9))
def test_the_kernel_is_the_plain_loop(hashes: list[int], width: int, gap: int) -> None:
    words = np.array(hashes, np.uint64)
    assert winnowed(words, width, gap).firsts.tolist() == chosen_in(hashes, width, gap)
    one_by_one = [winnowed(words[i : i + width], width, 1).hashes[0] for i in range(len(words) - width + 1)]
    assert winnowed(words, width, 1).hashes.tolist() == one_by_one


def test_a_fiftieth_of_the_windows_or_two_are_claimed() -> None:
    draw = random.Random(5)
    text = " ".join("".join(draw.choices(string.ascii_lowercase, k=6)) for _ in range(20_000))
    starts = WindowLevel().atoms_at(text)[1]
    assert len(starts) == pytest.approx(20_000 * 2 / 51, rel=0.1)
    assert max(b - a for a, b in pairwise(starts)) <= 50 * 7
