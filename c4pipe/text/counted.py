"""What page rules need to know of the English words of a text, counted once for all of them."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache, lru_cache
from typing import NamedTuple

from c4pipe.text.characters import chars_of
from c4pipe.text.english import english_words, sure_words
from c4pipe.text.runs import NumberedWords, WordCut, runs_in

# What ends a sentence, in any script: TERMINAL_PUNCTUATION of datatrove 0.10.1, utils/text.py.
TERMINAL_RUNS = """
21 2E 3F 589 61D-61F 6D4 700-702 7F9 837 839 83D-83E 964-965 104A-104B 1362 1367-1368 166E 1735-1736 17D4-17D6
17D9-17DA 1803 1809 1944-1945 1AA8-1AAB 1B5A-1B5B 1B5E-1B5F 1B7D-1B7E 1C3B-1C3C 1C7E-1C7F 203C-203D 2047-2049 2E2E 2E3C
2E53-2E54 3002 A4FF A60E-A60F A6F3 A6F7 A876-A877 A8CE-A8CF A92F A9C8-A9C9 AA5D-AA5F AAF0-AAF1 ABEB FE52 FE56-FE57 FF01
FF0E FF1F FF61 10A56-10A57 10F55-10F59 10F86-10F89 11047-11048 110BE-110C1 11141-11143 111C5-111C6 111CD 111DE-111DF
11238-11239 1123B-1123C 112A9 1144B-1144C 115C2-115C3 115C9-115D7 11641-11642 1173C-1173E 11944 11946 11A42-11A43
11A9B-11A9C 11C41-11C42 11EF7-11EF8 11F43-11F44 16A6E-16A6F 16AF5 16B37-16B38 16B44 16E98 1BC9F 1DA88
"""
# Other marks and controls, which are not words: PUNCTUATION there. (A full-width 1 is among them.)
MARK_RUNS_OF_WORDS = """
0-8 B-1F 22-2D 2F 3A-3E 40 5B-60 7B-9F AB B4 BB 2013-2014 2019 201C-201E 2026 2236 2501 25BA 3001 3008-300D 3010-3011
FF05 FF08-FF09 FF0C FF11 FF1A-FF1B FF5E
"""


class WordCounts(NamedTuple):
    """The English words of a text, marks among them."""

    words: int
    spoken: int  # words not made of marks alone
    spoken_chars: int  # their characters
    lettered: int  # words with a letter


@lru_cache(maxsize=4)
def numbered_english(text: str) -> NumberedWords:
    """`english_words` by numbers; cached for the most recent texts.

    >>> list(numbered_english("Don't stop!").strings())
    ['Do', "n't", 'stop', '!']
    """
    runs = runs_in(text)
    cut = runs.of.cut(CUT_AS_ENGLISH)
    return cut.words(runs.numbers) or cut.vocabulary.numbered(english_words(text))


@lru_cache(maxsize=4)
def counted_words(text: str) -> WordCounts:
    """Counts of the words of a text; cached for the most recent texts.

    >>> counted_words("Don't stop!")
    WordCounts(words=4, spoken=3, spoken_chars=9, lettered=3)
    """
    words = numbered_english(text)
    return WordCounts(len(words.numbers), *words.counted())


def _like(word: str) -> tuple[int, int, int]:
    """Whether it is spoken, its characters if so, and whether it has a letter."""
    if word.isalpha() and word.isascii():  # so not a mark
        return True, len(word), True
    spoken = not all(map(_marks().__contains__, word))
    return spoken, len(word) if spoken else 0, any(map(str.isalpha, word))


CUT_AS_ENGLISH = WordCut(sure_words, _like, 3)


@cache
def _marks() -> frozenset[str]:
    return frozenset(chars_of(MARK_RUNS_OF_WORDS) + chars_of(TERMINAL_RUNS))


@cache
def terminal_marks() -> tuple[str, ...]:
    """What ends a sentence, for `str.endswith`."""
    return tuple(chars_of(TERMINAL_RUNS))


def copies_in(pieces: Sequence[str]) -> tuple[int, int]:
    """How many of the pieces occurred before, and how many characters these have.

    >>> copies_in(["to be", "or not", "to be"])
    (1, 5)
    """
    distinct = set(pieces)
    if len(distinct) == len(pieces):
        return 0, 0
    return len(pieces) - len(distinct), sum(map(len, pieces)) - sum(map(len, distinct))
