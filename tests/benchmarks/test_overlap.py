"""Test items in pages: what is found, what is not, and the laws of it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from c4pipe.benchmarks import ItemOverlap, Sighting
from c4pipe.benchmarks.index import ItemIndex, word_worths
from c4pipe.benchmarks.items import Item, ItemText
from c4pipe.benchmarks.seeds import choose_seeds
from c4pipe.part import loaded
from c4pipe.text.tokens import word_hashes

LONG = "In which year did the keeper of the lighthouse at Holm find the letter that his brother hid under the stairs?"
PAGE = "It rained all day.\n{}\nNobody came, and the keeper went to bed early."


def of(items: Sequence[Item], **numbers: float) -> ItemOverlap:
    """What looks for them."""
    by = ItemOverlap(**numbers)  # type: ignore[arg-type]
    return loaded(by, index=ItemIndex(items, by))


def item(question: str, answer: str = "", passage: str = "", line: int = 2, task: str = "toy") -> Item:
    texts = [("question", question), ("answer", answer), ("passage", passage)]
    return Item(task, line, tuple(ItemText(role, text) for role, text in texts if text))


def told(found: Sequence[Sighting], page: str) -> list[tuple[int, str, str]]:
    return [(one.item, one.role, page[one.start : one.end]) for one in found]


def test_an_item_word_for_word() -> None:
    page = PAGE.format(LONG)
    (one,) = of([item(LONG)]).found(page)
    assert one == Sighting("toy", 2, "question", 1.0, 19, 19 + len(LONG) - 1)


def test_other_marks_and_case() -> None:
    page = PAGE.format(
        "IN WHICH YEAR – did the keeper of the light-house at Holm find the “letter”, that his brother hid…"
    )
    ((line, role, words),) = told(of([item(LONG)]).found(page), page)
    assert (line, role) == (2, "question")
    assert words.startswith("IN WHICH YEAR")
    assert words.endswith("brother hid")


def test_half_an_item() -> None:
    words = LONG.split()
    for half in (words[: len(words) // 2], words[len(words) // 2 :]):
        assert of([item(LONG)]).found(PAGE.format(" ".join(half)))
    assert not of([item(LONG)]).found(PAGE.format(" ".join(words[:6])))


def test_a_short_item_stands_as_a_whole_or_not_at_all() -> None:
    question = "What colour is the old lighthouse?"
    overlap = of([item(question)])
    page = PAGE.format("They asked: WHAT COLOUR is the «old» lighthouse")
    assert told(overlap.found(page), page) == [(2, "question", "WHAT COLOUR is the «old» lighthouse")]
    assert not overlap.found(PAGE.format("What colour is the lighthouse?"))
    assert not overlap.found(PAGE.format("What colour is the old red lighthouse?"))


def test_question_answer_and_passage_are_told_apart() -> None:
    passage = "The letter was found in 1911. It lay under the stairs, behind a tin of paint, and nobody looked there."
    overlap = of([item("Who?", "1911", passage), item(LONG, "Martin Holm", line=3)])
    page = f"{LONG} It was Martin Holm.\n{passage}"
    assert told(overlap.found(page), page) == [
        (3, "question", LONG[:-1]),
        (3, "answer", "Martin Holm"),
        (2, "passage", passage[:-1]),
        (2, "answer", "1911"),
    ]
    assert told(overlap.found("Martin Holm was born in 1911."), "") == []


def test_a_phrase_of_many_items_finds_none_of_them() -> None:
    names = [f"{a}{b}" for a in "bcdfghjklm" for b in ("aro", "emi", "ulo", "ita")]
    items = [
        item(f"Which of the following statements about the history and the customs of the {a} of {b} is true?", line=n)
        for n, (a, b) in enumerate(zip(names, reversed(names), strict=True), 2)
    ]
    overlap = of(items)
    page = PAGE.format(
        "Which of the following statements about the history and the customs of the people of Rome is true?"
    )
    assert overlap.found(page) == []
    page = PAGE.format(items[7].texts[0].text)
    assert [one.item for one in overlap.found(page)] == [9]


def test_a_text_that_too_many_items_have_tells_none_apart() -> None:
    rule = "Read the text, then choose the one answer that follows from it, and from nothing else."
    items = [item(rule, line=n) for n in range(2, 13)]
    assert len(of(items).found(PAGE.format(rule))) == 11
    overlap = of(items, shared=10)
    assert overlap.found(PAGE.format(rule)) == []
    assert overlap.totals() == {"toy": (11, 0)}


def test_scripts_without_blanks() -> None:
    question = "下列关于灯塔看守人的说法中，哪一项是正确的？请根据文章内容选择最合适的答案。"
    page = f"海边下雨了。{question}没有人来。"
    assert told(of([item(question)]).found(page), page) == [(2, "question", question[:-1])]
    assert not of([item("灯塔看守人")]).found(page)  # five characters, which count as two words and a half


def test_words_in_text_that_nfkc_changes_are_marked_where_they_stand() -> None:
    page = PAGE.format(f"½ ﬁn {LONG.replace('letter', 'ｌｅｔｔｅｒ')} ½")
    ((_, _, words),) = told(of([item(LONG)]).found(page), page)
    assert words == LONG.replace("letter", "ｌｅｔｔｅｒ")[:-1]


def test_more_items_than_there_is_room_for_at_first() -> None:
    items = [item(f"The keeper number {n} of the lighthouse", line=n) for n in range(2, 402)]
    page = " ".join(each.texts[0].text for each in items)
    assert {one.item for one in of(items).found(page)} == set(range(2, 402))


def test_items_without_a_word() -> None:
    overlap = of([item("?!"), item("No.", line=3)])
    assert overlap.found(PAGE) == []
    assert overlap.totals() == {"toy": (2, 0)}


def test_worths_are_whole_quarters_of_a_bit() -> None:
    worths = word_worths(np.array([5, 6, 5, 7, 5, 8, 5, 9], np.uint16), np.array([2, 2, 2, 2]))
    assert [worths[n] for n in (5, 6, 7)] == [1, 9, 9]  # all of four texts; one of them, which is two bits
    assert worths[10] == 0


def test_of_each_few_runs_the_rarest_is_looked_up() -> None:
    common, rare = word_hashes("a b c d e f").hashes, word_hashes("x c d e f g").hashes
    hashes = np.concatenate([common, common, rare])
    seeds = choose_seeds(hashes, np.array([0, 6, 12, 18]), np.zeros(3, bool), gram=3, step=2, crowded=64)
    assert sorted(seeds.places.tolist()) == [0, 2, 6, 8, 12, 15]
    seeds = choose_seeds(hashes, np.array([0, 6, 12, 18]), np.ones(3, bool), gram=3, step=2, crowded=64)
    assert sorted(seeds.places.tolist()) == [0, 6, 12]
    seeds = choose_seeds(hashes, np.array([0, 6, 12, 18]), np.zeros(3, bool), gram=3, step=2, crowded=1)
    assert sorted(seeds.places.tolist()) == [0, 6, 12, 15]


WORD = st.sampled_from(
    ["a", "the", "of", "pine", "storm", "Holm", "don't", "東京", "½", "Zürich", "1911", "ﬁre", "e\u0301t"]
)
TEXT = st.lists(WORD, min_size=1, max_size=40).map(" ".join)
MARK = st.sampled_from([" ", "\n", ", ", " – ", "... ", "\xa0", "? "])


@given(st.lists(TEXT, min_size=1, max_size=8), TEXT, TEXT, st.lists(MARK, min_size=40, max_size=40))
def test_an_item_that_stands_in_a_page_is_found(texts: list[str], before: str, behind: str, marks: list[str]) -> None:
    overlap = of([item(text, line=n) for n, text in enumerate(texts, 2)])
    for number in overlap._index.searched:  # type: ignore[attr-defined]
        words = zip(texts[number].split(), marks, strict=False)
        page = "\n".join([before, "".join(word.upper() + mark for word, mark in words), behind])
        assert number + 2 in {one.item for one in overlap.found(page)}


@given(st.lists(TEXT, min_size=1, max_size=6), st.permutations(range(6)), TEXT)
def test_neither_the_order_of_items_nor_that_of_pages_makes_a_difference(
    texts: list[str], order: list[int], page: str
) -> None:
    items = [item(text, line=n) for n, text in enumerate(texts, 2)]
    shuffled = [items[n] for n in order if n < len(items)]
    one, other = of(items), of(shuffled)
    pages = [page, f"{page} {texts[0]}", texts[-1]]
    found = [one.found(each) for each in pages]
    assert [other.found(each) for each in reversed(pages)] == found[::-1]


@given(TEXT, TEXT)
def test_what_is_found_agrees_with_the_item(text: str, page: str) -> None:
    overlap = of([item(text)])
    for one in overlap.found(page):
        words, whole = (set(word_hashes(each).hashes.tolist()) for each in (page[one.start : one.end], text))
        assert words & whole
        assert 0.35 <= one.share <= 1
