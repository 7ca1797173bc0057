"""A text whose characters remember their place in the page as read, and what happened to them there."""

from __future__ import annotations

import re
from array import array
from collections.abc import Collection, Iterable, Iterator
from difflib import SequenceMatcher
from itertools import pairwise
from typing import NamedTuple

from c4pipe.rules import LineEdit

NO_PLACE = -1  # the place of a character that an edit or a join added
_WORDS = re.compile(r"\[[^\[\]]*\]|\s+|[^\s\[]+|\[")  # a bracketed mark may contain blanks


class Segment(NamedTuple):
    """A piece of a raw line. All pieces of a line, joined, are the line."""

    text: str
    code: str = ""  # "" if it was kept, else the code of the reason or the name of the edit that cut it
    owner: str = ""  # for a repeated one the page that keeps it, as named by `dedup.claims.owner_of`
    quoted: bool = False  # not cut, but the cause of a rejection or a note


class Trace(NamedTuple):
    """A text with the place of each of its characters in the raw text."""

    text: str
    places: array[int]

    @classmethod
    def of(cls, text: str) -> Trace:
        """A raw text, in which every character is at its place."""
        return cls(text, array("q", range(len(text))))

    def cut(self, start: int, stop: int) -> Trace:
        """A piece of it."""
        return Trace(self.text[start:stop], self.places[start:stop])

    def strip(self) -> Trace:
        """As `str.strip`."""
        start = len(self.text) - len(self.text.lstrip())
        return self.cut(start, max(start, len(self.text.rstrip())))

    def pieces(self, texts: Iterable[str], gap: int = 0) -> Iterator[Trace]:
        """The trace cut into these texts, which are its own with `gap` characters between two."""
        start = 0
        for text in texts:
            yield self.cut(start, start + len(text))
            start += len(text) + gap

    def without(self, gone: Collection[int]) -> Trace:
        """Without the characters with these numbers."""
        kept = [i for i in range(len(self.text)) if i not in gone]
        return Trace("".join(self.text[i] for i in kept), array("q", (self.places[i] for i in kept)))

    def replaced(self, pieces: Iterable[tuple[int, int, str]]) -> Trace:
        """With pieces (start, end, text) replaced by texts. They are in order and do not overlap; all characters of a
        replacement get the place of the first character replaced."""
        texts: list[str] = []
        places, at = array("q"), 0
        for start, end, text in pieces:
            texts += [self.text[at:start], text]
            places.extend(self.places[at:start])
            places.extend([self.places[start]] * len(text))
            at = end
        return Trace("".join([*texts, self.text[at:]]), places + self.places[at:])

    def lines(self) -> Iterator[Trace]:
        """As `str.splitlines`."""
        for line in self.pieces(self.text.splitlines(keepends=True)):
            yield line.cut(0, len("".join(line.text.splitlines())))

    def narrowed(self, text: str) -> Trace:
        """The trace reduced to `text`, which has whole lines or blanks less; new characters in it have no place."""
        old, new = list(self.pieces(self.text.split("\n"), gap=1)), text.split("\n")
        chosen = _in_order(old, new)
        if chosen is not None:
            return join(map(_inside, chosen, new), "\n")
        lines: list[Trace] = []
        # An empty line equals any other: it shows nothing of its neighbours' places.
        same = SequenceMatcher(
            lambda key: key == "", [_key(line.text) for line in old], [*map(_key, new)], autojunk=False
        )
        for what, start, stop, first, last in same.get_opcodes():
            if what == "equal":
                lines += map(_inside, old[start:stop], new[first:last])
            elif what == "replace":
                lines.append(_inside(join(old[start:stop], "\n"), "\n".join(new[first:last])))
            elif what == "insert":
                written = "\n".join(new[first:last])
                lines.append(Trace(written, array("q", [NO_PLACE] * len(written))))
        return join(lines, "\n")


def join(traces: Iterable[Trace], by: str = "") -> Trace:
    """As `by.join`."""
    texts: list[str] = []
    places = array("q")
    for trace in traces:
        if texts:
            places.extend([NO_PLACE] * len(by))
        texts.append(trace.text)
        places.extend(trace.places)
    return Trace(by.join(texts), places)


def edited(line: Trace, edit: LineEdit) -> Trace:
    """The line after the edit. Characters that it leaves keep their places.

    An edit may change anything. Most treat each word like the line, so words are compared; if that does not produce
    the same line, the line itself is.
    """
    text = edit.edit(line.text)
    if text == line.text:
        return line
    words = _WORDS.findall(line.text)
    changed = [edit.edit(word) for word in words]
    if "".join(changed) != text:
        words, changed = [line.text], [text]
    return join(_became(word, new) for word, new in zip(line.pieces(words), changed, strict=True))


def _became(old: Trace, new: str) -> Trace:
    """The new text, with the places of what it shares with the old one at both ends."""
    most = min(len(old.text), len(new))
    front = next((i for i in range(most) if old.text[i] != new[i]), most)
    back = next((i for i in range(most - front) if old.text[-1 - i] != new[-1 - i]), most - front)
    written = array("q", [NO_PLACE] * (len(new) - front - back))
    return Trace(new, old.places[:front] + written + old.places[len(old.text) - back :])


def _key(line: str) -> str:
    """The line without its blanks."""
    return "".join(line.split())


def _in_order(old: list[Trace], new: list[str]) -> list[Trace] | None:
    """For each new line the next old one that has at most more blanks; None if there is none."""
    rest, found = iter(old), []
    for text in new:
        line = next((line for line in rest if _key(line.text) == _key(text) and _places(line, text) is not None), None)
        if line is None:
            return None
        found.append(line)
    return found


def _inside(old: Trace, new: str) -> Trace:
    """The new text, with the places of its characters in the old one, if that has all of them in order."""
    places = _places(old, new)
    return _became(old, new) if places is None else Trace(new, places)


def _places(old: Trace, new: str) -> array[int] | None:
    """The places of the characters, None if the old text does not have all of them in order."""
    if new == old.text:
        return old.places
    places, at = array("q"), -1
    for character in new:
        at = old.text.find(character, at + 1)
        if at < 0:
            return None
        places.append(old.places[at])
    return places


class Marks:
    """What was cut from a raw text, by places."""

    def __init__(self, text: str):
        self._text = text
        self._marks = array("i", bytes(4 * len(text)))  # for each character an index into `_cuts`
        self._cuts = [("", "", False)]

    def cut(self, places: Iterable[int], code: str, owner: str = "") -> None:
        """Marks these places as cut for this reason; the latest mark counts."""
        self._mark(places, (code, owner, False))

    def _mark(self, places: Iterable[int], as_what: tuple[str, str, bool]) -> None:
        self._cuts.append(as_what)
        for place in places:
            if place != NO_PLACE:
                self._marks[place] = len(self._cuts) - 1

    def quote(self, places: Iterable[int], code: str) -> None:
        """Marks those of these places that are not cut as the cause of a rejection or a note."""
        self._mark([place for place in places if not self._marks[place]], (code, "", True))

    def lines(self) -> list[list[Segment]]:
        """The raw text, cut at each "\\n" and wherever a mark begins or ends."""
        return [list(self._segments(start, line)) for start, line in _numbered(self._text.split("\n"))]

    def _segments(self, start: int, line: str) -> Iterator[Segment]:
        marks = self._marks[start : start + len(line)]
        bounds = [0, *(i for i in range(1, len(line)) if marks[i] != marks[i - 1]), len(line)]
        for begin, end in pairwise(bounds):
            if end > begin:
                yield Segment(line[begin:end], *self._cuts[marks[begin]])


def _numbered(lines: list[str]) -> Iterator[tuple[int, str]]:
    """Each line with its place in the text."""
    start = 0
    for line in lines:
        yield start, line
        start += len(line) + 1
