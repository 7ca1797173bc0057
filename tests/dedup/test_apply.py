"""What levels make of a page that has lost atoms: the same as the plainest loop, and in characters as well."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from c4pipe.dedup import LineLevel, SpanLevel, TextLevel, WindowLevel
from c4pipe.page import Dropped, Page, characters_of

LEVELS = [LineLevel(), SpanLevel(), WindowLevel(words=3, gap=1)]
SENTENCES = st.sampled_from(["Aa bb cc. ", "AA BB.  ", "Dd ee ff gg hh! ", "(Ii?) ", "no end", " ", "É ü.\t"])
TEXTS = st.lists(SENTENCES, min_size=1, max_size=12).map("".join)
PAGES = st.lists(TEXTS, min_size=1, max_size=4).map("\n".join).filter(str.strip)


def flags_for(level: TextLevel, text: str, data: st.DataObject) -> list[bool]:
    count = len(level.atoms(text))
    return data.draw(st.lists(st.booleans(), min_size=count, max_size=count))


@pytest.mark.parametrize("level", LEVELS, ids=lambda level: type(level).__name__)
@settings(max_examples=60, deadline=None)
@given(PAGES, st.data())
def test_a_level_says_how_many_characters_it_dropped(level: TextLevel, text: str, data: st.DataObject) -> None:
    flags, dropped = flags_for(level, text, data), list[Dropped]()
    verdict = level.apply(Page("", text, ""), flags, dropped)
    assert {code: chars for code, chars in verdict.chars.items() if chars} == characters_of(filter_empty(dropped))
    assert verdict == level.apply(Page("", text, ""), flags, starts=level.atoms_at(text)[1])


def filter_empty(dropped: list[Dropped]) -> list[Dropped]:
    return [drop for drop in dropped if drop.line]


@settings(max_examples=150, deadline=None)
@given(PAGES, st.data())
def test_spans_leave_what_a_loop_over_the_sentences_leaves(text: str, data: st.DataObject) -> None:
    level = SpanLevel()
    flags, dropped = flags_for(level, text, data), list[Dropped]()
    kept, lines = [], []
    for gone, (start, end) in zip(flags, level.places(text), strict=True):
        sentence = text[start:end]
        kept.append(sentence if not gone else "\n" if sentence[-1] == "\n" else "")
        lines += [sentence.strip()] if gone else []
    left = [line.strip() for line in "".join(kept).split("\n")]
    verdict = level.apply(Page("", text, ""), flags, dropped)
    assert [drop.line for drop in dropped] == lines
    assert verdict.page.text == ("\n".join(line for line in left if line) or text)
    assert verdict.tally == {"repeated_span": sum(flags)}
