"""c4pipe.text.runs and what counts by it: what is found by numbers is what is found word by word."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from c4pipe.text import english, runs, sentencizer
from c4pipe.text.between import numbered_unicode, unicode_words
from c4pipe.text.characters import chars_of
from c4pipe.text.counted import MARK_RUNS_OF_WORDS, TERMINAL_RUNS, counted_words, numbered_english
from c4pipe.text.english import english_words
from c4pipe.text.kinds import FASTTEXT_BLANKS, counted_runs
from c4pipe.text.runs import KnownWords, RunNumbers, runs_in
from c4pipe.text.sentencizer import english_sentences

BLANKS = [" ", "  ", "\n", "\t", "\0", "\x1c", "\x85", "\u00a0", "\u202f", "\u2028", "\u3000"]
RUNS = [
    "a", "B", "don't", "U.S.", "im.", "im", ":)", ":))", "…", "(", "12", "5km", "東京", "ノート100", "½", "é", "a.b",
    "x@y.org", "w\u00ad.\u00adn", 'ש"ח', "😀", "𝒜", "\ud800", "_", "a_b",
]  # fmt: skip
TEXTS = st.lists(st.sampled_from(BLANKS) | st.sampled_from(RUNS) | st.text(max_size=4), max_size=30).map("".join)


@given(TEXTS)
@example("")
@example("good:) ) good:) :)\nim.")
def test_english_words_by_numbers_are_those_word_by_word(text: str) -> None:
    assert tuple(numbered_english(text).strings()) == english_words(text)


@given(TEXTS)
@example("a\u202fb c")
def test_words_between_boundaries_are_cut_run_by_run(text: str) -> None:
    assert tuple(numbered_unicode(text).strings()) == unicode_words(text)


@given(TEXTS)
def test_words_are_counted_once_for_all(text: str) -> None:
    words, marks = english_words(text), set(chars_of(MARK_RUNS_OF_WORDS) + chars_of(TERMINAL_RUNS))
    spoken = [word for word in words if not set(word) <= marks]
    lettered = [word for word in words if any(map(str.isalpha, word))]
    assert counted_words(text) == (len(words), len(spoken), sum(map(len, spoken)), len(lettered))


@given(TEXTS)
@example("a\u00a0b -c (d) e\0f")  # "a b", "e" and "f" begin with a letter
def test_runs_are_counted_in_one_walk(text: str) -> None:
    found = text.split()
    letterless = [run for run in found if not any(map(str.isalpha, run))]
    between = text.translate(dict.fromkeys(map(ord, FASTTEXT_BLANKS), "\n")).split("\n")
    begun = [run for run in between if run[:1].isalnum()]
    assert counted_runs(text) == (len(found), sum(map(len, found)), len(letterless), len(begun))


def test_what_a_text_holds() -> None:
    words = numbered_english("the end of the way")
    assert words.hold("the")
    assert not words.hold("The")
    assert not words.hold("never met before")


def test_what_is_forgotten_is_found_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runs, "REMEMBERED", 3)
    texts = [f"Some text, number {n} of them." for n in range(20)]
    before = [numbered_english(text) for text in texts]
    assert [" ".join(words.strings()) for words in before] == [f"Some text , number {n} of them ." for n in range(20)]
    assert len({id(words.of) for words in before}) > 1
    assert [counted_words(text).spoken for text in texts] == [6] * 20


def test_long_runs_are_forgotten_sooner(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is remembered is bounded by its characters as well: a page may be one run."""
    most, longest = 1000, 410
    for module in (runs, english):
        monkeypatch.setattr(module, "REMEMBERED_CHARS", most)
    monkeypatch.setattr(runs, "_current", [RunNumbers()])
    english._known().clear()
    for n in range(20):
        text = f"{'a' * 400}{n}, and {n}."
        words = ("a" * 400 + str(n), ",", "and", str(n), ".")
        assert tuple(numbered_english(text).strings()) == english_words(text) == words
        assert list(english_sentences(f"{text} B")) == [f"{text} ", "B"]
        assert runs._current[0].table.chars <= most + longest
        assert english._known().chars == sum(map(len, english._known())) <= most + longest
    assert 0 < runs._current[0].table.chars == sum(map(len, runs._current[0].table.runs))


def test_sentences_alone_forget_as_well(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(english, "REMEMBERED", 10)
    for n in range(50):
        assert list(english_sentences(f"Is it {n}? No.")) == [f"Is it {n}? ", "No."]
    assert len(english._known()) <= 11


def test_of_long_words_it_is_not_remembered_whether_they_end_a_sentence() -> None:
    before = sentencizer._kind.cache_info().currsize
    texts = ["!" * 70 + f"{n}" + "x" * 70 for n in range(50)]
    assert [list(english_sentences(text)) for text in texts] == [["!" * 70, text[70:]] for text in texts]
    assert sentencizer._kind.cache_info().currsize <= before + 1


def test_threads_share_what_they_know() -> None:
    texts = [" ".join(f"run{n % 97}, of{n % 89}." for n in range(at, at + 200)) for at in range(0, 1000, 50)]
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda text: tuple(numbered_english.__wrapped__(text).strings()), texts * 5))
    assert found == [english_words(text) for text in texts] * 5


def test_a_column_grows() -> None:
    vocabulary = KnownWords(lambda word: (len(word), 1), 2)
    words = [f"{'x' * (n % 7)}{n}" for n in range(5000)]
    for at in range(0, 5000, 500):
        assert vocabulary.numbered(words[at : at + 500]).counted() == [sum(map(len, words[at : at + 500])), 500]
        starts, points = vocabulary.characters()
        first, last = starts[at], starts[at + 500]
        assert "".join(map(chr, points[first:last])) == "".join(words[at : at + 500])


def test_runs_have_their_numbers_for_good() -> None:
    first, second = runs_in("to be or not to be"), runs_in("not to be")
    assert first.numbers[3:].tolist() == second.numbers.tolist()
