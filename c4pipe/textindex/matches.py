"""Which pieces of a text occur elsewhere: the longest ones that a corpus contains."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple


class Match(NamedTuple):
    """A piece of a text, in characters."""

    start: int
    end: int


def longest_matches(text: str, holds: Callable[[str], bool], least: int) -> list[Match]:
    """The pieces of `least` characters or more that `holds` accepts and that no longer accepted piece contains, in
    order.

    If a text is held, so are all its pieces. So two ends that only move forward find them, and `holds` is called for at
    most twice as many pieces as the text has characters.

    >>> longest_matches("a red fox and a red cat", lambda piece: piece in "the red fox; a red cat", 4)
    [Match(start=0, end=6), Match(start=1, end=9), Match(start=13, end=23)]
    """
    found: list[Match] = []
    end = 0  # end of the longest piece so far
    for start in range(len(text) - least + 1):
        stop = max(end + 1, start + least)
        while stop <= len(text) and holds(text[start:stop]):
            end, stop = stop, stop + 1
            if found and found[-1].start == start:
                found.pop()
            found.append(Match(start, end))
    return found
