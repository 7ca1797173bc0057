"""What may be displayed of a corpus that hides what it removes from texts (`Stage.hides`).

A raw text may hold in pieces what an edit joins: "ada[1]@example.org". So it is searched as it is, and each of its
lines also as every edit of the preset leaves it; findings are hidden at the original places of their characters.
"""

from __future__ import annotations

import re
from ast import literal_eval
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from itertools import groupby
from typing import Any

from c4pipe.part import Part, everything
from c4pipe.rules import LineEdit
from c4pipe.stages.base import HiddenPiece, Stage
from c4pipe.stages.trace import NO_PLACE, Segment, Trace, edited
from c4pipe.text.characters import JOINED
from c4pipe.text.words import CUT_MARK

_ENDS = r"|\\?…"  # the end of truncated bytes, perhaps inside an escape
_BYTES = re.compile(
    rf"""(?<!\w)b(?:'((?:[^'\\…]|\\[^…])*)(?:'{_ENDS}'?|\Z)|"((?:[^"\\…]|\\[^…])*)(?:"{_ENDS}"?|\Z))""", re.DOTALL
)
_HALF_ESCAPE = re.compile(r"\\(?:x[0-9a-f]?)?\Z")
_LAST_RUN = re.compile(r"\S*\Z")
_BEHIND_JOINED = re.compile(rf"[^\s{JOINED}]*\Z")


class Veil:
    """What may be displayed of texts, details and lines; everything if no stage hides anything."""

    def __init__(self, stages: Sequence[Stage], bound: Callable[[Part], Any]):
        self._hiding = [stage for stage in stages if stage.hides]
        edits = (part for part in everything(stages) if isinstance(part, LineEdit))
        self._edits: list[LineEdit] = [*map(bound, edits)] if self._hiding else []

    def text(self, text: str) -> str:
        """A text of a page, raw or not, or a piece of one."""
        return self._trace(text).text if self._hiding else text

    def detail(self, detail: str) -> str:
        """A reader's detail on a record. Quoted bytes are decoded. Truncated text ends before the word, or the groups
        of a number, at the cut, because half an address is only recognised by people."""
        if not self._hiding:
            return detail
        detail = _BYTES.sub(lambda quoted: repr(self.beginning(_unescaped(quoted)) + CUT_MARK), detail)
        return self.beginning(detail[:-1]) + CUT_MARK if detail.endswith(CUT_MARK) else self.text(detail)

    def beginning(self, text: str) -> str:
        """A truncated text, up to what the truncation may have split."""
        return self.text(_before_the_cut(text)) if self._hiding else text

    def lines(self, text: str, lines: Sequence[Sequence[Segment]], withheld: frozenset[str]) -> list[list[Segment]]:
        """The segments of a raw text (`trace.Marks.lines`). What was cut for a withheld reason has no text except its
        replacement."""
        if not self._hiding:
            return [[*line] for line in lines]
        numbers = [number for number, each in enumerate(_all_with_breaks(lines)) for _ in each.text]
        segments = [*_all_with_breaks(lines)]
        found: list[list[Segment]] = [[]]
        trace = self._trace(text)
        times = Counter(trace.places)  # normally one per character; a replacement has a single place
        for number, run in groupby(zip(trace.text, trace.places, strict=True), lambda each: numbers[each[1]]):
            segment = segments[number]
            if segment.text == "\n":
                found.append([])
                continue
            kept = [char for char, place in run if segment.code not in withheld or times[place] > 1]
            if kept:
                found[-1].append(segment._replace(text="".join(kept)))
        return found

    def _trace(self, text: str) -> Trace:
        """The text without what is hidden; a replacement has the place of the first character of its piece."""
        trace = Trace.of(text)
        while pieces := _apart([*self._found(trace.text), *self._found_in_edited(trace.text)]):
            trace = trace.replaced(pieces)  # what was next to one may be another once that is gone
        return trace

    def _found(self, text: str) -> Iterator[HiddenPiece]:
        for stage in self._hiding:
            yield from stage.hidden(text)

    def _found_in_edited(self, text: str) -> Iterator[HiddenPiece]:
        """What an edit makes whole in a line, by its places in the text."""
        start = 0
        for whole in text.splitlines(keepends=True):
            plain = whole.strip()
            if any(edit.edit(plain) != plain for edit in self._edits):
                line = Trace.of(whole).strip()
                for edit in self._edits:
                    line = edited(line, edit)
                    for piece in self._found(line.text):
                        first, last = _between(line, piece, len(whole))
                        yield HiddenPiece(start + first, start + last, piece.shown)
            start += len(whole)


def _between(line: Trace, piece: HiddenPiece, end: int) -> tuple[int, int]:
    """The place of a piece of an edited line in the original line, which has `end` characters; it extends to the next
    characters with a known place, if an edit left it without one."""
    before = (place + 1 for place in reversed(line.places[: piece.start]) if place != NO_PLACE)
    behind = (place for place in line.places[piece.end :] if place != NO_PLACE)
    first, last = line.places[piece.start], line.places[piece.end - 1]
    return (
        first if first != NO_PLACE else next(before, 0),
        last + 1 if last != NO_PLACE else next(behind, end),
    )


def _apart(pieces: list[HiddenPiece]) -> list[HiddenPiece]:
    """In order; overlapping pieces are merged."""
    found: list[HiddenPiece] = []
    for piece in sorted(pieces):
        if found and piece.start < found[-1].end:
            found[-1] = found[-1]._replace(end=max(found[-1].end, piece.end))
        else:
            found.append(piece)
    return found


def _all_with_breaks(lines: Sequence[Sequence[Segment]]) -> Iterator[Segment]:
    for number, line in enumerate(lines):
        if number:
            yield Segment("\n")
        yield from line


def _unescaped(quoted: re.Match[str]) -> str:
    """The text of the bytes that a detail quotes, as far as it goes."""
    written = _HALF_ESCAPE.sub("", quoted[1] if quoted[1] is not None else quoted[2])
    mark = "'" if quoted[1] is not None else '"'
    return bytes(literal_eval(f"b{mark}{written}{mark}")).decode("utf-8", "replace")


def _before_the_cut(text: str) -> str:
    """Without its last word, and without the words of only digits or signs in front of that.

    >>> _before_the_cut("Call +44 20 79"), _before_the_cut("Write to ada@exam")
    ('Call', 'Write to')
    """
    run = _LAST_RUN.search(text)
    assert run is not None
    if "@" not in run[0] and "%40" not in run[0]:  # an ASCII address begins after letters of such scripts
        run = _BEHIND_JOINED.search(text)
        assert run is not None
    text = text[: run.start()]
    while (left := text.rstrip()) and _may_be_of_a_number(left):
        text = left[: -len(left.split()[-1])]
    return text.rstrip()


def _may_be_of_a_number(text: str) -> bool:
    word = text.split()[-1]
    return any(map(str.isdigit, word)) or not any(map(str.isalpha, word))
