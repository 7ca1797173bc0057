"""English sentences as cut by spaCy 3.8's `Sentencizer`, which datatrove counts: behind words that are stops."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from functools import cache, lru_cache
from typing import Any

from c4pipe.errors import ConfigError
from c4pipe.text.characters import chars_of
from c4pipe.text.english import known_words
from c4pipe.text.english_tables import STOP_RUNS

_RUNS = re.compile(r"\s+|\S+")
_REMEMBERED_WORD = 64  # characters: a longer one, which may fill a page, is not cached


def sentencizer(language: str) -> Any:
    """The splitter. Its stops are those of all scripts, its words are English."""
    if language != "en":
        raise ConfigError(f"splitter 'sentencizer:{language}' only splits English; use 'sentencex:{language}'.")
    return english_sentences


def english_sentences(text: str) -> Iterator[str]:
    """The sentences of a text, each up to the beginning of the next.

    >>> list(english_sentences('He said "No." Then he left!! (Why?) Mr. B'))
    ['He said "No." ', 'Then he left!! (', 'Why?) ', 'Mr. B']
    """
    start = at = 0
    ended = False
    for run in _RUNS.findall(text):
        blank = run.isspace()
        if blank and at and run[0] == " ":  # a single blank behind a word is not a word
            run, at = run[1:], at + 1
        for word in (run,) if blank else known_words(run):
            stops, mark = _kind(word) if len(word) <= _REMEMBERED_WORD else _kind.__wrapped__(word)
            if ended and word and not mark and not stops:
                yield text[start:at]
                start, ended = at, False
            elif stops:
                ended = True
            at += len(word)
    if start < len(text):
        yield text[start:]


@lru_cache(maxsize=1 << 16)
def _kind(word: str) -> tuple[bool, bool]:
    """Whether it is a stop, and whether it consists of marks only."""
    return word in _stops(), all(unicodedata.category(char).startswith("P") for char in word)


@cache
def _stops() -> frozenset[str]:
    return frozenset(chars_of(STOP_RUNS))
