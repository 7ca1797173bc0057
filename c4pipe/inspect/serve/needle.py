"""The search text: exactly these characters, all of some whole words, or a phrase that may span lines.

RE2 in DuckDB finds it, and `re` marks it on the page: each pattern is written for both.
"""

from __future__ import annotations

import re
from functools import cache
from typing import NamedTuple

from c4pipe.text.characters import BLANKLESS_RUNS, WORD_RUNS, class_of, points_of

ALL_WORDS, PHRASE = "words", "phrase"
WAYS = (ALL_WORDS, PHRASE)
WORDS_SOUGHT = 20  # that are searched for; further ones are ignored

# Special characters of RE2's regular expressions, which a backslash can escape.
_SPECIAL = re.compile(r"[!-/:-@\[-^`{-~]")
_BLANKLESS = "".join(rf"\x{{{points[0]:x}}}-\x{{{points[-1]:x}}}" for points in points_of(BLANKLESS_RUNS))
# Before and after a word. In scripts without blanks a word may end anywhere.
_FRONT, _BACK = (rf"(?:{end}|[^\pL\pM\pN_]|[{_BLANKLESS}])" for end in ("^", "$"))
_BLANKS = r"[\s\pZ]+"


class Needle(NamedTuple):
    """What to search for."""

    q: str = ""
    how: str = ""  # "" exactly these characters, or one of WAYS

    @property
    def exact(self) -> bool:
        """Whether case matters: it does if a capital is typed."""
        return self.q != self.q.lower()

    @property
    def terms(self) -> list[str]:
        """All of these must be found: the words, or the one text."""
        if self.how == ALL_WORDS:
            return list(dict.fromkeys(self.q.split()[:WORDS_SOUGHT])) or [self.q]
        return [self.q]

    @property
    def plain(self) -> bool:
        """Whether exactly these characters are searched for."""
        return not self.how or not self.q.split()

    def patterns(self) -> list[str]:
        """For each term the pattern of RE2, or the plain text if `plain` and `exact`."""
        if self.plain:
            return [self.q if self.exact else _SPECIAL.sub(r"\\\g<0>", self.q)]
        return [_for_re2(term) for term in self.terms]

    def test(self, column: str, parameter: str) -> str:
        """SQL: whether a column contains the term of that parameter."""
        # RE2 ignores case several times as fast as lower() or ILIKE, which would make a second text of every page.
        if self.exact:
            return f"contains({column}, {parameter})" if self.plain else f"regexp_matches({column}, {parameter})"
        return f"regexp_matches({column}, {parameter}, 'i')"

    def place(self, column: str, parameter: str) -> str:
        """SQL: the position of the term of that parameter in a column, from 1; 0 if it is missing or empty."""
        if self.plain and self.exact:
            return f"strpos({column}, {parameter})"
        options = "" if self.exact else ", 'i'"
        return f"nullif(strpos({column}, regexp_extract({column}, {parameter}, 0{options})), 0)"

    def marking(self) -> re.Pattern[str] | None:
        """The pattern to mark on a page; None without a search."""
        if not self.q:
            return None
        pieces = [re.escape(self.q)] if self.plain else [_for_re(term) for term in self.terms]
        return re.compile("|".join(pieces), 0 if self.exact else re.IGNORECASE)


def _for_re2(term: str) -> str:
    """A whole word, or a phrase of whole words with any blanks in between."""
    words = term.split()[:WORDS_SOUGHT]
    text = _BLANKS.join(_SPECIAL.sub(r"\\\g<0>", word) for word in words)
    return (_FRONT if _bounded(words[0][0]) else "") + text + (_BACK if _bounded(words[-1][-1]) else "")


def _for_re(term: str) -> str:
    words = term.split()[:WORDS_SOUGHT]
    front, back = _bounds()
    text = r"\s+".join(map(re.escape, words))
    return (front if _bounded(words[0][0]) else "") + text + (back if _bounded(words[-1][-1]) else "")


@cache
def _bounds() -> tuple[str, str]:
    """As `_FRONT` and `_BACK`, without consuming a character."""
    word, blankless = f"[_{class_of(WORD_RUNS)}]", f"[{class_of(BLANKLESS_RUNS)}]"
    return f"(?:(?<!{word})|(?<={blankless}))", f"(?:(?!{word})|(?={blankless}))"


@cache
def _letters() -> re.Pattern[str]:
    return re.compile(f"[_{class_of(WORD_RUNS)}](?<![{class_of(BLANKLESS_RUNS)}])")


def _bounded(char: str) -> bool:
    """Whether a word has a boundary next to this character: not next to punctuation, nor in scripts without blanks."""
    return _letters().fullmatch(char) is not None
