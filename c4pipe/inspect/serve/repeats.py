"""The place of a text in a page: the first occurrence of a line that the page repeats, or the line that another page
lost to it."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from itertools import accumulate

from c4pipe.inspect.explain import Segment

MARK_CHARS = 200  # of a text that a link asks to be marked


def as_looked_for(text: str) -> str:
    """A text normalised for comparison: without regard to case and spaces, which text dedups ignore.

    >>> as_looked_for("  Read   MORE ")
    'read more'
    """
    return " ".join(text.split()).casefold()


def lines_with(lines: Sequence[str], text: str) -> list[int]:
    """The numbers, from 1, of the lines that contain a text, by its first `MARK_CHARS` characters. None for an empty
    one.

    >>> lines_with(["Menu", "Read more here.", "READ  more"], "Read more")
    [2, 3]
    """
    wanted = as_looked_for(text[:MARK_CHARS])
    return [number for number, line in enumerate(lines, 1) if wanted and wanted in as_looked_for(line)]


class FirstLines:
    """The first places of texts in what a page keeps."""

    def __init__(self, lines: Sequence[Sequence[Segment]]):
        """`lines` are those of the page as read, with what was cut from them."""
        kept = [as_looked_for("".join(s.text for s in line if s.quoted or not s.code)) for line in lines]
        whole = [as_looked_for("".join(s.text for s in line)) for line in lines]
        self._exact = {text: len(kept) - n for n, text in enumerate(reversed(kept))}
        self._cut = {text: len(whole) - n for n, text in enumerate(reversed(whole))}
        self._kept = "\n".join(kept)
        self._ends = [*accumulate(len(text) + 1 for text in kept)]
        self._known = dict[str, int]()

    def of(self, text: str) -> int:
        """The number, from 1, of the first line that keeps a text, alone or within others; if none does, of the first
        that had it; 0 if undetermined."""
        wanted = as_looked_for(text)
        if wanted not in self._known:
            self._known[wanted] = self._found(wanted) if wanted else 0
        return self._known[wanted]

    def _found(self, wanted: str) -> int:
        if wanted in self._exact:
            return self._exact[wanted]
        at = self._kept.find(wanted)
        return bisect_right(self._ends, at) + 1 if at >= 0 else self._cut.get(wanted, 0)
