r"""Finds the first listed word in a text: the reference's regular expression, run by a faster engine.

    WordMatcher(entries, boundaries).search(text) -> "the listed word" | None

The reference (TFDS c4_utils `get_badwords_filter_fn`) gives Python's `re` an alternation of all entries, and `re` tries
one after another at every position. RE2 compiles them into one automaton and scans the text once: 20 times faster on
English pages. RE2's `\W` is ASCII-only, which would find "tit" in "étit", and its Unicode tables may differ from
Python's; so the class is spelled out, range by range, as `re` in this interpreter defines it.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable
from functools import cache, cached_property
from itertools import accumulate
from typing import Any

import numpy as np
import re2

from c4pipe.rules.base import ListHit

MOST_MEMORY = 256 << 20  # bytes RE2 may take for one list: its default of 8 MiB is too small for lists of 10,000 words
UNENCODABLE = re.compile("[\ud800-\udfff]")


class WordMatcher:
    r"""Searches a lower-cased text for listed words.

    >>> WordMatcher(frozenset({"ass", "bad word"}), boundaries=True).search("Pass the class a BAD WORD, please.")
    'bad word'

    With `boundaries`, a word counts if no word character touches it, as in ``(?:\W|^)(w1|w2)(?:\W|$)``; without, any
    occurrence counts, as in ``w1|w2`` (the reference's way for ja, th and zh). Either way the pattern is searched in
    `text.lower()` with unchanged entries. So an entry with a capital letter that has a lower case is never found, as in
    the reference; `BadWords` folds entries before. Only an empty list differs from the reference, whose pattern then
    finds the empty alternative in almost every text: here it finds nothing.
    """

    def __init__(self, entries: frozenset[str], boundaries: bool) -> None:
        self.entries = entries
        self.boundaries = boundaries

    # Compiled on first use: of some thirty lists, a build searches for one or two.

    @cached_property
    def _pattern(self) -> Any:
        return self._compiled(self.entries, non_word_class)

    @cached_property
    def _pattern_of_ascii(self) -> Any:
        """Finds in unchanged ASCII text what `_pattern` finds in lower case."""
        return self._compiled([e for e in self.entries if e.isascii() and e == e.lower()], lambda: r"\W", r"(?i)")

    def _compiled(self, entries: Iterable[str], non_word: Callable[[], str], flags: str = "") -> Any:
        # Longest first: of two words that start together, the more specific. Sorted, so that all processes agree.
        listed = sorted(entries, key=lambda entry: (-len(entry), entry))
        if not listed:
            return None
        words = "|".join(map(re2.escape, listed))
        # \A precedes the class, so that a word at the very start is found before one that starts after it.
        gap = non_word() if self.boundaries else ""
        pattern = rf"(?:\A|{gap})({words})(?:{gap}|\z)" if self.boundaries else f"({words})"
        options = re2.Options()
        options.max_mem = MOST_MEMORY
        return re2.compile(flags + pattern, options)

    def search(self, text: str) -> str | None:
        """The listed word that starts first (the longest, of two that start together), or None."""
        if text.isascii():  # most English pages: no need for `lower` and character offsets
            pattern = self._pattern_of_ascii
            match = pattern.search(text.encode()) if pattern is not None else None
            return match.group(1).decode().lower() if match else None
        pattern, text = self._pattern, text.lower()
        if pattern is None:
            return None
        try:
            match = pattern.search(text)
        except UnicodeEncodeError:
            # A lone surrogate has no UTF-8 form. To `re` it is a non-word character, and so is U+FFFF.
            match = pattern.search(UNENCODABLE.sub("\uffff", text))
        return str(match.group(1)) if match else None

    def hits(self, text: str) -> list[ListHit]:
        r"""All entries that `search` could find in the text, each at its first position. An entry
        within another counts too: without the longer one, the text would still match.

        >>> [hit.entry for hit in WordMatcher(frozenset({"ass", "bad", "bad word"}), True).hits("Pass a BAD WORD.")]
        ['bad', 'bad word']
        """
        return first_hits(sorted(self.entries), text, r"(?:\W|^)" if self.boundaries else "")


def first_hits(entries: Iterable[str], text: str, bound: str = "") -> list[ListHit]:
    """The entries that occur in a text in lower case, each at its first position: anywhere, or only where `bound`, a
    pattern of `re`, matches in front of it and, with the end of the text in place of the start, behind it."""
    lowered = text.lower()
    found = []
    for entry in entries:
        if entry and entry in lowered:
            match = re.search(f"{bound}({re.escape(entry)}){bound.replace('^', '$')}", lowered)
            if match:
                found.append(ListHit(entry, *match.span(1)))
    return found if len(lowered) == len(text) else [_in_text(hit, text) for hit in found]


def _in_text(hit: ListHit, text: str) -> ListHit:
    """The hit at its offsets in a text that is shorter than its lower case."""
    ends = list(accumulate((len(char.lower()) for char in text), initial=0))
    start, end = bisect_right(ends, hit.start) - 1, bisect_left(ends, hit.end)
    return ListHit(hit.entry, start, end)


@cache
def non_word_class() -> str:
    r"""Python's `\W` as an explicit class: 735 ranges in Python 3.11, from one walk over Unicode (0.03 s).

    >>> non_word_class()[:35]
    '[\\x{0}-\\x{2f}\\x{3a}-\\x{40}\\x{5b}-\\x'
    """
    everything = np.arange(0x110000, dtype="<u4").tobytes().decode("utf-32-le", "surrogatepass")
    runs = re.findall(r"\W+", everything)  # characters are in order, so each run is a range
    return "[" + "".join(rf"\x{{{ord(run[0]):x}}}-\x{{{ord(run[-1]):x}}}" for run in runs) + "]"
